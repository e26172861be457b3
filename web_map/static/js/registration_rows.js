/** The household: one row a person, Enter moves on, a reader fills a row, faults stand beside their field. */

import { el } from "./registration_parts.js";
import { chooseUnit } from "./registration_search.js";
import { dayOf, listen, plain, readNumber } from "./registration_reader.js";

/** @typedef {import("./registration_fields.js").Field} Field */
/**
 * @typedef {object} Row
 * @property {HTMLElement} body the row's own part of the table
 * @property {Record<string, string>} kept what stands in no field: id, residence_id
 * @property {string} label who it is, masked, where the register knows it
 */

const COPIED = ["category", "since", "hukou_code", "hukou_address", "hukou_unit_id", "stay_reason", "lodging", "proof", "stays_until", "ends_on", "end_reason", "absence_reason", "informant", "whereabouts_code", "whereabouts"];

const DAY_HELP = "日期写作 20261101 或 2026-11-01";
// Under a finger the browser's own calendar, under keys digits alone.
const IS_TOUCHED = window.matchMedia("(pointer: coarse)").matches;

/** @type {Row[]} */
let rows = [];
/** @type {{main: Field[], more: Field[]}} */
let layout = { main: [], more: [] };
/** @type {HTMLElement} */
let table;
let mayAdd = true;
let made = 0;
/** @type {() => void} */
let changed = () => {};
/** @type {(row: Row, number: string, type: string) => void} */
let numbered = () => {};

/**
 * @param {HTMLElement} place @param {{main: Field[], more: Field[]}} fields @param {boolean} isOpen whether new persons may be added
 * @param {{changed: () => void, numbered: (row: Row, number: string, type: string) => void}} tell
 */
export function start(place, fields, isOpen, tell) {
  layout = fields;
  mayAdd = isOpen;
  ({ changed, numbered } = tell);
  rows = [];
  const heads = fields.main.map((one) => el("th", { scope: "col", style: `width:${one.width}px` }, one.title, one.required ? el("em", { "aria-hidden": "true" }, " *") : null));
  table = el(
    "table.reg-people", {},
    el("caption.visually-hidden", {}, "登记人员，一行一人"),
    el("thead", {}, el("tr", {}, el("th.num", { scope: "col" }, "#"), isOpen ? null : el("th", { scope: "col" }, "人员"), ...heads, el("th", { scope: "col" }, el("span.visually-hidden", {}, "操作")))),
  );
  place.replaceChildren(table);
}

/** @returns {Row[]} */
export const all = () => rows;

/** @param {Row} row @param {string} name @returns {HTMLInputElement | HTMLSelectElement | null} */
export function input(row, name) {
  return row.body.querySelector(`[data-name="${name}"]`);
}

/** @param {Row} row @returns {Record<string, string>} what was filled */
export function valuesOf(row) {
  /** @type {Record<string, string>} */
  const values = { ...row.kept };
  for (const one of [...layout.main, ...layout.more]) {
    const field = input(row, one.name);
    const value = (one.kind === "unit" ? field?.dataset.unit : field?.value.trim()) ?? "";
    if (value) values[one.name] = one.name === "id_number" ? plain(value) : one.kind === "date" ? (dayOf(value) ?? value) : value;
  }
  // The document tells it; what it tells is not sent beside it.
  if (values.id_type === "111") delete values.birth;
  // Of whom the register knows only what changes is sent.
  if (values.residence_id && !values.id_number) delete values.id_type;
  return values;
}

/** @param {Row} row @returns {boolean} whether the register can keep it as a draft */
export function isSavable(row) {
  const { residence_id, name, id_number, id_type, sex } = valuesOf(row);
  if (residence_id) return true;
  const isNumber = id_type === "111" ? !readNumber(id_number ?? "").fault : (id_number ?? "").length >= 5;
  return Boolean(name && isNumber && (sex || id_type === "111"));
}

