/** The fields of a form of registration: which stand in the row, which below it, by form and action. */

import { words } from "./registration_parts.js";

/** @typedef {{name: string, title: string, kind: string, width: number, options: [string, string][], required: boolean, help: string}} Field */

const PERSON = ["name", "id_type", "id_number", "sex", "birth", "relation_to_head", "category", "since", "phone"];
const HOME = ["hukou_code", "hukou_address", "stay_reason", "lodging", "proof", "stays_until", "sheet_number"];
const WIDTHS = /** @type {Record<string, number>} */ ({
  name: 96, id_type: 128, id_number: 184, sex: 72, birth: 112, relation_to_head: 104, category: 120, since: 132, phone: 124,
  hukou_address: 280, whereabouts: 280, ends_on: 132, end_reason: 144, stays_until: 132,
});
const DATES = new Set(["since", "stays_until", "ends_on"]);
const CHOICES = new Set(["id_type", "sex", "relation_to_head", "category", "stay_reason", "lodging", "proof", "end_reason", "absence_reason", "informant"]);
const LAYOUT = /** @type {Record<string, {main: string[], more: string[]}>} */ ({
  incomer_registration: { main: PERSON, more: HOME },
  resident_not_registered_here: { main: PERSON, more: HOME },
  registered_not_resident: { main: PERSON, more: ["absence_reason", "whereabouts_code", "whereabouts", "informant", "sheet_number"] },
  change: { main: ["since", "category", "relation_to_head", "phone"], more: ["hukou_code", "hukou_address", "lodging", "proof"] },
  cancel: { main: ["ends_on", "end_reason"], more: ["whereabouts_code", "whereabouts", "informant"] },
  renew: { main: ["lodging", "proof"], more: ["phone"] },
  correct: { main: ["since", "category", "relation_to_head", "sex"], more: ["name", "birth", "id_type", "id_number", "phone"] },
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

/** @param {string} form @param {string} name @returns {Field} */
function field(form, name) {
  const told = defined.get(form)?.fields?.find((/** @type {any} */ one) => one.name === name);
  const kind = DATES.has(name) ? "date" : CHOICES.has(name) ? "choice" : "text";
  const choices = told?.options?.length ? told.options : Object.entries(words.options[name] ?? {});
  const options = choices.map(([code, title], /** @type {number} */ at) => [code, `${PREFIXED.has(name) ? code : at + 1} ${title}`]);
  return {
    name, kind, options, title: told?.title ?? words.fields[name] ?? name,
    width: WIDTHS[name] ?? 120, required: Boolean(told?.required), help: told?.help ?? "",
  };
}

/** @param {string} form @param {string} action @returns {{main: Field[], more: Field[]}} */
export function layoutOf(form, action) {
  const layout = LAYOUT[form] ?? LAYOUT[action] ?? LAYOUT.change;
  const known = defined.get(form)?.fields?.map((/** @type {any} */ one) => one.name);
  const keep = (/** @type {string[]} */ names) => names.filter((name) => !known || known.includes(name)).map((name) => field(form, name));
  return { main: keep(layout.main), more: keep(layout.more) };
}
