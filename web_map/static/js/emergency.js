/** 紧急查看: a fresh second factor, a case and a reason open half an hour; the button tells how long it lasts. */

import { act } from "./act.js";
import { toast } from "./shell.js";

const MINUTES = 30;
const FRESH_MS = 4 * 60_000;
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("emergency"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("emergency-form"));
const button = /** @type {HTMLElement} */ (document.querySelector(".emergency-open"));
const submit = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
let provenAt = 0;

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {string} name @param {string} text */
function say(name, text) {
  const input = field(name);
  const place = /** @type {HTMLElement} */ (document.getElementById(`${input.id}-error`));
  place.textContent = text;
  place.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

const isProven = () => Date.now() - provenAt < FRESH_MS;

/** @returns {boolean} */
function isComplete() {
  const length = (/** @type {string} */ name) => field(name).value.trim().length;
  say("case_number", length("case_number") >= 4 ? "" : "请填写警情号或案号，4 至 60 个字");
  say("reason", length("reason") >= 6 ? "" : "请写明事由，至少 6 个字");
  say("code", length("code") >= 6 || isProven() ? "" : "请填写验证器上的 6 位验证码");
  const wrong = /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid]"));
  wrong?.focus();
  return !wrong;
}

async function open() {
  if (!isProven()) {
    const proof = await act("/v1/session/actions/confirm", { code: field("code").value.trim() });
    if (!proof.ok) {
      say("code", proof.text);
      field("code").select();
      return;
    }
    provenAt = Date.now();
  }
  const body = { case_number: field("case_number").value.trim(), reason: field("reason").value.trim() };
  const answer = await act("/v1/emergencies", body);
  if (!answer.ok) {
    say(answer.field === "case_number" ? "case_number" : "reason", answer.text);
    return;
  }
  window.sessionStorage.setItem("emergency", String(Date.now() + MINUTES * 60_000));
  dialog.close();
  form.reset();
  tell();
  toast("紧急查看已开启 30 分钟；须在 24 小时内由他人复核");
}

/** Say on the button until when the emergency lasts. */
function tell() {
  const until = Number(window.sessionStorage.getItem("emergency") ?? 0);
  const isOpen = until > Date.now();
  const clock = new Date(until).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  /** @type {HTMLElement} */ (button.querySelector("span")).textContent = isOpen ? `紧急查看中，至 ${clock}` : "紧急查看";
  button.classList.toggle("is-open", isOpen);
  button.toggleAttribute("disabled", isOpen);
  if (isOpen) window.setTimeout(tell, until - Date.now() + 500);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (submit.disabled || !isComplete()) return;
  submit.disabled = true;
  open().finally(() => {
    submit.disabled = false;
  });
});
tell();
