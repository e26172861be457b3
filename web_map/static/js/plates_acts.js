/** Acts on plates: the one dialog with reason and document, the toast with its way back, the undo list. */

import { act, newKey } from "./act.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("act"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("act-form"));
const title = /** @type {HTMLElement} */ (document.getElementById("act-title"));
const object = /** @type {HTMLElement} */ (document.getElementById("act-object"));
const text = /** @type {HTMLElement} */ (document.getElementById("act-text"));
const fields = /** @type {HTMLElement} */ (document.getElementById("act-fields"));
const fault = /** @type {HTMLElement} */ (document.getElementById("act-error"));
const submit = /** @type {HTMLButtonElement} */ (document.getElementById("act-submit"));
const SHOWN_MS = 8000;
const KEPT = 20;

/** @typedef {{name: string, title: string, kind: string, required: boolean, value: string, options: [string, string][]}} Field */
/**
 * @typedef {object} Wish
 * @property {string} title
 * @property {string} object what it is done to
 * @property {string} text what it will do
 * @property {Field[]} fields
 * @property {string} [piece] a piece of the server's above the fields
 * @property {(values: Record<string, string>, key: string) => Promise<{ok: boolean, status: number, text: string, field: string}>} send
 */

const KNOWN = {
  reason: ["事由", "textarea"],
  document_number: ["文号", "text"],
  maker: ["制作单位", "text"],
  number: ["批次号", "text"],
  due_on: ["交货期限", "date"],
  delivered_on: ["送达日期", "date"],
  produced_on: ["制成日期", "date"],
};

/** @param {string} told names of fields, those with a star must be filled: `reason* document_number` @returns {Field[]} */
export function fieldsOf(told) {
  return told.split(/\s+/).filter(Boolean).map((one) => {
    const name = one.replace("*", "");
    const [words, kind] = KNOWN[name] ?? [name, "text"];
    return { name, title: words, kind, required: one.endsWith("*"), value: "", options: [] };
  });
}

/** @param {Field} field */
function drawField(field) {
  const label = document.createElement("label");
  label.htmlFor = `act-${field.name}`;
  label.textContent = `${field.title} `;
  if (field.required) {
    const must = document.createElement("em");
    must.textContent = "必填";
    label.append(must);
  }
  const input = document.createElement(field.options.length ? "select" : field.kind === "textarea" ? "textarea" : "input");
  if (input instanceof HTMLInputElement) input.type = field.kind;
  for (const [value, words] of field.options) /** @type {HTMLSelectElement} */ (input).add(new Option(words, value));
  input.id = `act-${field.name}`;
  input.setAttribute("name", field.name);
  input.className = field.options.length ? "form-select" : "form-control";
  if (field.kind === "textarea") input.setAttribute("rows", "2");
  if (!field.options.length) input.setAttribute("maxlength", field.name === "reason" ? "500" : "100");
  if (field.value) /** @type {any} */ (input).value = field.value;
  fields.append(label, input);
}

/** @type {Wish | null} */
let wish = null;
let key = "";

/** @param {Wish} asked ask for what an act needs, and do it */
export function ask(asked) {
  wish = asked;
  key = newKey();
  title.textContent = asked.title;
  object.textContent = asked.object;
  text.textContent = asked.text;
  text.hidden = !asked.text;
  submit.textContent = asked.title;
  fields.innerHTML = asked.piece ?? "";
  for (const field of asked.fields) drawField(field);
  fault.hidden = true;
  dialog.showModal();
  /** @type {HTMLElement | null} */ (fields.querySelector("input, select, textarea"))?.focus();
}

/** @param {string} name @param {string} words say beside a field what is wrong with it */
function refuse(name, words) {
  const field = /** @type {HTMLElement | null} */ (name ? fields.querySelector(`[name="${CSS.escape(name)}"]`) : null);
  fault.textContent = words;
  fault.hidden = false;
  field?.setAttribute("aria-invalid", "true");
  field?.focus();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!wish || submit.disabled) return;
  /** @type {Record<string, string>} */
  const values = {};
  for (const field of wish.fields) {
    const input = /** @type {HTMLInputElement} */ (fields.querySelector(`[name="${field.name}"]`));
    input.removeAttribute("aria-invalid");
    const value = input.value.trim();
    if (field.required && !value) {
      refuse(field.name, `请填写${field.title}`);
      return;
    }
    if (value) values[field.name] = value;
  }
  submit.disabled = true;
  const answer = await wish.send(values, key);
  submit.disabled = false;
  if (answer.ok) {
    dialog.close();
    wish = null;
    return;
  }
  // Where the answer was lost, the same key asks whether the act was done.
  if (answer.status !== 0) key = newKey();
  refuse(answer.field, answer.text);
});

/** @typedef {{words: string, back: () => Promise<boolean>}} Done */
/** @type {Done[]} */
const done = [];
/** @type {() => void} */
let changed = () => {};

/** @param {() => void} handler called when there is more or less to undo */
export function onUndoable(handler) {
  changed = handler;
}

/** @returns {string} what would be undone next, empty when nothing can be */
export function undoable() {
  return done.at(-1)?.words ?? "";
}

/** @param {string} words @param {(() => Promise<boolean>) | null} [back] how to undo it */
export function tell(words, back = null) {
  const line = document.createElement("p");
  line.className = "toast-line toast-act";
  const said = document.createElement("span");
  said.textContent = words;
  line.append(said);
  if (back) {
    done.push({ words, back });
    if (done.length > KEPT) done.shift();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "撤销";
    button.addEventListener("click", () => {
      line.remove();
      undo();
    });
    line.append(button);
  }
  const shelf = document.getElementById("toasts");
  shelf?.replaceChildren(line);
  window.setTimeout(() => line.remove(), SHOWN_MS);
  changed();
}

/** The version that our own last act gave each object: a way back follows it, and meets acts of others as stale. */
/** @type {Map<string, number>} */
const versions = new Map();

/** @param {string} id @param {number} version */
export function noteVersion(id, version) {
  versions.set(id, version);
}

/** @param {string} id @param {number} read @returns {number} the version to act on */
export function versionOf(id, read) {
  return versions.get(id) ?? read;
}

/** What lies before an act that cannot be taken back is not undone either. */
export function forget() {
  done.length = 0;
  changed();
}

/** Undo what was done last; what could not be undone stays undone no longer. */
export async function undo() {
  const last = done.pop();
  if (!last) return;
  changed();
  if (await last.back()) tell(`已撤销：${last.words.replace(/，?已保存$| 已保存$/, "")}`);
}

export { act, newKey };
