/** Sign-in: errors stand beside their field; a second step where the account has one; then a line says role and area. */

import { changeHands } from "./wall_owner.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("login-form"));
const login = /** @type {HTMLInputElement} */ (document.getElementById("login"));
const password = /** @type {HTMLInputElement} */ (document.getElementById("password"));
const code = /** @type {HTMLInputElement} */ (document.getElementById("code"));
const first = /** @type {HTMLElement} */ (document.getElementById("first-step"));
const second = /** @type {HTMLElement} */ (document.getElementById("second-step"));
const back = /** @type {HTMLButtonElement} */ (document.getElementById("login-back"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
const LOST = "连接中断，请检查网络后再试";

// A text that was being read may name people: it is not for the next person at this computer.
for (const kept of ["reading", "reading-list", "emergency"]) window.sessionStorage.removeItem(kept);

/** @param {HTMLInputElement} field @param {string} text an empty text takes the error away */
function say(field, text) {
  const place = /** @type {HTMLElement} */ (document.getElementById(`${field.id}-error`));
  place.textContent = text;
  place.hidden = !text;
  field.toggleAttribute("aria-invalid", Boolean(text));
  if (text) field.setAttribute("aria-invalid", "true");
}

/** @returns {boolean} whether the fields of this step are filled */
function isFilled() {
  if (!second.hidden) say(code, code.value.trim() ? "" : "请填写验证码");
  say(login, login.value.trim() ? "" : "请填写账号");
  say(password, password.value ? "" : "请填写密码");
  const empty = [login, password, code].find((field) => field.hasAttribute("aria-invalid"));
  empty?.focus();
  return !empty;
}

/** @param {boolean} isSecond whether the second step is shown */
function turn(isSecond) {
  first.hidden = isSecond;
  second.hidden = back.hidden = !isSecond;
  button.textContent = isSecond ? "验证并登录" : "登录";
  code.value = "";
  say(code, "");
  (isSecond ? code : login).focus();
}

/** @param {any} answer who signed in */
async function goOn(answer) {
  await changeHands(answer.login).catch(() => {});
  window.sessionStorage.setItem("welcome", `已登录：${answer.name} · ${answer.role_title}`);
  // Leaders begin with the figures, coordinators with the own block, unless another page was asked for.
  const begin = { leader: "/dashboard", coordinator: "/my-block" }[answer.role] ?? "/";
  const { target = "/" } = form.dataset;
  window.location.replace(answer.confined ? "/account" : target === "/" ? begin : target);
}

/** @param {any} answer the problem */
function refuse(answer) {
  if (answer.code === "second-factor-required") {
    turn(true);
    return;
  }
  const isOfCode = !second.hidden && String(answer.code).startsWith("second-factor");
  if (!second.hidden && !isOfCode) turn(false);
  const field = isOfCode ? code : password;
  say(field, answer.detail ?? "暂时不能登录，请稍后再试");
  field.focus();
  field.select();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!isFilled()) return;
  const body = { login: login.value.trim(), password: password.value };
  button.disabled = true;
  button.textContent = "正在登录…";
  try {
    const reply = await fetch("/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(second.hidden ? body : { ...body, code: code.value.trim() }),
    });
    const answer = await reply.json();
    if (reply.ok) {
      await goOn(answer);
      return;
    }
    button.textContent = second.hidden ? "登录" : "验证并登录";
    refuse(answer);
  } catch {
    say(second.hidden ? password : code, LOST);
    button.textContent = second.hidden ? "登录" : "验证并登录";
  }
  button.disabled = false;
});

back.addEventListener("click", () => {
  password.value = "";
  turn(false);
});
