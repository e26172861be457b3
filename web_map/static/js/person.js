/** 以人找房: the number stays in the form and in request bodies; it never enters an address. */

import { ask, end, startLooking } from "./look.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("person-form"));
const number = /** @type {HTMLInputElement} */ (document.getElementById("id-number"));
const kind = /** @type {HTMLSelectElement} */ (document.getElementById("id-type"));
const error = /** @type {HTMLElement} */ (document.getElementById("id-number-error"));
const result = /** @type {HTMLElement} */ (document.getElementById("person-result"));
const empty = result.innerHTML;

/** @param {string} text an empty text takes the error away */
function say(text) {
  error.textContent = text;
  error.hidden = !text;
  if (text) number.setAttribute("aria-invalid", "true");
  else number.removeAttribute("aria-invalid");
}

function wipe() {
  form.reset();
  result.innerHTML = empty;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const id_number = number.value.trim();
  if (!id_number) {
    say("请填写证件号码");
    number.focus();
    return;
  }
  say("");
  const title = `${kind.selectedOptions[0].textContent} 末两位 ${id_number.slice(-2)} 的住处`;
  ask({ url: "/panels/dwellings", title, values: { id_type: kind.value, id_number } });
});

startLooking({
  container: result,
  shown: () => {
    result.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (result.querySelector("#person-name"))?.focus();
  },
  ended: wipe,
  refused: (_code, field, text) => {
    if (field !== "id_number" && field !== "id_type") return false;
    say(text);
    number.focus();
    return true;
  },
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    end();
    wipe();
  }
});