/** @param {Record<string, string>} [values] @param {string} [label] @returns {Row} */
export function add(values = {}, label = "") {
  const key = ++made;
  const body = el("tbody", { "data-row": key });
  /** @type {Row} */
  const row = { body, kept: {}, label };
  for (const name of ["id", "residence_id"]) if (values[name]) row.kept[name] = values[name];
  const cells = layout.main.map((one) => el("td", { "data-label": one.title }, control(key, one, values[one.name])));
  const remove = el("button.square", { type: "button", "aria-label": "移去此行", title: "移去此行", tabindex: "-1", click: () => drop(row) }, "×");
  body.append(
    el("tr.reg-main", {}, el("th.num", { scope: "row" }), mayAdd ? null : el("td.reg-known", { "data-label": "人员" }, el("b", {}, label)), ...cells, el("td.act", {}, remove)),
    el("tr.reg-more-row", {}, el("td", { colspan: layout.main.length + (mayAdd ? 2 : 3) }, el("div.reg-more-fields", {}, ...layout.more.map((one) => labelled(key, one, values[one.name]))))),
    el("tr.reg-told-row", { hidden: true }, el("td", { colspan: layout.main.length + (mayAdd ? 2 : 3) }, el("div.reg-told", { role: "status" }))),
  );
  table.append(body);
  rows.push(row);
  if (values.id_number) derive(row);
  renumber();
  return row;
}

/** @param {number} key @param {Field} one @param {string} [value] */
function control(key, one, value = "") {
  const id = `p${key}-${one.name}`;
  if (one.kind === "unit") return unitControl(id, one, value);
  const shared = { id, "data-name": one.name, "aria-describedby": `${id}-fault`, title: one.help || null };
  const field = one.kind === "choice"
    ? el("select.form-select", shared, one.name === "id_type" ? null : el("option", { value: "" }, ""), ...one.options.map(([code, title]) => el("option", { value: code }, title)))
    : el("input.form-control", { ...shared, type: one.kind === "date" && IS_TOUCHED ? "date" : "text", placeholder: one.kind === "date" ? "年-月-日" : null, autocomplete: "off", spellcheck: "false", inputmode: one.name === "phone" ? "tel" : null });
  if (value) /** @type {HTMLInputElement} */ (field).value = value;
  // What leaves no choice is chosen.
  else if (one.kind === "choice" && one.required && one.options.length === 1) /** @type {HTMLSelectElement} */ (field).value = one.options[0][0];
  field.setAttribute("aria-label", one.title);
  return el("div.reg-field", {}, field, el("p.field-error", { id: `${id}-fault`, "data-fault": one.name, role: "alert", hidden: true }));
}

/** @param {string} id @param {Field} one @param {string} value the id of a housing unit, found by its address */
function unitControl(id, one, value) {
  const field = /** @type {HTMLInputElement} */ (
    el("input.form-control", {
      id, "data-name": one.name, "data-unit": value, type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": `${id}-list`,
      "aria-autocomplete": "list", "aria-describedby": `${id}-fault`, autocomplete: "off", spellcheck: "false", placeholder: value ? "已选定" : "输入地址查找", title: one.help || null,
    })
  );
  const list = el("ul.reg-list", { id: `${id}-list`, role: "listbox", "aria-label": one.title, hidden: true });
  chooseUnit(field, list, (found) => {
    field.dataset.unit = found.id;
    changed();
    goOn(field);
  });
  field.addEventListener("input", () => (field.dataset.unit = ""));
  return el("div.reg-field", {}, el("div.reg-combo", {}, field, list), el("p.field-error", { id: `${id}-fault`, "data-fault": one.name, role: "alert", hidden: true }));
}

/** @param {number} key @param {Field} one @param {string} [value] */
function labelled(key, one, value) {
  const made = control(key, one, value);
  made.prepend(el("label", { for: `p${key}-${one.name}` }, one.title, one.required ? el("em", { "aria-hidden": "true" }, " *") : null));
  made.style.flexBasis = `${one.width}px`;
  return made;
}

