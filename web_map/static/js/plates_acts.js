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
 * @property {string | Node} [piece] a piece of the server's, or of the page's own, above the fields
 * @property {() => void} [leave] called when the dialog closes, done or not
 * @property {(values: Record<string, string>, key: string) => Promise<{ok: boolean, status: number, text: string, field: string}>} send
 */

const KNOWN = {
  reason: ["事由", "textarea"],
  document_number: ["文号", "text"],
  maker: ["制作单位", "text"],
  number: ["批次号", "text"],
  until: ["有效至", "date"],
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
  if (asked.piece instanceof Node) fields.replaceChildren(asked.piece);
  else fields.innerHTML = asked.piece ?? "";
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

dialog?.addEventListener("close", () => {
  // The next question may be open already.
  if (dialog.open) return;
  const left = wish?.leave;
  wish = null;
  left?.();
});
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
    return;
  }
  // Where the answer was lost, the same key asks whether the act was done.
  if (answer.status !== 0) key = newKey();
  refuse(answer.field, answer.text);
});

/**
 * @typedef {object} Step how an act is taken back and done again
 * @property {string} id what it was done to
 * @property {() => Promise<boolean>} back
 * @property {(() => Promise<boolean>) | null} again
 */
/** @typedef {Step & {words: string}} Done */
/** @type {Done[]} */
let done = [];
/** @type {Done[]} */
let undone = [];
let isStepping = false;
/** @type {() => void} */
let changed = () => {};

/** @param {() => void} handler called when there is more or less to undo or to do again */
export function onUndoable(handler) {
  changed = handler;
}

/** @returns {{undo: string, redo: string}} what would be undone and done again next, empty when nothing can be */
export function undoable() {
  return { undo: done.at(-1)?.words ?? "", redo: undone.at(-1)?.words ?? "" };
}

/** @param {string} words @param {Step | null} [step] how to take it back */
export function tell(words, step = null) {
  if (step) {
    done.push({ ...step, words: words.replace(/，?已保存$|，?已记录$| 已保存$/, "") });
    if (done.length > KEPT) done.shift();
    undone = [];
  }
  say(words, step ? ["撤销", undo] : null);
  changed();
}

/** Show how far a long way back has come. @param {string} words @param {number} done @param {number} all */
export function tellProgress(words, done, all) {
  const line = document.createElement("p");
  line.className = "toast-line toast-act";
  const bar = document.createElement("progress");
  bar.max = all;
  bar.value = done;
  bar.setAttribute("aria-label", words);
  const said = document.createElement("span");
  said.textContent = `${words} ${done} / ${all}`;
  line.append(said, bar);
  document.getElementById("toasts")?.replaceChildren(line);
}

/** @param {string} words @param {[string, () => void] | null} way a button in the line */
function say(words, way) {
  const line = document.createElement("p");
  line.className = "toast-line toast-act";
  const said = document.createElement("span");
  said.textContent = words;
  line.append(said);
  if (way) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = way[0];
    button.addEventListener("click", () => {
      line.remove();
      way[1]();
    });
    line.append(button);
  }
  document.getElementById("toasts")?.replaceChildren(line);
  window.setTimeout(() => line.remove(), SHOWN_MS);
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

/** @param {string[]} ids an act on them cannot be taken back: neither can what was done to them before */
export function forget(...ids) {
  done = done.filter((one) => !ids.includes(one.id));
  undone = undone.filter((one) => !ids.includes(one.id));
  changed();
}

/** Undo what was done last; what could not be undone stays undone no longer. */
export async function undo() {
  await take(() => done.pop(), async (last) => {
    if (!(await last.back())) return;
    if (last.again) undone.push(last);
    say(`已撤销：${last.words}`, last.again ? ["重做", redo] : null);
  });
}

/** Do again what was undone last. */
export async function redo() {
  await take(() => undone.pop(), async (last) => {
    if (!(await last.again?.())) return;
    done.push(last);
    say(`已重做：${last.words}`, ["撤销", undo]);
  });
}

/** One at a time: a second key press waits for no answer, and does nothing. */
async function take(next, go) {
  if (isStepping) return;
  const last = next();
  if (!last) return;
  isStepping = true;
  changed();
  await go(last);
  isStepping = false;
  changed();
}

export { act, newKey };
