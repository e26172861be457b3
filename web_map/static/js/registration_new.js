/** 受理台: address, action, household, submit; all by keyboard, saved by itself. */

import { act, newKey } from "./act.js";
import { check, checkUnder } from "./registration_checks.js";
import * as draft from "./registration_draft.js";
import { define, formsOf, layoutOf, titleOf } from "./registration_fields.js";
import { byId, el, facts, look, nameOf, pathOf, read, state, words } from "./registration_parts.js";
import { listResidents } from "./registration_residents.js";
import * as rows from "./registration_rows.js";
import { chooseUnit } from "./registration_search.js";
import { showSent } from "./registration_sent.js";
import { isTyping, toast } from "./shell.js";

const form = /** @type {HTMLFormElement} */ (byId("start"));
const where = /** @type {HTMLInputElement} */ (byId("where"));
const place = byId("rows");
const empty = /** @type {Node} */ (place.firstElementChild.cloneNode(true));
/** @type {{id: string, title: string} | null} */
let unit = null;
/** @type {any} the row of the case that is being entered */
let opened = null;
let isSubmitting = false;
/** The dwelling that somebody moves in from, when another page named it. */
let movesFrom = "";

const chosen = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? "");
const isNew = (/** @type {any} */ row) => row.action === "register";

function showForms() {
  const codes = formsOf(chosen("action"));
  byId("form-choices").replaceChildren(
    ...codes.map((code, at) => {
      const box = /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: "form", value: code }));
      box.checked = at === 0;
      return el("label", {}, box, titleOf(code));
    }),
  );
  byId("forms").hidden = codes.length < 2;
}

/** @param {string} name @param {string} text */
function refuseStart(name, text) {
  const places = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-for]")]);
  const line = places.find((one) => one.dataset.for === name) ?? places.find((one) => !one.dataset.for);
  if (!line) return;
  line.textContent = text;
  line.hidden = !text;
  /** @type {HTMLElement | null} */ (line.parentElement?.querySelector("input, select"))?.focus();
}

function forgiveStart() {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) line.hidden = true;
}

async function begin() {
  forgiveStart();
  if (!unit) return refuseStart("unit_id", where.value.trim() ? "请在列表中选定一个户室" : "请先查地址，选定户室");
  const day = byId("collected").value;
  const late = byId("late-reason").value.trim();
  if (!byId("late").hidden && !late) return refuseStart("late_reason", "补录须写明原因");
  const body = {
    action: chosen("action"), form: chosen("form"), unit_id: unit.id, household_kind: byId("kind").value,
    ...(day && day !== facts.today ? { collected_at: `${day}T12:00:00+08:00` } : {}),
    ...(late ? { late_reason: late } : {}),
  };
  const button = byId("begin");
  button.disabled = true;
  const answer = await act("/v1/registrations", body, { key: newKey() });
  button.disabled = false;
  if (!answer.ok) {
    if (pathOf(answer) === "late_reason") byId("late").hidden = false;
    return refuseStart(pathOf(answer), answer.text);
  }
  const told = await read(`/v1/registrations/${answer.body.id}`);
  const row = told.ok ? told.body : { ...body, ...answer.body, unit_text: unit.title, status: "draft", forms: 0 };
  enter(row, []);
}

/** @param {any} row @param {any[]} kept the forms that are there already */
function enter(row, kept) {
  opened = row;
  window.history.replaceState(null, "", `?case=${row.id}`);
  draft.keep({ id: row.id, version: row.version, serial: row.serial }, { collect, told: say, stored });
  checkUnder({ id: row.id, serial: row.serial, action: row.action });
  showSummary(row);
  rows.start(place, layoutOf(row.form, row.action), isNew(row), { changed: draft.touch, numbered: check });
  for (const part of ["entry-head", "foot"]) byId(part).hidden = false;
  for (const part of ["add", "copy"]) byId(part).hidden = !isNew(row);
  byId("fault").textContent = "";
  byId("saved").textContent = "";
  const banner = byId("banner");
  banner.hidden = row.status !== "returned";
  banner.textContent = row.status === "returned" ? `已退回：${row.return_reason ?? ""}。改好后重新提交。` : "";
  for (const values of kept) rows.add(values, nameOf(values));
  if (isNew(row)) {
    if (!kept.length) rows.add();
    rows.first(rows.all()[0])?.focus();
  } else listResidents(row, byId("residents"), place, movesFrom);
}

