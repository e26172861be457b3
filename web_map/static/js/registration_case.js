/** One case: its states with who and when, acts, and its forms behind a look of its own. */

import { auditStrip, formsOf } from "./registration_compare.js";
import { decide } from "./registration_acts.js";
import { bars, byId, dueText, el, facts, look, put, read, state, statusChip, timeline, timeOf, words } from "./registration_parts.js";
import { toast } from "./shell.js";

const head = byId("case-head");
const place = byId("case-forms");
const ACTS = /** @type {Record<string, string>} */ ({ take: "领办", pass: "通过", return: "退回", void: "作废" });
/** @type {any} */
let row = null;
/** @type {string} the act whose reason is asked for */
let asking = "";

async function load() {
  const answer = await read(`/v1/registrations/${facts.case}`);
  if (!answer.ok) {
    head.replaceChildren(state("alert", "没有这个案件", answer.text, el("a.btn", { href: "/registrations" }, "回案件列表")));
    place.hidden = true;
    return;
  }
  row = answer.body;
  show();
}

function show() {
  const due = dueText(row);
  const isEditable = facts.may.includes("case:enter") && ["draft", "returned"].includes(row.status);
  const buttons = [
    isEditable ? el("a.btn.btn-solid", { href: `/registrations/new?case=${row.id}` }, row.status === "returned" ? "改正后重新提交" : "继续录入") : null,
    ...(row.may ?? []).filter((/** @type {string} */ name) => ACTS[name]).map((/** @type {string} */ name) =>
      el(`button.btn${name === "pass" ? ".btn-solid" : ""}`, { type: "button", click: () => start(name) }, ACTS[name])),
  ];
  document.title = `${row.serial} · 地址与房屋登记`;
  put(
    head,
    el("div.reg-case-head", {},
      el("div", {}, el("h1", {}, row.serial), el("p.quiet", {}, `${words.actions[row.action] ?? row.action} · ${words.forms[row.form] ?? row.form} · ${row.forms} 人`)),
      el("p.chips", {}, statusChip(row.status), row.overdue ? el("span.chip.chip-warning", {}, due) : due && !["active", "void"].includes(row.status) ? el("span.chip.chip-line", {}, due) : null)),
    timeline(row),
    row.return_reason ? el("p.reg-note.is-warning", {}, `退回原因：${row.return_reason}（${[row.returned_by_name, timeOf(row.returned_at)].filter(Boolean).join(" · ")}）`) : null,
    el("dl.facts", {},
      el("dt", {}, "地址"), el("dd", {}, row.unit_text ?? "—"), el("dt", {}, "居委"), el("dd", {}, row.community_name ?? "—"),
      el("dt", {}, "来源"), el("dd", {}, words.sources[row.source] ?? row.source ?? "—"), el("dt", {}, "迟录原因"), el("dd", {}, row.late_reason ?? "—")),
    buttons.some(Boolean) ? el("p.reg-buttons", {}, ...buttons) : null,
    el("p.field-error", { id: "case-fault", role: "alert", hidden: true }),
  );
  const canOpen = facts.may.some((/** @type {string} */ one) => ["case:enter", "case:review"].includes(one));
  place.hidden = !canOpen || !row.forms;
  if (canOpen && row.forms && !place.querySelector("table")) {
    place.replaceChildren(
      el("div.reg-case-head", {}, el("h2", {}, `登记表 ${row.forms} 份`),
        el("button.btn", { type: "button", id: "open", click: open }, "查看登记表")),
      el("p.quiet", {}, "内容含个人信息；查看以本案号记入审计，登记人可在权利报告中看到。"),
    );
  }
}

async function open() {
  place.replaceChildren(bars());
  const answer = await look(`/v1/registrations/${row.id}/open`, {}, row.serial);
  if (!answer.ok) {
    place.replaceChildren(state("alert", "没有打开登记表", answer.text, el("button.btn", { type: "button", click: open }, "重试")));
    return;
  }
  place.replaceChildren(auditStrip(answer.body.audit_id, row.serial), ...formsOf(row, answer.body.forms, { papers: row.status !== "void" }));
}

/** @param {string} name */
function start(name) {
  if (name !== "return" && name !== "void") {
    judge(name, {});
    return;
  }
  asking = name;
  byId("reason-title").textContent = name === "return" ? "退回改正" : "作废此案";
  byId("reason-fault").hidden = true;
  byId("reason").showModal();
}

/** @param {string} name @param {object} body */
async function judge(name, body) {
  const answer = await decide(row, name, body);
  if (answer.ok) {
    toast(`${row.serial} 已${ACTS[name]}`);
    byId("reason").close();
    await load();
    return;
  }
  const fault = byId("reason").open ? byId("reason-fault") : byId("case-fault");
  fault.textContent = answer.status === 412 ? `${answer.text}。请刷新后再办。` : answer.text;
  fault.hidden = false;
}

byId("reason-form").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  const reason = byId("reason-text").value.trim();
  if (reason) judge(asking, { reason });
  else {
    byId("reason-fault").textContent = "请写明原因，录入人据此改正";
    byId("reason-fault").hidden = false;
  }
});
// Neither a kept page nor the way back shows persons again.
window.addEventListener("pagehide", () => place.replaceChildren());
head.replaceChildren(bars());
load();
