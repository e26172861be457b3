/** 重复人员: pairs that may be one person, both records side by side, proposed by one and approved by another, undone exactly. */

import { act, newKey } from "./act.js";
import { isSame } from "./registration_compare.js";
import { bars, byId, el, facts, icon, look, state, timeOf, wordOf } from "./registration_parts.js";
import { toast } from "./shell.js";

const PURPOSE = "05";
const KINDS = /** @type {Record<string, string>} */ ({ merge: "归并", split: "拆分" });
const STATES = /** @type {Record<string, string>} */ ({ proposed: "待批准", done: "已办结", refused: "已否决", undone: "已撤销" });
const WHY = /** @type {Record<string, string>} */ ({ same_birth: "同名、同性别、同出生年月", same_unit: "同名、同住处" });
const list = byId("queue");
const body = byId("judge-body");
const head = byId("judge-head");
const foot = byId("judge-foot");
/** @type {{rows: any[], proposals: any[], more: boolean}} */
let found = { rows: [], proposals: [], more: false };
/** @type {any} */
let chosen = null;
/** @type {{name: string, run: (reason: string) => Promise<import("./act.js").Answer>}} */
let asking;

const number = () => byId("case-number").value.trim();

/** @param {any} one a person in a list @returns {string} */
function nameOf(one) {
  if (!one) return "辖区外记录";
  return one.minor ? "未满14岁" : (one.name ?? "—");
}

/** @param {any} one */
function lineOf(one) {
  if (!one) return "";
  const told = [wordOf("sex", one.sex), one.age || one.age === 0 ? `${one.age} 岁` : one.age_band, one.id_tail ? `${wordOf("id_type", one.id_type)}末两位 ${one.id_tail}` : "", one.residence ? one.residence.address + one.residence.unit : "无住处"];
  return told.filter(Boolean).join(" · ");
}

async function search() {
  const fault = byId("find-fault");
  fault.hidden = number().length >= 4;
  if (number().length < 4) {
    fault.textContent = "请填写案号或受理单号，4 至 60 个字";
    byId("case-number").focus();
    return;
  }
  list.replaceChildren(bars());
  clear();
  const answer = await look(`/v1/areas/${byId("area").value}/duplicates`, {}, number(), PURPOSE);
  if (!answer.ok) {
    list.replaceChildren();
    fault.textContent = answer.text;
    fault.hidden = false;
    return;
  }
  found = answer.body;
  byId("audit").textContent = `审计号 ${answer.body.audit_id}`;
  show();
}

/** @param {any} one a pair or a proposal @param {[any, any]} people @param {string} note */
function item(one, people, note) {
  return el("li", {}, el("button", { type: "button", "aria-current": one === chosen ? "true" : null, click: () => choose(one) },
    el("span.reg-line", {}, el("b", {}, people.map(nameOf).join(" · ")), one.state ? el("span.chip.chip-info", {}, `${KINDS[one.kind]}${STATES[one.state]}`) : null),
    el("span.quiet", {}, note), el("span", {}, lineOf(people[0])), el("span", {}, lineOf(people[1]))));
}

function show() {
  if (!found.rows.length && !found.proposals.length) {
    list.replaceChildren(state("check", "没有疑似重复的人员", "换一个居委或街道再查。"));
    return;
  }
  list.replaceChildren(
    el("ul", {},
      ...found.proposals.map((one) => item(one, [one.from, one.to], `${one.proposed_by_name} 提出 · ${timeOf(one.proposed_at)}`)),
      ...found.rows.map((one) => item(one, [one.first, one.second], WHY[one.why] ?? one.why))),
    found.more ? el("p.hint", {}, "疑似较多，只列前 200 对；请改按居委查找。") : "",
  );
}

function clear() {
  chosen = null;
  head.replaceChildren();
  foot.hidden = true;
  byId("twins").classList.remove("has-chosen");
  body.replaceChildren(state("person", "还没有选定", "左侧选一对，两份记录并列在这里。"));
}

/** @param {any} one */
async function choose(one) {
  chosen = one;
  show();
  byId("twins").classList.add("has-chosen");
  byId("judge-fault").textContent = "";
  head.replaceChildren(el("div.reg-case-head", {}, el("h2", { tabindex: "-1" }, one.state ? `${KINDS[one.kind]}${STATES[one.state]}` : "疑似重复"),
    el("button.square.reg-back", { type: "button", "aria-label": "回到列表", click: () => { clear(); show(); } }, "×")));
  if (!one.state) {
    body.replaceChildren(compare(sides(one.first), sides(one.second), ["第一份", "第二份"]), el("p.notice", {}, icon("info"), el("span", {}, "姓名与号码已遮蔽。认为是同一人的，提出归并，由另一人对照全部内容后批准；被并入的一份保留在历史中，可原样撤销。")));
    buttons([["第一份并入第二份", () => propose(one.first, one.second)], ["第二份并入第一份", () => propose(one.second, one.first)]]);
    return;
  }
  body.replaceChildren(bars());
  const answer = await look(`/v1/lineages/${one.id}/open`, {}, number(), PURPOSE);
  if (chosen !== one) return;
  if (!answer.ok) {
    body.replaceChildren(state("alert", "没有打开", answer.text));
    foot.hidden = true;
    return;
  }
  Object.assign(one, { state: answer.body.state, may: answer.body.may, version: answer.body.version });
  body.replaceChildren(
    el("p.reg-audit", {}, icon("shield"), el("b.code", {}, `审计号 ${answer.body.audit_id}`)),
    el("p", {}, `事由：${one.reason}（${one.proposed_by_name} 提出 · ${timeOf(one.proposed_at)}）`),
    compare(full(answer.body.from), full(answer.body.to), one.kind === "split" ? ["原记录", "另一人"] : ["并入方", "保留方"]),
  );
  const acts = /** @type {Record<string, [string, () => void]>} */ ({
    approve: ["批准", () => judge("approve", {})],
    refuse: ["否决", () => ask("否决", (reason) => post("refuse", { reason }))],
    undo: ["撤销", () => ask("撤销", (reason) => post("undo", { reason }))],
  });
  const may = (one.may ?? []).filter((/** @type {string} */ name) => acts[name]);
  buttons(may.map((/** @type {string} */ name) => acts[name]));
  if (!may.length && one.state === "proposed") body.append(el("p.notice", {}, icon("info"), el("span", {}, "由另一人批准；提出人不能批准自己的提议。")));
}