/** @param {any} row */
function showSummary(row) {
  form.hidden = true;
  const summary = byId("summary");
  summary.hidden = false;
  summary.replaceChildren(
    el("h1", {}, row.serial),
    el("p", {}, el("span.chip.chip-info", {}, words.actions[row.action] ?? row.action), " ", titleOf(row.form)),
    el("dl.facts", {},
      el("dt", {}, "地址"), el("dd", {}, row.unit_text ?? unit?.title ?? ""),
      el("dt", {}, "采集"), el("dd", {}, String(row.collected_at ?? facts.today).slice(0, 10)),
      row.late_reason ? el("dt", {}, "迟录") : null, row.late_reason ? el("dd", {}, row.late_reason) : null),
    el("p.quiet", {}, "录全一人即自动存为草稿，刷新不丢失。查重以本案号记入审计。"),
    el("p.reg-buttons", {},
      el("a.btn", { href: `/registrations/${row.id}` }, "案件页"),
      el("button.btn", { type: "button", "data-open": "void" }, "作废")),
  );
}

/** @returns {draft.Draft} */
function collect() {
  const found = rows.all();
  return { forms: found.map(rows.valuesOf), ready: found.flatMap((row, at) => (rows.isSavable(row) ? [at] : [])) };
}

/** @param {string} how @param {string} text @param {string} path */
function say(how, text, path) {
  const line = byId("saved");
  line.textContent = { saving: "正在存草稿…", saved: text || "草稿已存", waiting: `草稿暂存本页：${text}`, stale: `草稿未存：${text}`, refused: "草稿未存，请改正标出的一项" }[how] ?? "";
  line.classList.toggle("late", how === "refused" || how === "stale");
  if (how === "refused") refuse(path, text, isSubmitting);
  if (how === "stale") byId("fault").textContent = "此案已在别处改动。请刷新本页再办，已录内容不会丢失。";
}

/** @param {string} path `forms.<n>.<field>` @param {string} text @param {boolean} isAsked whether the reader waits for it */
function refuse(path, text, isAsked) {
  const [, at, name] = /^forms\.(\d+)\.?(\w*)/.exec(path) ?? [];
  const row = at === undefined ? undefined : rows.all()[Number(at)];
  if (!row) {
    byId("fault").textContent = text;
    return;
  }
  const detail = text.replace(/^第 \d+ 人：/, "");
  // Nobody is told of a fault in what is still being typed.
  if (!isAsked && rows.input(row, name) === document.activeElement) return;
  rows.fault(row, name, detail);
  if (!isAsked) return;
  byId("fault").textContent = `第 ${Number(at) + 1} 人：${detail}`;
  (rows.input(row, name) ?? rows.first(row))?.focus();
}

/** @param {{id: string, turn: number}[]} forms @param {number[]} ready @param {any[]} warnings */
function stored(forms, ready, warnings) {
  for (const [at, one] of forms.entries()) {
    const row = rows.all()[ready[at]];
    if (row && one.id) row.kept.id = one.id;
  }
  for (const { turn, code, detail } of warnings) {
    const row = rows.all()[turn ? ready[turn - 1] : 0];
    if (row) rows.tell(row, "warning", words.warnings[code] ?? detail);
  }
}

async function submit() {
  const found = draft.current();
  if (!found || isSubmitting) return;
  byId("fault").textContent = "";
  const wrong = rows.judge();
  if (!rows.all().length) {
    byId("fault").textContent = "请先勾选要办理的人员";
    return;
  }
  if (wrong) {
    wrong.focus();
    byId("fault").textContent = "还有未填好的项目，已移到第一处";
    return;
  }
  isSubmitting = true;
  byId("submit").disabled = true;
  draft.touch();
  if (await draft.save()) {
    const answer = await act(`/v1/registrations/${found.id}/actions/submit`, {}, { version: found.version, key: newKey() });
    if (answer.ok) done();
    else refuse(draft.pathInRows(answer, collect().ready), answer.text, true);
  } else {
    const field = /** @type {HTMLElement | null} */ (place.querySelector("[aria-invalid]"));
    field?.focus();
    if (!byId("fault").textContent) byId("fault").textContent = place.querySelector(".field-error:not([hidden])")?.textContent ?? "草稿没有存上，请稍后再试";
  }
  isSubmitting = false;
  byId("submit").disabled = false;
}

function done() {
  const row = opened;
  leave();
  showSent(row, place, reset);
}

function leave() {
  movesFrom = "";
  draft.forget();
  checkUnder(null);
  opened = null;
  for (const part of ["entry-head", "foot", "banner", "residents", "summary"]) byId(part).hidden = true;
  window.history.replaceState(null, "", window.location.pathname);
}

