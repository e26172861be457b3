/** What the pages of 居住登记 share: words, pieces of pages made of text alone, looks under a case's own number. */

import { act } from "./act.js";

/** @type {any} */
export const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
/** @type {any} */
export const words = facts.words;

/** @typedef {import("./act.js").Answer} Answer */

/**
 * Make an element; children are text or elements, never markup.
 * @param {string} name `div.class.other`
 * @param {Record<string, any>} [attributes] a function listens, null and false are left out
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(key, String(value));
  }
  for (const child of children) if (child || child === "") made.append(child);
  return made;
}

/** Show these in a place and nothing else. @param {Element} place @param {...(Node | string | null | undefined | false)} children */
export function put(place, ...children) {
  place.replaceChildren(...children.filter((child) => child || child === "").map((child) => /** @type {Node | string} */ (child)));
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** @param {string} name an icon that the page keeps in a template @returns {Node} */
export function icon(name) {
  const kept = /** @type {HTMLTemplateElement | null} */ (document.getElementById(`icon-${name}`));
  return kept ? kept.content.cloneNode(true) : document.createTextNode("");
}

/** @param {string} status @returns {HTMLElement} */
export function statusChip(status) {
  return el(`span.chip.chip-${words.tones[status] ?? "line"}`, {}, words.statuses[status] ?? status);
}

/** @param {string} field @param {any} code @returns {string} the word for a coded value, else the value itself */
export function wordOf(field, code) {
  if (code === null || code === undefined || code === "") return "";
  return words.options[field]?.[code] ?? String(code);
}

const CLOCK = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
});

/** @param {string | null | undefined} moment @returns {string} by China's clock: 2026-11-22 08:30 */
export function timeOf(moment) {
  return moment ? CLOCK.format(new Date(moment)) : "";
}

/** @param {string} url @returns {Promise<Answer>} */
export async function read(url) {
  try {
    const reply = await fetch(url, { cache: "no-store", headers: { Accept: "application/json" } });
    if (reply.status === 401) {
      const next = window.location.pathname + window.location.search;
      window.location.assign(`/login?next=${encodeURIComponent(next)}`);
    }
    const body = await reply.json().catch(() => ({}));
    const text = reply.ok ? "" : (body.detail ?? "系统繁忙，请稍后再试");
    return { ok: reply.ok, status: reply.status, body, text, field: "" };
  } catch {
    return { ok: false, status: 0, body: {}, text: "连接中断，请检查网络后再试", field: "" };
  }
}

/**
 * A look at persons, on the record under the case's own number.
 * @param {string} url @param {object} body @param {string} serial @param {string} [purpose] @returns {Promise<Answer>}
 */
export function look(url, body, serial, purpose = "01") {
  return act(url, body, { purpose: `${purpose}; case=${serial}` });
}

/** @param {Answer} answer @returns {string} the path of the refused field: `forms.0.name` */
export function pathOf(answer) {
  const told = answer.body?.field ?? answer.body?.errors?.[0]?.pointer ?? "";
  return String(told).replace(/^[#/]+/, "").replaceAll("/", ".").replace(/^body\./, "");
}

/**
 * @param {string} iconName @param {string} title @param {string} text @param {...(Node | null)} more
 * @returns {HTMLElement} what stands where nothing is to be shown, and the next step
 */
export function state(iconName, title, text, ...more) {
  return el("div.state", {}, icon(iconName), el("p", {}, el("strong", {}, title), el("br"), text), ...more);
}

/** @returns {HTMLElement} grey bars while something loads */
export function bars() {
  return el("div.bars", { role: "status", "aria-label": "正在载入" }, ...Array.from({ length: 5 }, () => el("i")));
}

/** @param {any} one somebody of a list, or a form, where what came from the register stands masked beside it @returns {string} */
export function nameOf(one) {
  const told = one.name ? one : { ...one, ...one.register };
  return told.name ?? (told.minor ? "未满14岁" : "登记簿中的人");
}

/** @param {any} row @returns {string} days the case is late, or what is left */
export function dueText(row) {
  if (!row.due_on || !["submitted", "officer_review", "station_review"].includes(row.status)) return "";
  const days = Math.round((Date.parse(facts.today) - Date.parse(row.due_on)) / 86_400_000);
  if (row.overdue) return days > 0 ? `逾期 ${days} 天` : "已逾期";
  return days === 0 ? "今日到期" : `${row.due_on} 前`;
}

/**
 * What happened to a case, who and when; steps to come stand pale.
 * @param {any} row @returns {HTMLElement}
 */
export function timeline(row) {
  const { status } = row;
  const steps = [
    ["采集", row.collected_by_name, row.collected_at],
    ["录入", row.entered_by_name, row.entered_at],
    ["提交", "", row.submitted_at],
    ["民警复核", row.officer_name, row.officer_at],
    ["站级复核", row.station_name, row.station_at],
  ];
  const made = steps.map(([title, who, when]) => step(title, who, when, when ? "done" : "todo"));
  if (row.returned_by_name && status === "returned") made.push(step("退回", row.returned_by_name, row.returned_at ?? null, "back"));
  if (status === "void") made.push(step("作废", "", null, "back"));
  else made.push(step("生效", "", null, status === "active" ? "done" : "todo"));
  return el("ol.reg-steps", { "aria-label": "办理经过" }, ...made);
}

/** @param {string} title @param {string} who @param {string | null} when @param {string} kind */
function step(title, who, when, kind) {
  const said = { done: "已完成", todo: "未到", back: "已终止" }[kind] ?? "";
  return el(
    `li.reg-step.is-${kind}`, {},
    el("b", {}, title),
    el("span", {}, [who, timeOf(when)].filter(Boolean).join(" · ") || "—"),
    el("span.visually-hidden", {}, said),
  );
}
