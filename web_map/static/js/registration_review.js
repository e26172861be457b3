/** 审核: the queue at the left, one case at the right; A passes, R returns, S leaves it for later, and the next one comes. */

import { decide } from "./registration_acts.js";
import { auditStrip, formsOf } from "./registration_compare.js";
import { bars, byId, dueText, el, facts, look, put, read, state, statusChip, timeline, words } from "./registration_parts.js";
import { isTyping, toast } from "./shell.js";

const queue = byId("queue");
const body = byId("judge-body");
const STATUSES = facts.role === "station_head" ? ["station_review"] : ["submitted", "officer_review"];
const PAGE = 50;
/** @type {any[]} */
let rows = [];
/** @type {Set<string>} what was left for later stands at the end */
const later = new Set();
/** @type {any} */
let chosen = null;
let isOpen = false;
let isBusy = false;
let done = 0;

async function load() {
  queue.replaceChildren(bars());
  const answers = await Promise.all(STATUSES.map((status) => read(`/v1/registrations?status=${status}&limit=${PAGE}`)));
  const failed = answers.find((answer) => !answer.ok);
  if (failed) {
    queue.replaceChildren(state("alert", "没有读到待审核案件", failed.text, el("button.btn", { type: "button", click: load }, "重试")));
    return;
  }
  // Only what one may judge oneself; what is late comes first, then the oldest.
  rows = answers.flatMap((answer) => answer.body.rows).filter((row) => ["take", "pass", "return"].some((name) => row.may?.includes(name)));
  rows.sort((one, other) => Number(other.overdue) - Number(one.overdue) || String(one.submitted_at).localeCompare(String(other.submitted_at)));
  list();
  choose(rows[0] ?? null, !isPhone());
}

const isPhone = () => window.matchMedia("(max-width: 767px)").matches;

function list() {
  byId("queue-count").textContent = String(rows.length);
  byId("done-count").textContent = done ? `已审 ${done}` : "";
  if (!rows.length) {
    queue.replaceChildren(state("check", "没有待审核的案件", done ? `本次已审 ${done} 件。新提交的案件会列在这里。` : "录入人提交后，案件列在这里。"));
    return;
  }
  const items = rows.map((row) =>
    el("li", {}, el("button", { type: "button", "data-id": row.id, "aria-current": row === chosen ? "true" : null, click: () => choose(row, true) },
      el("span.reg-line", {}, el("b", {}, row.serial), row.overdue ? el("span.chip.chip-warning", {}, dueText(row)) : el("span.quiet", {}, dueText(row))),
      el("span", {}, row.unit_text ?? ""),
      el("span.quiet", {}, `${words.actions[row.action] ?? row.action} · ${row.forms} 人 · ${row.entered_by_name ?? ""}${later.has(row.id) ? " · 稍后" : ""}`))),
  );
  queue.replaceChildren(el("ul", {}, ...items));
}

/** @param {any} row @param {boolean} isWanted whether to show it, or only to mark it */
async function choose(row, isWanted) {
  chosen = row;
  isOpen = false;
  list();
  byId("review").classList.toggle("has-chosen", Boolean(row) && isWanted);
  byId("judge-foot").hidden = !row;
  byId("judge-fault").textContent = "";
  if (!row || !isWanted) {
    byId("judge-head").replaceChildren();
    body.replaceChildren(row ? "" : state("check", "都审完了", "稍后再来，或到“案件”查看各状态。"));
    return;
  }
  queue.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  byId("judge-head").replaceChildren(
    el("div.reg-case-head", {},
      el("div", {}, el("h2", { tabindex: "-1" }, row.serial), el("p.quiet", {}, `${row.unit_text ?? ""} · ${words.actions[row.action] ?? row.action} · ${words.forms[row.form] ?? row.form}`)),
      el("p.chips", {}, statusChip(row.status), row.overdue ? el("span.chip.chip-warning", {}, dueText(row)) : null,
        el("button.square.reg-back", { type: "button", "aria-label": "回到队列", click: () => choose(row, false) }, "×"))),
  );
  body.replaceChildren(bars());
  const answer = await look(`/v1/registrations/${row.id}/open`, {}, row.serial);
  if (chosen !== row) return;
  if (!answer.ok) {
    body.replaceChildren(state("alert", "没有打开此案", answer.text, el("button.btn", { type: "button", click: () => choose(row, true) }, "重试")));
    return;
  }
  isOpen = true;
  if (answer.body.case) Object.assign(row, answer.body.case);
  put(
    body,
    auditStrip(answer.body.audit_id, row.serial),
    timeline(row),
    row.late_reason ? el("p.reg-note.is-warning", {}, `迟录原因：${row.late_reason}`) : null,
    ...formsOf(row, answer.body.forms),
    el("p.notice.reg-after", {}, after(row)),
  );
  body.scrollTop = 0;
  /** @type {HTMLElement | null} */ (body.querySelector(".reg-audit"))?.focus();
}