function reset() {
  form.reset();
  form.hidden = false;
  unit = null;
  byId("late").hidden = true;
  forgiveStart();
  showForms();
  place.replaceChildren(empty.cloneNode(true));
  where.focus();
}

/** @param {string} id come back to a case: what the tab kept goes before what the register holds */
async function reopen(id) {
  const told = await read(`/v1/registrations/${id}`);
  const row = told.body;
  if (!told.ok || !["draft", "returned"].includes(row.status)) {
    window.history.replaceState(null, "", window.location.pathname);
    if (told.ok) toast(`${row.serial} 已不是草稿，请在案件页查看`);
    return;
  }
  const local = draft.remembered(id);
  if (local?.length) {
    enter(row, local);
    draft.touch();
    return;
  }
  const answer = row.forms ? await look(`/v1/registrations/${id}/open`, {}, row.serial) : null;
  if (answer && !answer.ok) {
    place.replaceChildren(state("alert", "没有打开此案", answer.text));
    return;
  }
  enter(row, answer ? answer.body.forms : []);
}

/** @param {string} unitId @param {string} action begin at a dwelling that another page named */
async function startAt(unitId, action) {
  const told = await read(`/v1/housing-units/${unitId}`);
  if (!told.ok) return refuseStart("unit_id", told.text);
  unit = { id: unitId, title: told.body.full_text };
  where.value = unit.title;
  choose(action);
  byId("begin").focus();
}

/** @param {string} action */
function choose(action) {
  const boxes = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=action]")]);
  const box = boxes.find((one) => one.value === action) ?? boxes[0];
  box.checked = true;
  showForms();
}

form.addEventListener("change", (event) => {
  if (/** @type {HTMLInputElement} */ (event.target).name === "action") showForms();
  if (event.target === byId("collected")) byId("late").hidden = byId("collected").value >= facts.today;
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
form.addEventListener("keydown", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  const turn = Number(event.key);
  if (field.type === "radio" && turn >= 1 && turn <= 5) {
    const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll(`[name="${field.name}"]`));
    const box = boxes[turn - 1];
    if (!box) return;
    event.preventDefault();
    box.checked = true;
    box.focus();
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
chooseUnit(where, byId("where-list"), (found) => {
  unit = found;
  forgiveStart();
  /** @type {HTMLElement | null} */ (form.querySelector("[name=action]:checked"))?.focus();
});
where.addEventListener("input", () => (unit = null));
rows.bind(place);
place.addEventListener("focusin", (/** @type {Event} */ event) => {
  const row = rows.rowOf(event.target);
  if (row) for (const one of rows.all()) one.body.classList.toggle("is-open", one === row);
});
byId("add").addEventListener("click", () => rows.first(rows.add())?.focus());
byId("copy").addEventListener("click", () => copy());
byId("submit").addEventListener("click", submit);
byId("void-form").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const found = draft.current();
  const reason = byId("void-reason").value.trim();
  const answer = !found || !reason ? null : await act(`/v1/registrations/${found.id}/actions/void`, { reason }, { version: found.version, key: newKey() });
  byId("void-fault").hidden = Boolean(answer?.ok);
  byId("void-fault").textContent = answer ? answer.text : "请写明原因";
  if (!answer?.ok) return;
  byId("void").close();
  toast(`${found?.serial} 已作废`);
  leave();
  reset();
});

/** Copy into the row where one stands, else into the last one. */
function copy() {
  const row = rows.rowOf(document.activeElement) ?? [...place.querySelectorAll(".is-open")].map((body) => rows.rowOf(body))[0] ?? rows.all().at(-1);
  if (row) rows.copyAbove(row);
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (opened && event.ctrlKey && key === "enter") submit();
  else if (opened && isNew(opened) && event.altKey && event.code === "KeyN") rows.first(rows.add())?.focus();
  else if (opened && isNew(opened) && event.altKey && event.code === "KeyD") copy();
  else if (key === "?" && !isTyping(event.target)) byId("desk-keys").showModal();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

const told = await read("/v1/registration-forms");
if (told.ok) define(told.body.rows ?? told.body.forms ?? told.body);
showForms();
const asked = new URLSearchParams(window.location.search);
const idIn = (/** @type {string} */ name) => /^[0-9a-f-]{36}$/.exec(asked.get(name) ?? "")?.[0];
const id = idIn("case");
movesFrom = idIn("from") ?? "";
if (movesFrom) choose("change");
if (id) await reopen(id);
else if (idIn("unit")) await startAt(idIn("unit"), asked.get("action") ?? "");
else where.focus();