function renumber() {
  for (const [at, row] of rows.entries()) {
    /** @type {HTMLElement} */ (row.body.querySelector("th")).textContent = String(at + 1);
    for (const field of row.body.querySelectorAll("[data-name]")) {
      const title = [...layout.main, ...layout.more].find((one) => one.name === field.getAttribute("data-name"))?.title ?? "";
      field.setAttribute("aria-label", `第 ${at + 1} 人 ${title}`);
    }
  }
}

/** @param {Row} row */
export function drop(row) {
  const at = rows.indexOf(row);
  if (at < 0 || (mayAdd && rows.length === 1)) return;
  rows.splice(at, 1);
  row.body.remove();
  renumber();
  changed();
  const next = rows[Math.min(at, rows.length - 1)];
  if (next) first(next)?.focus();
}

/** @param {Row} row @returns {HTMLElement | null} */
export function first(row) {
  return row.body.querySelector("[data-name]");
}

/** @param {EventTarget | null} target @returns {Row | undefined} the row that a field stands in */
export function rowOf(target) {
  const body = target instanceof HTMLElement ? target.closest("tbody[data-row]") : null;
  return rows.find((row) => row.body === body);
}

/** Take over from the row above what a household shares; what was typed here stays. @param {Row} row */
export function copyAbove(row) {
  const above = rows[rows.indexOf(row) - 1];
  if (!above) return;
  for (const name of COPIED) {
    const [from, to] = [input(above, name), input(row, name)];
    if (!from || !to || to.value) continue;
    to.value = from.value;
    if (from.dataset.unit) to.dataset.unit = from.dataset.unit;
  }
  changed();
}

/** @param {Row} row @param {Record<string, string | undefined>} values fill what a reader or the register told */
export function fill(row, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = input(row, name);
    if (field && value) field.value = value;
  }
  derive(row);
  changed();
}

/** Sex and birth follow from an identity number at once. @param {Row} row */
function derive(row) {
  const [number, type, sex, birth] = ["id_number", "id_type", "sex", "birth"].map((name) => input(row, name));
  if (!number || !type) return;
  const isCard = type.value === "111";
  if (birth instanceof HTMLInputElement) {
    birth.readOnly = isCard;
    birth.tabIndex = isCard ? -1 : 0;
    birth.placeholder = isCard ? "随证件" : "年-月-日";
  }
  const told = readNumber(number.value);
  if (isCard && !told.fault) {
    if (sex) sex.value = told.sex;
    if (birth) birth.value = told.birth;
    fault(row, "id_number", "");
  }
  if (isCard ? !told.fault : plain(number.value).length >= 5) numbered(row, plain(number.value), type.value);
}

/** @param {Row} row @param {string} name @param {string} text an empty text takes the fault away */
export function fault(row, name, text) {
  const place = /** @type {HTMLElement | null} */ (row.body.querySelector(`[data-fault="${CSS.escape(name)}"]`));
  if (!place) {
    if (text) tell(row, "error", text);
    return;
  }
  place.textContent = text;
  place.hidden = !text;
  const field = input(row, name);
  if (text) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
  row.body.classList.toggle("has-fault", row.body.querySelector("[aria-invalid]") !== null);
}

/** @param {Row} row @param {string} tone error, warning, info or ok @param {string} text @param {Node} [more] */
export function tell(row, tone, text, more) {
  const line = /** @type {HTMLElement} */ (row.body.querySelector(".reg-told-row"));
  const place = /** @type {HTMLElement} */ (line.querySelector(".reg-told"));
  const isSaid = [...place.children].some((note) => note.textContent === text);
  if (!isSaid) place.append(el(`p.reg-note.is-${tone}`, {}, text, more ?? null));
  line.hidden = false;
}