/** @param {any} row @returns {string} what passing will do */
function after(row) {
  if (facts.role !== "station_head") return `通过后：交管理站复核；${row.forms} 份登记表不再改动。`;
  return {
    register: `通过后：${row.forms} 人登记到 ${row.unit_text}，即时生效；市内原住处同时终止，旧值保留在历史中。`,
    change: `通过后：${row.forms} 人的登记变更即时生效，旧值保留在历史中。`,
    cancel: `通过后：${row.forms} 人的登记注销，居住自截止日起终止。`,
    renew: `通过后：${row.forms} 人的登记续期一年。`,
    correct: `通过后：${row.forms} 人的登记按表更正，更正前的记载仍可按“当时所知”查到。`,
  }[/** @type {string} */ (row.action)] ?? "";
}

/** @param {string} name @param {object} [given] */
async function judge(name, given = {}) {
  if (!chosen || !isOpen || isBusy) return false;
  isBusy = true;
  const row = chosen;
  const answer = await decide(row, name, given);
  isBusy = false;
  if (!answer.ok) {
    tell(answer.status === 412 ? `${answer.text}。此案已在别处改动，请重新打开。` : answer.text);
    return false;
  }
  toast(`${row.serial} 已${name === "pass" ? (facts.role === "station_head" ? "通过，即时生效" : "通过，交站级复核") : "退回"}`);
  done += 1;
  go(row);
  return true;
}

/** @param {any} row what is done with; the next one comes by itself */
function go(row) {
  const at = rows.indexOf(row);
  rows.splice(at, 1);
  choose(rows[Math.min(at, rows.length - 1)] ?? null, true);
  if (!rows.length) load();
}

/** @param {string} text */
function tell(text) {
  const fault = byId("reason").open ? byId("reason-fault") : byId("judge-fault");
  fault.textContent = text;
  fault.hidden = !text;
}

function putOff() {
  if (!chosen) return;
  const row = chosen;
  later.add(row.id);
  const at = rows.indexOf(row);
  rows.push(...rows.splice(at, 1));
  choose(rows[Math.min(at, rows.length - 1)], true);
}

function askReason() {
  if (!chosen || !isOpen) return;
  byId("reason-text").value = "";
  byId("reason-fault").hidden = true;
  byId("reason").showModal();
}

/** @param {number} step */
function move(step) {
  const next = rows[rows.indexOf(chosen) + step];
  if (next) choose(next, true);
}

byId("reason-form").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const reason = byId("reason-text").value.trim();
  if (!reason) tell("请写明退回原因，录入人据此改正");
  else if (await judge("return", { reason })) byId("reason").close();
});
byId("pass").addEventListener("click", () => judge("pass"));
byId("return").addEventListener("click", askReason);
byId("later").addEventListener("click", putOff);
document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key === "a") judge("pass");
  else if (key === "r") askReason();
  else if (key === "s") putOff();
  else if (key === "arrowup") move(-1);
  else if (key === "arrowdown") move(1);
  else if (key === "?") byId("review-keys").showModal();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });
window.addEventListener("pagehide", () => body.replaceChildren());
load();
