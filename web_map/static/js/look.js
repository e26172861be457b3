/** One look at persons: purpose first, then the list, 30 minutes, reveals one by one; at the end nothing stays. */

import { post } from "./http.js";
import { toast } from "./shell.js";

const MINUTES = 30;
const REST_MS = 700;
const OF_PURPOSE = /^(purpose-|case-)/;

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("purpose"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("purpose-form"));
const caseField = /** @type {HTMLInputElement} */ (document.getElementById("case-number"));
const caseHint = /** @type {HTMLElement} */ (document.getElementById("case-hint"));
const legal = /** @type {HTMLElement} */ (document.getElementById("purpose-legal"));
const submit = /** @type {HTMLElement} */ (form?.querySelector("[type=submit]"));
const confirmation = /** @type {HTMLDialogElement} */ (document.getElementById("confirm"));
const CLOSE = '<button type="button" class="btn btn-bar" data-end>关闭</button>';
const HINT = caseHint?.textContent ?? "";

/**
 * @typedef {object} Place where the answer goes
 * @property {HTMLElement} container
 * @property {() => void} shown called when the list stands
 * @property {() => void} ended called when it has been emptied
 * @property {(code: string, field: string, text: string) => boolean} [refused] true when the page has shown the error itself
 */
/** @typedef {{url: string, title: string, values: Record<string, string>}} Wish what is to be looked at */

/** @type {Place} */
let place;
/** @type {Wish | null} */
let wish = null;
/** @type {{purpose: string, case_number: string, wish: Wish, until: number} | null} */
let permit = null;
let clock = 0;
let resting = 0;

/** @returns {string} the reason chosen, empty while there is none */
function reason() {
  return String(new FormData(form).get("purpose") ?? "");
}

function isStated() {
  const length = caseField.value.trim().length;
  return reason() !== "" && length >= 4 && length <= 60;
}

function judge() {
  const length = caseField.value.trim().length;
  const isLongEnough = length >= 4 && length <= 60;
  caseHint.classList.toggle("is-good", isLongEnough);
  caseHint.textContent = isLongEnough ? "✓ 案号可用，与目的一并记入审计" : HINT;
  caseHint.classList.remove("field-error");
  caseField.removeAttribute("aria-invalid");
  submit.setAttribute("aria-disabled", String(!isStated()));
  const basis = form.querySelector("input:checked")?.closest("label")?.getAttribute("title") ?? "";
  legal.textContent = basis ? `依据：${basis}` : "";
  legal.classList.remove("field-error");
  submit.title = isStated() ? "" : "选择目的并填写案号后可查看";
}

/** Say beside the field what is still missing. */
function tellMissing() {
  if (reason()) {
    refuseInDialog(caseField.value.trim() ? "案号或受理单号须有 4 至 60 个字" : "请填写案号或受理单号，4 至 60 个字");
    return;
  }
  judge();
  legal.textContent = "请先选择目的代码";
  legal.classList.add("field-error");
  /** @type {HTMLElement | null} */ (form.querySelector("input[type=radio]"))?.focus();
}

/** @param {Wish} wanted ask for the purpose of a look; there is no reason chosen beforehand */
export function ask(wanted) {
  wish = wanted;
  form.reset();
  judge();
  /** @type {HTMLElement} */ (document.getElementById("purpose-object")).textContent = `对象：${wanted.title}`;
  dialog.showModal();
  /** @type {HTMLElement | null} */ (form.querySelector("input[type=radio]"))?.focus();
}

/** @param {string} html @returns {{code: string, field: string, text: string}} what an error piece says */
function errorOf(html) {
  const piece = new DOMParser().parseFromString(html, "text/html").querySelector(".state-error");
  const text = piece?.querySelector("p")?.lastChild?.textContent?.trim() ?? "暂时不能查看，请稍后再试";
  return { code: piece?.getAttribute("data-code") ?? "", field: piece?.getAttribute("data-field") ?? "", text };
}

/** @param {string} text */
function refuseInDialog(text) {
  judge();
  caseHint.textContent = text;
  caseHint.classList.remove("is-good");
  caseHint.classList.add("field-error");
  caseField.setAttribute("aria-invalid", "true");
  caseField.focus();
}

/** @param {string} purpose @param {string} caseNumber @param {Wish} wanted */
async function look(purpose, caseNumber, wanted) {
  const answer = await post(wanted.url, { ...wanted.values, purpose, case_number: caseNumber });
  if (answer.ok) {
    dialog.close();
    const until = permit && permit.wish === wanted ? permit.until : Date.now() + MINUTES * 60_000;
    permit = { purpose, case_number: caseNumber, wish: wanted, until };
    show(answer.html);
    return;
  }
  const error = errorOf(answer.html);
  // Of a lost connection the purpose need not be stated anew.
  if (dialog.open && (OF_PURPOSE.test(error.code) || answer.status === 0)) {
    refuseInDialog(answer.status === 0 ? "连接中断，请检查网络后再试" : error.text);
    return;
  }
  dialog.close();
  if (place.refused?.(error.code, error.field, error.text)) return;
  forget();
  place.container.innerHTML = answer.html;
  place.container.querySelector(".state")?.insertAdjacentHTML("beforeend", CLOSE);
  place.shown();
}

/** @param {string} html a piece that the server has escaped */
function show(html) {
  place.container.innerHTML = html;
  window.clearInterval(clock);
  clock = window.setInterval(tick, 1000);
  tick();
  place.shown();
}

function tick() {
  if (!permit) return;
  const left = Math.max(0, Math.round((permit.until - Date.now()) / 1000));
  const shown = place.container.querySelector("[data-remaining]");
  if (shown) shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (left === 0) {
    end();
    toast("许可到时，住户列表已清空");
  }
}

