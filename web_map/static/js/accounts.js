/** 账号管理: what a role asks for, and secrets that are told once. */

const secret = /** @type {HTMLDialogElement} */ (document.getElementById("secret"));
const text = /** @type {HTMLElement} */ (document.getElementById("secret-text"));
const told = /** @type {HTMLElement} */ (document.getElementById("secret-told"));
const form = /** @type {HTMLFormElement} */ (document.querySelector("#act-add form"));
/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.querySelector(`[name=${name}]`));
let next = "/accounts";

/** A machine signs in by its token alone; whoever looks at persons, or administers, by two steps. */
function suggest() {
  const role = /** @type {HTMLSelectElement} */ (form.querySelector("[name=role]")).selectedOptions[0];
  field("second_factor_required").checked = role?.dataset.strong !== undefined && !field("is_machine").checked;
  field("second_factor_required").disabled = field("is_machine").checked;
}

/** Who comes to look at persons needs the second step, unless it is taken away again by hand. @param {Event} event */
function strengthen({ target }) {
  const { selectedOptions, form: own } = /** @type {HTMLSelectElement} */ (target);
  const box = /** @type {HTMLInputElement | null | undefined} */ (own?.querySelector("[name=second_factor_required]"));
  if (box && selectedOptions[0]?.dataset.strong !== undefined) box.checked = true;
}

document.addEventListener("done", (event) => {
  const { detail, target } = /** @type {CustomEvent} */ (event);
  const isNew = /** @type {HTMLElement} */ (target).dataset.url === "/v1/accounts";
  const { password, token } = detail;
  if (isNew) next = `/accounts?account=${detail.id}`;
  else next = window.location.pathname + window.location.search;
  if (password === undefined && token === undefined) {
    if (!isNew) return;
    event.preventDefault();
    window.location.assign(next);
    return;
  }
  event.preventDefault();
  /** @type {HTMLElement} */ (target).closest("dialog")?.close();
  const lead = /** @type {HTMLElement} */ (document.getElementById("secret-lead"));
  lead.textContent = token === undefined ? "一次性密码，72 小时内有效：" : "访问令牌，放进对接系统的配置：";
  text.textContent = password ?? token ?? "已显示过一次，不能再显示；请重新生成。";
  secret.showModal();
});

document.getElementById("secret-copy")?.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(text.textContent ?? "");
    told.textContent = "已复制";
  } catch {
    told.textContent = "不能复制，请抄下";
  }
});
document.getElementById("secret-close")?.addEventListener("click", () => {
  text.textContent = "";
  window.location.assign(next);
});
secret.addEventListener("cancel", (event) => event.preventDefault());
form.addEventListener("change", suggest);
document.getElementById("change-role")?.addEventListener("change", strengthen);
suggest();
