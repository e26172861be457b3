/** Who lives in the unit, to be ticked by the space bar: changes, ends and renewals begin with them. */

import { bars, byId, el, facts, nameOf, read, state, wordOf } from "./registration_parts.js";
import * as rows from "./registration_rows.js";
import { chooseUnit } from "./registration_search.js";
import { isTyping } from "./shell.js";

/** @param {string} unit @param {string} serial @returns {Promise<{ok: boolean, body: any, text: string}>} */
async function occupants(unit, serial) {
  const purpose = String.fromCharCode(...new TextEncoder().encode(`01; case=${serial}`));
  try {
    const reply = await fetch(`/v1/housing-units/${unit}/occupants`, { headers: { "Access-Purpose": purpose }, cache: "no-store" });
    const body = await reply.json();
    return { ok: reply.ok, body, text: body.detail ?? "" };
  } catch {
    return { ok: false, body: {}, text: "连接中断，请检查网络后再试" };
  }
}

/** The focus goes on, unless the reader is at work elsewhere by then. @param {HTMLElement} place @param {Element | null} [left] the field that led here */
function offerFocus(place, left = null) {
  const here = document.activeElement;
  // A field that was hidden may hold the focus until the page is drawn.
  const isBusy = isTyping(here) && here?.getClientRects().length;
  if (here === left || !isBusy) place.querySelector("input")?.focus();
}

/** @param {any} row the case @param {HTMLElement} place for the list @param {HTMLElement} table for the rows @param {string} [from] the dwelling that somebody moves in from */
export async function listResidents(row, place, table, from = "") {
  place.hidden = false;
  place.dataset.case = row.id;
  place.replaceChildren(bars());
  const answer = await occupants(row.unit_id, row.serial);
  if (place.dataset.case !== row.id) return;
  if (!answer.ok) {
    place.replaceChildren(state("alert", "没有读到现住人员", answer.text, el("button.btn", { type: "button", click: () => listResidents(row, place, table, from) }, "重试")));
    return;
  }
  const found = answer.body.occupants ?? answer.body.rows ?? [];
  const isMove = row.action === "change";
  place.replaceChildren(
    ...(found.length
      ? listOf(`现住 ${found.length} 人`, found)
      : [isMove ? el("p.quiet", {}, "本户没有登记的住户。") : state("home", "本户没有登记的住户", "请核对地址；新来的人改办“新登记”。")]),
  );
  if (isMove) await offerMove(row, place, from);
  for (const kept of rows.all()) {
    const one = found.find((/** @type {any} */ one) => one.residence_id === kept.kept.residence_id);
    const known = kept.body.querySelector(".reg-known b");
    if (one && known) known.textContent = nameOf(one);
  }
  place.onkeydown = move;
  offerFocus(place);
}

/** @param {string} title @param {any[]} found @param {string} [since] the day that is filled in for who is ticked @returns {HTMLElement[]} */
function listOf(title, found, since = "") {
  return [
    el("h3", {}, title, el("span.quiet", {}, "　空格勾选，↑↓ 移动，Enter 到填写处")),
    el("ul.reg-residents", {}, ...found.map((/** @type {any} */ one) => item(one, since))),
  ];
}

/** Who moves in from another dwelling is ticked there. @param {any} row @param {HTMLElement} place @param {string} from */
async function offerMove(row, place, from) {
  const field = /** @type {HTMLInputElement} */ (el("input.form-control", {
    id: "from", role: "combobox", "aria-expanded": "false", "aria-controls": "from-list", "aria-autocomplete": "list",
    placeholder: "原住处：地址、门牌码或拼音首字母", maxlength: 200, spellcheck: "false", autocomplete: "off",
  }));
  const list = el("ul.reg-list", { id: "from-list", role: "listbox", "aria-label": "找到的原住处", hidden: true });
  const shown = el("div.reg-from", { "aria-live": "polite" });
  place.append(el("div.reg-step-field.reg-move", {}, el("label", { for: "from" }, "从另一户迁入"), el("div.reg-combo", {}, field, list)), shown);
  chooseUnit(field, list, (unit) => showLeaving(row, unit.id, shown, field));
  if (!from) return;
  const told = await read(`/v1/housing-units/${from}`);
  if (!told.ok || field.value) return;
  field.value = told.body.full_text;
  await showLeaving(row, from, shown, field);
}

/** @param {any} row @param {string} unit the dwelling that is left @param {HTMLElement} shown @param {HTMLInputElement} field where it was chosen */
async function showLeaving(row, unit, shown, field) {
  const chosen = field.value;
  shown.dataset.unit = unit;
  if (unit === row.unit_id) {
    shown.replaceChildren(el("p.field-error", { role: "alert" }, "原住处就是本户，请另选一户"));
    return;
  }
  shown.replaceChildren(bars());
  const answer = await occupants(unit, row.serial);
  if (shown.dataset.unit !== unit) return;
  const found = answer.body.occupants ?? [];
  if (!answer.ok || !found.length) {
    shown.replaceChildren(el("p.field-error", { role: "alert" }, answer.ok ? "原住处没有登记的住户，请核对地址；新来的人改办“新登记”" : answer.text));
    return;
  }
  shown.replaceChildren(...listOf(`原住处现住 ${found.length} 人`, found, facts.today));
  offerFocus(shown, field.value === chosen ? field : null);
}

/** @param {any} one @param {string} since */
function item(one, since) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", value: one.residence_id, change: () => tick(box, one, since) }));
  box.checked = rows.all().some((row) => row.kept.residence_id === one.residence_id);
  const told = [wordOf("sex", one.sex), one.age ? `${one.age} 岁` : "", wordOf("category", one.category), one.id_tail ? `末两位 ${one.id_tail}` : "", `居住自 ${one.since}`];
  return el("li", {}, el("label", {}, box, el("b", {}, nameOf(one)), el("span.quiet", {}, told.filter(Boolean).join(" · "))));
}

/** @param {HTMLInputElement} box @param {any} one @param {string} since */
function tick(box, one, since) {
  const row = rows.all().find((row) => row.kept.residence_id === one.residence_id);
  if (box.checked && !row) rows.add({ residence_id: one.residence_id, ...(since ? { since } : {}) }, nameOf(one));
  else if (!box.checked && row) rows.drop(row);
  box.focus();
}

/** @param {KeyboardEvent} event */
function move(event) {
  const boxes = /** @type {HTMLInputElement[]} */ ([...byId("residents").querySelectorAll("input[type=checkbox]")]);
  const at = boxes.indexOf(/** @type {HTMLInputElement} */ (event.target));
  if (at < 0) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) boxes[Math.min(Math.max(at + step, 0), boxes.length - 1)]?.focus();
  else if (event.key === "Enter" && !event.ctrlKey && rows.all().length) rows.first(rows.all()[0])?.focus();
  else return;
  event.preventDefault();
}
