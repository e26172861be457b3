/** 台账: the area and what is asked for; the list itself is a look, each of its pages another. */

import { again, ask, end, startLooking } from "./look.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("ledger-form"));
const area = /** @type {HTMLSelectElement} */ (form.elements.namedItem("area_id"));
const fault = /** @type {HTMLElement} */ (document.getElementById("ledger-error"));
const result = /** @type {HTMLElement} */ (document.getElementById("ledger"));
const empty = result.innerHTML;

/** @param {string} text an empty one takes the error away */
function say(text) {
  fault.textContent = text;
  fault.hidden = !text;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say("");
  if (!area.value) {
    say("请选择区域");
    area.focus();
    return;
  }
  const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]).filter(([, value]) => value));
  ask({ url: "/panels/ledger", title: `${area.selectedOptions[0].textContent} 的台账`, values });
});

startLooking({
  container: result,
  shown: () => /** @type {HTMLElement | null} */ (result.querySelector("h2"))?.focus(),
  ended: () => {
    result.innerHTML = empty;
  },
  refused: (_code, field, text) => {
    if (field !== "to" && field !== "until") return false;
    say(text);
    return true;
  },
});

result.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-page]"));
  if (button) again({ after: button.dataset.page ?? "" });
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) end();
});
