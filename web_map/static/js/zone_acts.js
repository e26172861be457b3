/** The forms of acts: what was typed goes out once, a refusal stands beside its field. */

import { act, newKey } from "./act.js";

/** @param {HTMLFormElement} form @returns {Record<string, any>} the fields that were filled */
function bodyOf(form) {
  /** @type {Record<string, any>} */
  const body = {};
  const fields = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name]:not([type=checkbox]):not([data-local])"));
  for (const field of fields) {
    const value = field.value.trim();
    if (value) body[field.name] = field.hasAttribute("data-number") ? Number(value) : field.hasAttribute("data-list") ? [value] : value;
    // What may be emptied is sent empty.
    else if (field.hasAttribute("data-clear")) body[field.name] = "";
  }
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-flag]"))) body[box.name] = box.checked;
  for (const box of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-many]"))) {
    body[box.name] = [...(body[box.name] ?? []), ...(box.checked ? [box.value] : [])];
  }
  const measures = [.../** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-measure]"))].map(measureOf);
  if (measures.length) body.measures = measures.filter((one) => one.title);
  if (form.dataset.boundary) body.boundary = JSON.parse(form.dataset.boundary);
  else {
    const chosen = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=block_ids]:checked"));
    if (chosen.length) body.block_ids = [...chosen].map((box) => box.value);
  }
  return body;
}

/** @param {HTMLElement} row */
function measureOf(row) {
  /** @type {Record<string, any>} */
  const one = row.dataset.turn ? { turn: Number(row.dataset.turn) } : {};
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[data-name]"))) {
    if (field.value.trim()) one[field.dataset.name ?? ""] = field.value.trim();
  }
  return one;
}

/** @param {HTMLFormElement} form @param {string} field @param {string} text */
function refuse(form, field, text) {
  const places = /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"));
  const place = [...places].find((one) => one.dataset.for === field) ?? [...places].find((one) => !one.dataset.for);
  if (!place) return;
  place.textContent = text;
  place.hidden = false;
  const input = /** @type {HTMLElement | null} */ (field ? form.querySelector(`[name="${CSS.escape(field)}"]`) : null);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
  place.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLFormElement} form */
function forgive(form) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) place.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** @param {HTMLFormElement} form @returns {boolean} whether all that is required was filled */
function isComplete(form) {
  const empty = [.../** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[required]"))].find(
    (field) => !field.value.trim(),
  );
  if (empty) refuse(form, empty.name, "请填写此项");
  return !empty;
}

/** @param {HTMLFormElement} form */
async function send(form) {
  forgive(form);
  if (!isComplete(form)) return;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  button.disabled = true;
  const key = form.dataset.key ?? newKey();
  const answer = await act(form.dataset.url ?? "", bodyOf(form), { version: form.dataset.version ?? null, key });
  button.disabled = false;
  if (answer.ok) {
    // A page that shows the answer, or goes on elsewhere, says so.
    if (!form.dispatchEvent(new CustomEvent("done", { detail: answer.body, bubbles: true, cancelable: true }))) return;
    window.sessionStorage.setItem("welcome", form.dataset.done ?? "已办理");
    const go = form.dataset.go;
    if (go) window.location.assign(go.endsWith("/") ? go + answer.body.id : go);
    else window.location.reload();
    return;
  }
  // Only a request that may have arrived is repeated under its own key.
  if (answer.status === 0) form.dataset.key = key;
  else delete form.dataset.key;
  // What a refusal asks to be confirmed is asked from then on.
  const asked = /** @type {HTMLElement | null} */ (form.querySelector(`[data-when="${CSS.escape(answer.body.code ?? "-")}"]`));
  if (asked) asked.hidden = false;
  refuse(form, answer.field, answer.status === 412 ? `${answer.text}。请刷新页面后再办。` : answer.text);
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLElement} */ (event.target).closest("form.zone-act");
  if (!form) return;
  event.preventDefault();
  send(/** @type {HTMLFormElement} */ (form));
});

// What is typed anew is judged anew. Not on `change`: the line would go between pressing a button and letting go.
document.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const form = field.closest("form.zone-act");
  const place = form?.querySelector(`[data-for="${CSS.escape(field.name || "-")}"]`);
  if (!place) return;
  /** @type {HTMLElement} */ (place).hidden = true;
  field.removeAttribute("aria-invalid");
});

document.addEventListener("click", (event) => {
  const more = /** @type {HTMLElement} */ (event.target).closest("[data-add-measure]");
  const last = more?.previousElementSibling;
  if (!more || !last) return;
  const row = /** @type {HTMLElement} */ (last.cloneNode(true));
  delete row.dataset.turn;
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (row.querySelectorAll("[data-name=title]"))) field.value = "";
  more.before(row);
  /** @type {HTMLElement | null} */ (row.querySelector("[data-name=title]"))?.focus();
});
