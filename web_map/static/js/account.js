/** 我的账号: the new password twice, the second factor with its square code, recovery codes once. */

import { post } from "./http.js";

/** @param {string} id */
const part = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const again = /** @type {HTMLInputElement | null} */ (document.getElementById("own-again"));
const codes = /** @type {HTMLDialogElement} */ (document.getElementById("codes"));
/** @type {string[]} */
let told = [];

/** @param {Event} event a password that was typed differently goes nowhere */
function compare(event) {
  const typed = /** @type {HTMLInputElement} */ (document.getElementById("own-new")).value;
  const place = part("own-again-error");
  if (!again || !typed || again.value === typed) return;
  event.preventDefault();
  event.stopPropagation();
  place.textContent = "两次输入的新密码不同";
  place.hidden = false;
  again.setAttribute("aria-invalid", "true");
  again.select();
}

/** @param {{secret: string, uri: string}} answer */
async function showCode(answer) {
  const drawn = await post("/panels/account/code", { uri: answer.uri });
  part("factor-code").innerHTML = drawn.html;
  part("factor-key").textContent = answer.secret.replace(/(.{4})(?=.)/g, "$1 ");
  part("factor-start").hidden = true;
  part("factor-scan").hidden = false;
  part("confirm-code").focus();
}

/** @param {string[]} found */
function showCodes(found) {
  told = found;
  part("codes-list").replaceChildren(
    ...found.map((text) => {
      const line = document.createElement("li");
      line.textContent = text;
      return line;
    }),
  );
  part("factor-scan").hidden = true;
  codes.showModal();
}

/** @param {string} text what was done; when nothing is owed any more the first page of the role comes */
function goOn(text) {
  window.sessionStorage.setItem("welcome", text);
  window.location.assign(document.querySelector(".access-due") ? "/" : "/account");
}

again?.form?.addEventListener("submit", compare, { capture: true });
document.addEventListener("done", (event) => {
  const { target, detail } = /** @type {CustomEvent} */ (event);
  const { id } = /** @type {HTMLElement} */ (target);
  if (id === "password-form") goOn("密码已修改，其他会话已退出");
  else if (id === "factor-start") showCode(detail);
  else if (id === "factor-confirm") showCodes(detail.recovery_codes);
  else return;
  event.preventDefault();
});
codes.addEventListener("cancel", (event) => event.preventDefault());
part("codes-print").addEventListener("click", () => window.print());
part("codes-copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(told.join("\n"));
    part("codes-told").textContent = "已复制";
  } catch {
    part("codes-told").textContent = "不能复制，请打印或抄下";
  }
});
part("codes-close").addEventListener("click", () => {
  told = [];
  codes.close();
  goOn("两步验证已启用");
});