/** @param {any} one a masked person @returns {Record<string, string>} */
function sides(one) {
  const home = one.residence;
  return {
    姓名: nameOf(one), 性别: wordOf("sex", one.sex), 年龄: one.minor ? "" : String(one.age ?? one.age_band ?? ""), 证件: wordOf("id_type", one.id_type),
    证件末两位: one.id_tail ?? "", 最近住处: home ? home.address + home.unit : "", 居住自: home ? `${home.since} 至 ${home.until ?? "今"}` : "",
  };
}

/** @param {any} one a record in full @returns {Record<string, string>} */
function full(one) {
  if (!one) return { 姓名: "不在您的辖区内" };
  return {
    姓名: one.name, 性别: wordOf("sex", one.sex), 出生: one.birth ?? "", 证件: wordOf("id_type", one.id_type), 证件号码: one.id_number,
    住处: one.residences.map((/** @type {any} */ home) => `${home.address}${home.unit}（${home.since} 至 ${home.until ?? "今"}${home.is_main ? "，主要" : ""}）`).join("；"),
    户籍: one.hukou.map((/** @type {any} */ home) => `${home.address ?? ""}${home.unit ?? ""}${home.division_code ?? ""}${home.address_text ?? ""}（${home.since} 起）`).join("；"),
  };
}

/** @param {Record<string, string>} one @param {Record<string, string>} other @param {string[]} titles */
function compare(one, other, titles) {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const lines = names.map((name) => {
    const [left, right] = [one[name] ?? "", other[name] ?? ""];
    const isEqual = left !== "" && (left === right || (name === "姓名" && right !== "" && isSame("name", left, right)));
    const isOpen = left === "" || right === "";
    return el(`tr${isEqual || isOpen ? "" : ".is-different"}`, {}, el("th", { scope: "row" }, name),
      el("td", { "data-label": titles[0] }, left || "—"), el("td", { "data-label": titles[1] }, right || "—"),
      el(`td.${isEqual ? "reg-equal" : "reg-changed"}`, {}, isOpen ? "" : icon(isEqual ? "check" : "alert"), isOpen ? "" : isEqual ? "一致" : "不同"));
  });
  return el("table.reg-compare", {}, el("caption.visually-hidden", {}, "两份记录"),
    el("thead", {}, el("tr", {}, ...["项目", ...titles, "差异"].map((title) => el("th", { scope: "col" }, title)))), el("tbody", {}, ...lines));
}

/** @param {[string, () => void][]} acts the first one is the main act */
function buttons(acts) {
  foot.hidden = !acts.length;
  byId("judge-acts").replaceChildren(...acts.map(([title, run], at) => el(`button.btn${at === 0 ? ".btn-solid" : ""}`, { type: "button", click: run }, title)));
}

/** @param {any} from @param {any} to */
function propose(from, to) {
  ask("提出归并", async (reason) => {
    const answer = await act("/v1/lineages", { kind: "merge", from_id: from.person_id, to_id: to.person_id, reason }, { key: newKey() });
    if (answer.ok) toast("已提出，由另一人批准");
    return answer;
  });
}

/** @param {string} name @param {object} given */
function post(name, given) {
  return act(`/v1/lineages/${chosen.id}/actions/${name}`, given, { version: chosen.version, key: newKey() });
}

/** @param {string} name @param {object} given */
async function judge(name, given) {
  const one = chosen;
  const answer = await post(name, given);
  if (!answer.ok) {
    byId("judge-fault").textContent = answer.text;
    return;
  }
  toast(`${KINDS[one.kind]}已办结；需要时可撤销`);
  // What was just done stays in sight with the way back.
  await choose(Object.assign(one, { version: answer.body.version, state: "done" }));
}

/** @param {string} title @param {(reason: string) => Promise<import("./act.js").Answer>} run */
function ask(title, run) {
  asking = { name: title, run };
  byId("reason-title").textContent = title;
  byId("reason-text").value = "";
  byId("reason-fault").hidden = true;
  byId("reason").showModal();
}

byId("reason-form").addEventListener("submit", async (/** @type {Event} */ event) => {
  event.preventDefault();
  const reason = byId("reason-text").value.trim();
  const answer = reason.length < 4 ? null : await asking.run(reason);
  if (answer?.ok) {
    byId("reason").close();
    search();
    return;
  }
  byId("reason-fault").textContent = answer ? answer.text : "请写明事由，4 至 200 个字";
  byId("reason-fault").hidden = false;
});
byId("find").addEventListener("submit", (/** @type {Event} */ event) => {
  event.preventDefault();
  search();
});
byId("area").replaceChildren(...facts.areas.map((/** @type {any} */ one) => el("option", { value: one.id }, `${one.title}（${one.level}）`)));
window.addEventListener("pagehide", () => {
  list.replaceChildren();
  body.replaceChildren();
});
clear();
