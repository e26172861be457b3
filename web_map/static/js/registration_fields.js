/** The fields of a form of registration: which stand in the row, which below it, by form and action. */

import { words } from "./registration_parts.js";

/** @typedef {{name: string, title: string, kind: string, width: number, options: [string, string][], required: boolean, instead: string, help: string}} Field */
// `instead` names the field that one may fill in place of this one.

const PERSON = ["name", "id_number", "id_type", "sex", "birth", "relation_to_head", "category", "since", "phone"];
const HOME = ["hukou_code", "hukou_address", "hukou_unit_id", "stay_reason", "lodging", "proof", "stays_until", "serving", "sheet_number"];
const WIDTHS = /** @type {Record<string, number>} */ ({
  name: 96, id_type: 128, id_number: 184, sex: 72, birth: 112, relation_to_head: 104, category: 120, since: 132, phone: 124,
  hukou_code: 168, hukou_address: 240, hukou_unit_id: 220, whereabouts: 280, serving: 112, ends_on: 132, end_reason: 144, stays_until: 132,
});
const DATES = new Set(["since", "stays_until", "ends_on"]);
const CHOICES = new Set(["id_type", "sex", "relation_to_head", "category", "stay_reason", "lodging", "proof", "end_reason", "absence_reason", "informant", "serving"]);
const LAYOUT = /** @type {Record<string, {main: string[], more: string[]}>} */ ({
  incomer_registration: { main: PERSON, more: HOME },
  resident_not_registered_here: { main: PERSON, more: HOME },
  registered_not_resident: { main: PERSON, more: ["absence_reason", "whereabouts_code", "whereabouts", "informant", "sheet_number"] },
  change: { main: ["since", "category", "relation_to_head", "phone"], more: ["hukou_code", "hukou_address", "hukou_unit_id", "stay_reason", "lodging", "proof", "stays_until"] },
  cancel: { main: ["ends_on", "end_reason"], more: ["sheet_number"] },
  renew: { main: ["phone", "stay_reason", "lodging", "proof"], more: ["stays_until", "hukou_code", "hukou_address", "sheet_number"] },
  correct: { main: ["since", "category", "relation_to_head", "sex"], more: ["ends_on", "end_reason", "name", "birth", "id_type", "id_number", "phone", "hukou_code", "hukou_address"] },
});
/** What one presses for the first, the second ...: `0` stays with the head of the household. */
const PREFIXED = new Set(["sex", "relation_to_head"]);

/** @type {Map<string, any>} definitions by form */
let defined = new Map();

/** @param {any[]} forms the definitions as the register tells them */
export function define(forms) {
  defined = new Map(forms.map((form) => [form.form, form]));
}

/** @param {string} action @returns {string[]} the forms of an action */
export function formsOf(action) {
  const told = [...defined.values()].filter((form) => form.actions?.includes(action)).map((form) => form.form);
  if (told.length) return told;
  return action === "register" ? Object.keys(LAYOUT).slice(0, 3) : ["change_cancel"];
}

/** @param {string} form @returns {string} */
export function titleOf(form) {
  return defined.get(form)?.title ?? words.forms[form] ?? form;
}

/** @param {string} form @param {string} action @param {string} name @returns {Field} */
function field(form, action, name) {
  const items = defined.get(form)?.fields ?? [];
  const told = items.find((/** @type {any} */ one) => one.name === name);
  const isNeeded = (/** @type {any} */ one) => one?.required_for?.includes(action) ?? Boolean(one?.required);
  // Of two fields that stand for each other the one that can be typed is asked for.
  const other = items.find((/** @type {any} */ one) => one.instead === name && isNeeded(one));
  const kind = name === "hukou_unit_id" ? "unit" : DATES.has(name) ? "date" : CHOICES.has(name) ? "choice" : "text";
  const choices = told?.options?.length ? told.options : Object.entries(words.options[name] ?? {});
  const options = choices.map(([code, title], /** @type {number} */ at) => [code, `${PREFIXED.has(name) ? code : at + 1} ${title}`]);
  return {
    name, kind, options, title: told?.title ?? words.fields[name] ?? name, width: WIDTHS[name] ?? 120,
    required: other ? true : isNeeded(told) && !told?.instead, instead: other?.name ?? "", help: told?.help ?? "",
  };
}

/** @param {string} form @param {string} action @returns {{main: Field[], more: Field[]}} */
export function layoutOf(form, action) {
  const layout = LAYOUT[form] ?? LAYOUT[action] ?? LAYOUT.change;
  const known = defined.get(form)?.fields?.filter((/** @type {any} */ one) => one.actions?.includes(action) ?? true).map((/** @type {any} */ one) => one.name);
  const keep = (/** @type {string[]} */ names) => names.filter((name) => !known || known.includes(name)).map((name) => field(form, action, name));
  return { main: keep(layout.main), more: keep(layout.more) };
}