/** @param {Row} row */
export function untell(row) {
  const line = /** @type {HTMLElement} */ (row.body.querySelector(".reg-told-row"));
  line.hidden = true;
  line.querySelector(".reg-told")?.replaceChildren();
}

/** Judge what can be judged without asking. @returns {HTMLElement | null} the first field to put right */
export function judge() {
  /** @type {HTMLElement | null} */
  let wrong = null;
  for (const row of rows) {
    for (const one of [...layout.main, ...layout.more]) {
      const field = input(row, one.name);
      if (!field) continue;
      const isEmpty = !field.value.trim();
      let text = isEmpty && needs(row, one) ? "请填写" : "";
      if (one.kind === "unit" && !isEmpty && !field.dataset.unit) text = "请在列表中选定一个户室";
      if (one.kind === "date" && !isEmpty && !dayOf(field.value)) text = DAY_HELP;
      if (one.name === "id_number" && !isEmpty && input(row, "id_type")?.value === "111") text = readNumber(field.value).fault;
      fault(row, one.name, text);
      if (text) wrong ??= field;
    }
  }
  return wrong;
}

/** @param {Row} row @param {Field} one */
function needs(row, one) {
  if (row.kept.residence_id) return one.required;
  if (one.name === "hukou_address") return Boolean(input(row, "hukou_code")?.value) && !input(row, "hukou_unit_id")?.dataset.unit;
  if (one.instead && input(row, one.instead)?.dataset.unit) return false;
  return one.required || ["name", "id_number"].includes(one.name);
}

/** @param {HTMLElement} field move on as Tab does, past what the document has told; behind the last field comes a new person */
function goOn(field) {
  const row = rowOf(field);
  const isTold = row && field.dataset.name === "id_number" && input(row, "id_type")?.value === "111" && !readNumber(input(row, "id_number")?.value ?? "").fault;
  const names = isTold ? ["id_type", "sex", "birth"] : row && field.dataset.name === "hukou_address" && input(row, "hukou_code")?.value ? ["hukou_unit_id"] : [];
  const past = row ? names.map((name) => input(row, name)) : [];
  const fields = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("[data-name]:not([tabindex='-1'])")].filter((one) => !past.includes(/** @type {any} */ (one))));
  const next = fields[fields.indexOf(field) + 1];
  if (next) next.focus();
  else if (mayAdd) first(add())?.focus();
}

/** @param {HTMLElement} place listen once for the whole life of the page */
export function bind(place) {
  listen(place, (field, card) => {
    const row = rowOf(field);
    if (!row || !input(row, "id_number")) return;
    fill(row, /** @type {Record<string, string | undefined>} */ (card));
    const next = input(row, input(row, "name")?.value ? "relation_to_head" : "name") ?? input(row, "name");
    next?.focus();
  });
  place.addEventListener("input", (event) => {
    const row = rowOf(event.target);
    const field = /** @type {HTMLInputElement} */ (event.target);
    const name = field.dataset.name ?? "";
    if (!row || !name) return;
    fault(row, name, "");
    if (name === "id_number" || name === "id_type") {
      untell(row);
      derive(row);
    }
    changed();
  });
  place.addEventListener("focusout", (event) => {
    const row = rowOf(event.target);
    const field = /** @type {HTMLInputElement} */ (event.target);
    const one = [...layout.main, ...layout.more].find((one) => one.name === field.dataset.name);
    if (row && one?.kind === "date" && field.value) {
      field.value = dayOf(field.value) ?? field.value;
      fault(row, one.name, dayOf(field.value) ? "" : DAY_HELP);
    }
    if (row && field.dataset.name === "id_number" && field.value && input(row, "id_type")?.value === "111") {
      fault(row, "id_number", readNumber(field.value).fault);
    }
  });
  place.addEventListener("keydown", (event) => {
    const field = /** @type {HTMLElement} */ (event.target);
    if (event.key !== "Enter" || event.ctrlKey || event.isComposing || !field.dataset.name) return;
    event.preventDefault();
    goOn(field);
  });
}
