/** Who lives in the unit, to be ticked by the space bar: changes, ends and renewals begin with them. */

import { bars, byId, el, nameOf, state, wordOf } from "./registration_parts.js";
import * as rows from "./registration_rows.js";

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

/** @param {any} row the case @param {HTMLElement} place for the list @param {HTMLElement} table for the rows */
export async function listResidents(row, place, table) {
  place.hidden = false;
  place.replaceChildren(bars());
  const answer = await occupants(row.unit_id, row.serial);
  if (!answer.ok) {
    place.replaceChildren(state("alert", "没有读到现住人员", answer.text, el("button.btn", { type: "button", click: () => listResidents(row, place, table) }, "重试")));
    return;
  }
  const found = answer.body.occupants ?? answer.body.rows ?? [];
  if (!found.length) {
    place.replaceChildren(state("home", "本户没有登记的住户", "请核对地址；新来的人改办“新登记”。"));
    return;
  }
  place.replaceChildren(
    el("h3", {}, `现住 ${found.length} 人`, el("span.quiet", {}, "　空格勾选，↑↓ 移动，Enter 到填写处")),
    el("ul.reg-residents", {}, ...found.map((/** @type {any} */ one) => item(one))),
  );
  for (const kept of rows.all()) {
    const one = found.find((/** @type {any} */ one) => one.residence_id === kept.kept.residence_id);
    const known = kept.body.querySelector(".reg-known b");
    if (one && known) known.textContent = nameOf(one);
  }
  place.onkeydown = move;
  /** @type {HTMLElement | null} */ (place.querySelector("input"))?.focus();
}

/** @param {any} one */
function item(one) {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", value: one.residence_id, change: () => tick(box, one) }));
  box.checked = rows.all().some((row) => row.kept.residence_id === one.residence_id);
  const told = [wordOf("sex", one.sex), one.age ? `${one.age} 岁` : "", wordOf("category", one.category), one.id_tail ? `末两位 ${one.id_tail}` : "", `居住自 ${one.since}`];
  return el("li", {}, el("label", {}, box, el("b", {}, nameOf(one)), el("span.quiet", {}, told.filter(Boolean).join(" · "))));
}

/** @param {HTMLInputElement} box @param {any} one */
function tick(box, one) {
  const row = rows.all().find((row) => row.kept.residence_id === one.residence_id);
  if (box.checked && !row) rows.add({ residence_id: one.residence_id }, nameOf(one));
  else if (!box.checked && row) rows.drop(row);
  box.focus();
}

/** @param {KeyboardEvent} event */
function move(event) {
  const boxes = /** @type {HTMLInputElement[]} */ ([...byId("residents").querySelectorAll("input")]);
  const at = boxes.indexOf(/** @type {HTMLInputElement} */ (event.target));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) boxes[Math.min(Math.max(at + step, 0), boxes.length - 1)]?.focus();
  else if (event.key === "Enter" && !event.ctrlKey && rows.all().length) rows.first(rows.all()[0])?.focus();
  else return;
  event.preventDefault();
}
