/** 以人找房: the number stays in the form and in request bodies; it never enters an address. */

import { ask, end, startLooking } from "./look.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("person-form"));
const number = /** @type {HTMLInputElement} */ (document.getElementById("id-number"));
const kind = /** @type {HTMLSelectElement} */ (document.getElementById("id-type"));
const error = /** @type {HTMLElement} */ (document.getElementById("id-number-error"));
const result = /** @type {HTMLElement} */ (document.getElementById("person-result"));
const empty = result.innerHTML;

const nameForm = /** @type {HTMLFormElement | null} */ (document.getElementById("name-form"));
const nameField = /** @type {HTMLInputElement | null} */ (document.getElementById("name-text"));
const nameError = document.getElementById("name-error");
const nameArea = /** @type {HTMLSelectElement | null} */ (document.getElementById("name-area"));

/** @param {string} text an empty text takes the error away */
function sayName(text) {
  if (!nameError || !nameField) return;
  nameError.textContent = text;
  nameError.hidden = !text;
  if (text) nameField.setAttribute("aria-invalid", "true");
  else nameField.removeAttribute("aria-invalid");
}

/** @param {string} text an empty text takes the error away */
function say(text) {
  error.textContent = text;
  error.hidden = !text;
  if (text) number.setAttribute("aria-invalid", "true");
  else number.removeAttribute("aria-invalid");
}

function wipe() {
  form.reset();
  nameForm?.reset();
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

nameForm?.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = nameField?.value.trim() ?? "";
  if ([...name].length < 2) {
    sayName("请填写姓名，至少两个字（姓和名的第一个字）");
    nameField?.focus();
    return;
  }
  sayName("");
  const place = nameArea?.selectedOptions[0]?.textContent ?? "";
  ask({ url: "/panels/persons-by-name", title: `${place} · 按姓名查找`, values: { area_id: nameArea?.value ?? "", name } });
});

startLooking({
  container: result,
  shown: () => {
    result.scrollIntoView({ block: "nearest" });
    /** @type {HTMLElement | null} */ (result.querySelector("#person-name"))?.focus();
  },
  ended: wipe,
  refused: (_code, field, text) => {
    if (field === "name") {
      sayName(text);
      nameField?.focus();
      return true;
    }
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
