/** 居住证: the person of a document at the desk; the number stays in the form and in request bodies. */

import { again, ask, end, startLooking } from "./look.js";
import { toast } from "./shell.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("permit-form"));
const number = /** @type {HTMLInputElement} */ (document.getElementById("id-number"));
const kind = /** @type {HTMLSelectElement} */ (document.getElementById("id-type"));
const fault = /** @type {HTMLElement} */ (document.getElementById("id-number-error"));
const result = /** @type {HTMLElement} */ (document.getElementById("permits"));
const empty = result.innerHTML;

/** @param {string} text an empty one takes the error away */
function say(text) {
  fault.textContent = text;
  fault.hidden = !text;
  if (text) number.setAttribute("aria-invalid", "true");
  else number.removeAttribute("aria-invalid");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const id_number = number.value.trim();
  say(id_number ? "" : "请填写证件号码");
  if (!id_number) {
    number.focus();
    return;
  }
  const title = `${kind.selectedOptions[0].textContent} 末两位 ${id_number.slice(-2)} 的转办`;
  ask({ url: "/panels/permits", title, values: { id_type: kind.value, id_number } });
});

startLooking({
  container: result,
  shown: () => /** @type {HTMLElement | null} */ (result.querySelector("h2"))?.focus(),
  ended: () => {
    form.reset();
    result.innerHTML = empty;
  },
  refused: (_code, field, text) => {
    if (field !== "id_number" && field !== "id_type") return false;
    say(text);
    number.focus();
    return true;
  },
});

// What was recorded is shown by looking again: the page keeps nothing of the person to change by itself.
result.addEventListener("done", (event) => {
  event.preventDefault();
  const done = /** @type {HTMLElement} */ (event.target).dataset.done ?? "已办理";
  again({}).then(() => toast(done));
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) end();
});
