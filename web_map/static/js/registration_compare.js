/** The forms of a case beside what the register says now: differences stand out by a mark, a sign and a word. */

import { el, icon, nameOf, wordOf, words } from "./registration_parts.js";
import { papersOf } from "./registration_papers.js";

const ORDER = [
  "home", "name", "id_type", "id_number", "sex", "birth", "phone", "category", "relation_to_head", "hukou_code", "hukou_address", "hukou_unit", "since",
  "stays_until", "stay_reason", "lodging", "proof", "absence_reason", "whereabouts_code", "whereabouts", "informant", "ends_on", "end_reason", "sheet_number",
];
const TITLES = /** @type {Record<string, string>} */ ({ ...words.fields, hukou_unit: "户籍户室", home: "住址" });
// Of a masked number the register shows its end.
const KNOWN_AS = /** @type {Record<string, string>} */ ({ id_number: "id_tail" });
// Of a child the register shows none of these.
const MASKED = new Set(["name", "sex", "birth", "id_number", "id_type"]);
// Of these the register may hold another value without anything being wrong.
const OWN = new Set(["ends_on", "end_reason", "sheet_number", "absence_reason", "informant"]);

/** @param {any} form @param {string} name @returns {string} */
function valueOf(form, name) {
  if (name === "home") return form.home ?? (form.address === undefined ? "" : `${form.address}${form.unit ?? ""}`);
  return wordOf(name, form[name] ?? form[KNOWN_AS[name]]);
}

/**
 * Masked values are compared by what they show.
 * @param {string} name @param {string} said @param {string} known @returns {boolean}
 */
export function isSame(name, said, known) {
  if (name === "id_number") return said.slice(-2) === known.slice(-2);
  if (name === "birth") return said.slice(0, 7).startsWith(known.slice(0, 7)) || known.startsWith(said);
  if (!known.includes("*")) return said === known;
  if (name === "name") return said[0] === known[0] && known.length - 1 === Math.min(Math.max(said.length - 1, 1), 2);
  const shown = known.replace(/^.*\*/, "");
  return said.endsWith(shown);
}

/** @param {string} said @param {string} known @returns {HTMLElement} the text with what differs marked */
function marked(said, known) {
  let [start, end] = [0, 0];
  const most = Math.min(said.length, known.length);
  while (start < most && said[start] === known[start]) start += 1;
  while (end < most - start && said[said.length - 1 - end] === known[known.length - 1 - end]) end += 1;
  const middle = said.slice(start, said.length - end);
  return el("span", {}, said.slice(0, start), middle ? el("mark", {}, middle) : null, said.slice(said.length - end));
}

/** @param {any} row the case @param {any} form @returns {HTMLElement} */
function table(row, form) {
  const register = form.register ?? null;
  if (register?.address !== undefined || row.action === "register") form.home = row.unit_text;
  const names = ORDER.filter((name) => valueOf(form, name) || (register && valueOf(register, name)));
  let differences = 0;
  const lines = names.map((name) => {
    const [said, known] = [valueOf(form, name), register ? valueOf(register, name) : ""];
    // What a change leaves out stays as it is.
    const isLeft = !said && row.action !== "register";
    const isEqual = isLeft || (known !== "" && isSame(name, said, known));
    const isDifferent = Boolean(register) && !isEqual && !OWN.has(name) && known !== "";
    const isKept = register && !(register.minor && MASKED.has(name)) && (name in register || KNOWN_AS[name] in register || (name === "home" && "address" in register));
    if (isDifferent) differences += 1;
    const verdict = !register ? "" : isLeft ? "不变" : isEqual ? "一致" : isDifferent ? "不同" : isKept && !OWN.has(name) ? "登记簿无" : "";
    const sign = { 一致: "check", 不同: "alert", 登记簿无: "info" }[verdict];
    const tone = { 一致: "reg-equal", 不变: "reg-equal", 不同: "reg-changed", 登记簿无: "reg-fresh" }[verdict] ?? "";
    return el(
      `tr${isDifferent ? ".is-different" : ""}`, {},
      el("th", { scope: "row" }, TITLES[name] ?? name),
      el("td", { "data-label": "登记表" }, isDifferent ? marked(said, known) : said || "—"),
      register ? el("td", { "data-label": "登记簿" }, isDifferent ? marked(known, said) : known || "—") : null,
      register ? el(`td${tone ? `.${tone}` : ""}`, {}, sign ? icon(sign) : null, verdict) : null,
    );
  });
  const heads = register ? ["项目", "登记表", "登记簿现有", `差异 ${differences}`] : ["项目", "登记表"];
  return el(
    "table.reg-compare", {}, caption(form, Boolean(register)),
    el("thead", {}, el("tr", {}, ...heads.map((title) => el("th", { scope: "col" }, title)))),
    el("tbody", {}, ...lines),
  );
}

/** @param {any} form @param {boolean} isKnown */
function caption(form, isKnown) {
  const chips = [
    form.minor ? el("span.chip.chip-line", {}, "未满14岁") : null,
    isKnown || form.known ? el("span.chip.chip-info", {}, "登记簿中有此人") : el("span.chip.chip-line", {}, "新人"),
  ];
  return el("caption", {}, el("b", {}, `第 ${form.turn} 人　${nameOf(form)}`), form.age ?? form.age === 0 ? `　${form.age} 岁　` : "　", ...chips);
}

/** @param {any} row @param {any[]} forms @param {{papers?: boolean}} [how] @returns {HTMLElement[]} */
export function formsOf(row, forms, { papers = false } = {}) {
  return forms.map((form) =>
    el(
      "section.reg-form", {},
      table(row, form),
      ...(form.warnings ?? []).map((/** @type {any} */ one) => el("p.reg-note.is-warning", {}, one.detail ?? words.warnings[one] ?? String(one))),
      papers ? papersOf(row, form) : null,
    ),
  );
}

/** @param {string} auditId @param {string} serial */
export function auditStrip(auditId, serial) {
  return el("div.reg-audit", { tabindex: "-1" }, icon("shield"), el("span", {}, el("b.code", {}, `审计号 ${auditId}`), el("br"), `01 居住登记 · 案号 ${serial}`));
}
