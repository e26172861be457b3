/** 居住登记案件: by state with counts; the address holds the filters, no person is on this page. */

import { bars, byId, dueText, el, facts, read, state, statusChip, timeOf, words } from "./registration_parts.js";

const asked = new URLSearchParams(window.location.search);
const place = byId("cases");
const filter = byId("filter");
const told = byId("told");
let turn = 0;

/** @param {string} after @returns {string} */
function query(after) {
  const wanted = new URLSearchParams();
  for (const name of ["status", "unit_id"]) if (asked.get(name)) wanted.set(name, asked.get(name) ?? "");
  for (const name of ["overdue", "mine"]) if (asked.get(name) === "1") wanted.set(name, "true");
  if (after) wanted.set("after", after);
  wanted.set("limit", "50");
  return `/v1/registrations?${wanted}`;
}

/** @param {any} row */
function line(row) {
  const due = dueText(row);
  return el(
    "tr", { "data-id": row.id },
    el("td", { "data-label": "受理号" }, el("a", { href: `/registrations/${row.id}` }, row.serial)),
    el("td", { "data-label": "业务" }, words.actions[row.action] ?? row.action, el("br"), el("span.quiet", {}, words.forms[row.form] ?? row.form)),
    el("td.reg-where", { "data-label": "地址" }, row.unit_text ?? "—", el("br"), el("span.quiet", {}, row.community_name ?? "")),
    el("td.num", { "data-label": "人数" }, String(row.forms)),
    el("td", { "data-label": "状态" }, statusChip(row.status)),
    el("td", { "data-label": "录入" }, row.entered_by_name ?? "—", el("br"), el("span.quiet", {}, timeOf(row.entered_at))),
    el("td", { "data-label": "期限" }, row.overdue ? el("b.late", {}, due) : due || "—"),
  );
}

const HEADS = ["受理号", "业务与表种", "地址", "人数", "状态", "录入", "期限"];

/** @param {any[]} rows */
function table(rows) {
  const heads = HEADS.map((title, at) => el(at === 3 ? "th.num" : "th", { scope: "col" }, title));
  return el(
    "table.table-plain.reg-table", {},
    el("caption.visually-hidden", {}, "案件，新的在前"),
    el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...rows.map(line)),
  );
}

/** @param {string} after the cursor of the next page */
function more(after) {
  const button = el("button.btn", { type: "button", click: () => load(after) }, "再显示一页");
  return el("p.reg-more", {}, button);
}

/** @param {string} [after] */
async function load(after = "") {
  const mine = ++turn;
  if (!after) place.replaceChildren(bars());
  const answer = await read(query(after));
  if (mine !== turn) return;
  place.querySelector(".reg-more")?.remove();
  if (!answer.ok) {
    place.replaceChildren(state("alert", "没有读到案件", answer.text, el("button.btn", { type: "button", click: () => load() }, "重试")));
    return;
  }
  const { rows, next } = answer.body;
  if (!after) place.replaceChildren(rows.length ? table(rows) : empty());
  else place.querySelector("tbody").append(...rows.map(line));
  if (next) place.append(more(next));
  told.textContent = rows.length ? `${next ? "先列" : "共"} ${place.querySelectorAll("tbody tr").length} 件` : "";
}

function empty() {
  const isFiltered = ["status", "overdue", "mine", "unit_id"].some((name) => asked.get(name));
  if (isFiltered) return state("check", "没有符合条件的案件", "换一个状态，或取消筛选。");
  const may = facts.may.includes("case:enter");
  return state("form", "还没有案件", may ? "从“受理登记”开始：查地址、选业务、录入一户。" : "窗口受理或上门采集后，案件列在这里。");
}

async function count() {
  const answer = await read("/v1/registrations/counts");
  if (!answer.ok) return;
  const { counts, overdue } = answer.body;
  let all = 0;
  for (const status of Object.keys(words.statuses)) {
    const number = counts[status] ?? 0;
    all += number;
    set(status, String(number));
  }
  set("all", String(all));
  set("overdue", overdue ? String(overdue) : "");
}

/** @param {string} name @param {string} text */
function set(name, text) {
  const shown = document.querySelector(`[data-count="${name}"]`);
  if (shown) shown.textContent = text;
}

function show() {
  for (const button of document.querySelectorAll("[data-status]")) {
    button.setAttribute("aria-pressed", String((asked.get("status") ?? "") === button.getAttribute("data-status")));
  }
  for (const box of filter.querySelectorAll("input")) box.checked = asked.get(box.name) === "1";
  const text = asked.toString();
  window.history.replaceState(null, "", text ? `?${text}` : window.location.pathname);
  load();
}

/** @param {string} name @param {string} value */
function put(name, value) {
  if (value) asked.set(name, value);
  else asked.delete(name);
  show();
}

byId("states").addEventListener("click", (/** @type {MouseEvent} */ event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-status]");
  if (button) put("status", button.getAttribute("data-status") ?? "");
});
filter.addEventListener("change", (/** @type {Event} */ event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  put(box.name, box.checked ? "1" : "");
});
filter.addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
show();
count();