function forget() {
  window.clearTimeout(resting);
  window.clearInterval(clock);
  permit = null;
  wish = null;
  form.reset();
}

/** End the look: list and purpose are gone from the page. */
export function end() {
  if (!place.container.childElementCount) return;
  forget();
  place.container.replaceChildren();
  place.ended();
}

/** @returns {string} the purpose of the look that stands open, as a request names it; empty without one */
export function purposeNow() {
  return permit ? `${permit.purpose}; case=${permit.case_number}` : "";
}

export function isLooking() {
  return permit !== null;
}

/** @param {Record<string, string>} values look again at the same for the same reason, another page of it; a look of its own */
export async function again(values) {
  if (!permit) return;
  permit.wish = { ...permit.wish, values: { ...permit.wish.values, ...values } };
  await look(permit.purpose, permit.case_number, permit.wish);
}

/** @param {string | null} day a past day, or null for now; a look of its own */
async function lookAtDay(day) {
  if (!permit) return;
  const values = { ...permit.wish.values };
  delete values.valid_at;
  if (day) values.valid_at = day;
  permit.wish = { ...permit.wish, values };
  await look(permit.purpose, permit.case_number, permit.wish);
}

/** @param {HTMLElement} row the row of the person @returns {Promise<string | null>} the field, null when cancelled */
function confirmField(row) {
  const name = row.querySelector(".person-name")?.textContent ?? "此人";
  const inner = /** @type {HTMLFormElement} */ (confirmation.querySelector("form"));
  const ok = /** @type {HTMLElement} */ (inner.querySelector("[value=ok]"));
  inner.reset();
  ok.setAttribute("aria-disabled", "true");
  /** @type {HTMLElement} */ (document.getElementById("confirm-text")).textContent = `选择要显示的一项（${name}）：`;
  confirmation.returnValue = "";
  confirmation.showModal();
  return new Promise((done) => {
    confirmation.addEventListener(
      "close",
      () => done(confirmation.returnValue === "ok" ? String(new FormData(inner).get("field") ?? "") || null : null),
      { once: true },
    );
  });
}

/** @param {HTMLElement} button reveal one field of one person: one more act */
async function reveal(button) {
  const row = /** @type {HTMLElement} */ (button.closest("[data-person]") ?? button);
  const field = await confirmField(/** @type {HTMLElement} */ (row.closest(".person-card") ?? row));
  button.focus();
  if (!field || !permit) return;
  const { purpose, case_number } = permit;
  const answer = await post("/panels/reveal", { purpose, case_number, person_id: row.dataset.person ?? "", field });
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  line.innerHTML = answer.html;
  if (row instanceof HTMLTableRowElement) {
    const extra = document.createElement("tr");
    extra.className = "revealed-row";
    const cell = extra.insertCell();
    cell.colSpan = row.cells.length;
    cell.append(line);
    row.after(extra);
  } else {
    row.append(line);
  }
}

/** @param {Place} where tell where answers go and start to listen */
export function startLooking(where) {
  place = where;
  form.addEventListener("input", judge);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isStated()) tellMissing();
    else if (wish) look(reason(), caseField.value.trim(), wish);
  });
  confirmation.addEventListener("input", () => confirmation.querySelector("[value=ok]")?.removeAttribute("aria-disabled"));
  confirmation.querySelector("[value=ok]")?.addEventListener("click", (event) => {
    if (/** @type {HTMLElement} */ (event.target).getAttribute("aria-disabled")) event.preventDefault();
  });
  place.container.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const shower = /** @type {HTMLElement | null} */ (target.closest("[data-reveal]"));
    if (shower) reveal(shower);
    if (target.closest("[data-end]")) end();
    if (target.closest("[data-now]")) lookAtDay(null);
    if (target.closest("[data-past]")) openDay();
    if (target.closest("[data-absent]")) {
      event.preventDefault();
      const title = /** @type {HTMLElement | null} */ (place.container.querySelector("#absent-title"));
      title?.scrollIntoView({ block: "start" });
      title?.focus();
    }
  });
  place.container.addEventListener("change", (event) => {
    const day = /** @type {HTMLInputElement} */ (event.target);
    if (day.id === "past-day" && day.value && day.checkValidity()) lookAtDay(day.value);
  });
  place.container.addEventListener("input", (event) => {
    const dot = /** @type {HTMLInputElement} */ (event.target);
    if (dot.id === "time-dot") dragTo(dot);
  });
  // Neither a kept page nor the way back shows persons again.
  window.addEventListener("pagehide", end);
}

/** @param {HTMLInputElement} dot show the day while it moves; the list follows once it rests, for each day is a look */
function dragTo(dot) {
  const day = new Date(`${dot.dataset.first}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() + Number(dot.value));
  const text = day.toISOString().slice(0, 10);
  const field = /** @type {HTMLInputElement | null} */ (place.container.querySelector("#past-day"));
  dot.setAttribute("aria-valuetext", text);
  if (field) field.value = text;
  window.clearTimeout(resting);
  resting = window.setTimeout(() => lookAtDay(dot.value === dot.max ? null : text), REST_MS);
}

function openDay() {
  const day = /** @type {HTMLInputElement | null} */ (place.container.querySelector("#past-day"));
  if (!day) return;
  day.disabled = false;
  place.container.querySelector("[data-past]")?.setAttribute("aria-pressed", "true");
  place.container.querySelector("[data-now]")?.setAttribute("aria-pressed", "false");
  day.focus();
}
