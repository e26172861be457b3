/** 我的网格: today's units of the own block, one touch a visit; what was said is told at once and kept until it arrived. */

import { colourBuildings, showBlock, showOwnMap } from "./my_block_map.js";
import { counts, flush, record, retry, startQueue, waitingFor } from "./my_block_queue.js";

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const sheet = /** @type {HTMLElement} */ (document.getElementById("sheet"));
const units = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".own-unit")]);
const groups = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".own-group")]);
const find = /** @type {HTMLInputElement} */ (document.getElementById("find"));
const sure = /** @type {HTMLDialogElement} */ (document.getElementById("sure"));
const RARE = new Set(facts.rare);
/** @type {HTMLElement | null} */
let chosen = null;
let isAmending = false;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {HTMLElement} unit */
const isOpen = (unit) => unit.dataset.listed === "1" && unit.dataset.done !== "1";

/** @param {HTMLElement} unit */
const titleOf = (unit) => /** @type {HTMLElement} */ (unit.closest(".own-group")).dataset.title ?? "";

function tally() {
  const listed = units.filter((unit) => unit.dataset.listed === "1");
  const done = listed.filter((unit) => unit.dataset.done === "1").length;
  byId("done-today").textContent = String(done);
  byId("due-count").textContent = String(listed.length - done);
  const bar = /** @type {HTMLProgressElement} */ (document.getElementById("progress"));
  bar.value = done;
  const extra = units.filter((unit) => unit.dataset.fresh === "1").length;
  byId("cycle-done").textContent = String(facts.visited + extra);
  byId("all-done").hidden = done < listed.length || find.value.trim() !== "";
  /** @type {Record<string, number>} */
  const open = {};
  for (const group of groups) {
    const left = [...group.querySelectorAll(".own-unit")].filter((unit) => isOpen(/** @type {HTMLElement} */ (unit))).length;
    /** @type {HTMLElement} */ (group.querySelector("[data-left]")).textContent = String(left);
    open[group.dataset.group ?? ""] = left;
  }
  colourBuildings(open);
}

function tellQueue() {
  const { waiting, failed } = counts();
  const strip = byId("queue");
  strip.hidden = waiting + failed === 0 || (failed === 0 && navigator.onLine && waiting < 2 && !strip.dataset.late);
  byId("queue-text").textContent = [waiting ? `待传 ${waiting} 条` : "", failed ? `失败 ${failed} 条` : "", navigator.onLine ? "" : "离线"].filter(Boolean).join(" · ");
}

/** @param {import("./my_block_queue.js").Visit} visit @param {"done" | "waiting" | "failed"} state */
function told(visit, state) {
  const unit = units.find((one) => one.dataset.unit === visit.unit);
  if (unit) {
    unit.dataset.done = state === "failed" ? "0" : "1";
    unit.dataset.fresh = state !== "failed" && unit.dataset.cycle !== "1" ? "1" : "0";
    unit.classList.toggle("is-done", state !== "failed");
    unit.dataset.said = facts.outcomes[visit.outcome] ?? "";
    unit.dataset.fate = state;
    unit.dataset.failure = visit.failed;
    const chip = /** @type {HTMLElement} */ (unit.querySelector("[data-chip]"));
    chip.className = `chip ${{ done: "chip-ok", waiting: "chip-info", failed: "chip-warning" }[state]}`;
    chip.textContent = { done: `✓ ${unit.dataset.said}`, waiting: `${unit.dataset.said} · 待传`, failed: "失败" }[state];
    if (unit === chosen) drawSheet();
  }
  tally();
  tellQueue();
}

/** @param {HTMLElement | null} unit */
function choose(unit) {
  chosen = unit;
  isAmending = false;
  for (const one of units) one.setAttribute("aria-pressed", String(one === unit));
  sheet.hidden = unit === null;
  document.body.classList.toggle("has-object", unit !== null);
  if (!unit) return;
  drawSheet();
  unit.scrollIntoView({ block: "nearest" });
}

function nextUnit() {
  const from = chosen ? units.indexOf(chosen) : -1;
  return [...units.slice(from + 1), ...units.slice(0, Math.max(from, 0))].find(isOpen) ?? null;
}

function drawSheet() {
  if (!chosen) return;
  const { room = "", use = "", group = "", last = "", said = "", fate = "", failure = "" } = chosen.dataset;
  byId("sheet-title").textContent = room;
  byId("sheet-place").textContent = titleOf(chosen);
  byId("sheet-use").textContent = use;
  byId("sheet-use").className = `chip chip-use use-${group}`;
  byId("sheet-last").textContent = last;
  const isSaid = chosen.dataset.done === "1" && !isAmending;
  const line = byId("said");
  const words = { waiting: `已记：${said}，等待上传`, failed: `没有记上：${failure}` }[fate] ?? `已记：${said}`;
  line.hidden = !(isSaid || (fate === "failed" && !isAmending));
  line.textContent = words;
  line.className = `own-said${fate === "failed" ? " is-failed" : fate === "waiting" ? " is-waiting" : ""}`;
  const next = nextUnit();
  byId("next").hidden = !isSaid;
  byId("next").textContent = next ? `下一户 ${next.dataset.room}` : "今日的都办完了，收起";
  byId("amend").hidden = !isSaid;
  const isMore = byId("more").getAttribute("aria-expanded") === "true";
  byId("more").hidden = isSaid;
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (sheet.querySelectorAll("[data-outcome]"))) {
    button.hidden = isSaid || (button.hasAttribute("data-rare") && !isMore);
  }
}

/** @param {string} text @returns {Promise<boolean>} */
function confirmed(text) {
  byId("sure-text").textContent = text;
  sure.returnValue = "";
  sure.showModal();
  return new Promise((done) => sure.addEventListener("close", () => done(sure.returnValue === "ok"), { once: true }));
}

/** @param {string} outcome */
async function say(outcome) {
  const unit = chosen;
  if (!unit) return;
  const before = waitingFor(unit.dataset.unit ?? "");
  if (before && !before.failed && before.outcome === outcome) return;
  const place = `${titleOf(unit)}${unit.dataset.room}`;
  const words = facts.outcomes[outcome];
  if (isAmending && !(await confirmed(`${place}：由“${unit.dataset.said}”更正为“${words}”。`))) return;
  if (!isAmending && RARE.has(outcome) && !(await confirmed(`${place}：记为“${words}”。`))) return;
  isAmending = false;
  byId("more").setAttribute("aria-expanded", "false");
  record(unit.dataset.unit ?? "", outcome);
  byId("next").focus({ preventScroll: true });
}

function search() {
  const text = find.value.trim().replace(/\s+/g, "").toLowerCase();
  let found = 0;
  for (const group of groups) {
    let shown = 0;
    for (const unit of /** @type {NodeListOf<HTMLElement>} */ (group.querySelectorAll(".own-unit"))) {
      const whole = `${group.dataset.title}${unit.dataset.room}`.toLowerCase();
      const isShown = text ? whole.includes(text) : unit.dataset.listed === "1";
      /** @type {HTMLElement} */ (unit.parentElement).hidden = !isShown;
      if (isShown) shown += 1;
    }
    group.hidden = shown === 0;
    found += shown;
  }
  byId("none-found").hidden = !(text && found === 0);
  tally();
}

/** @param {boolean} isMap */
function show(isMap) {
  byId("show-today").setAttribute("aria-pressed", String(!isMap));
  byId("show-map").setAttribute("aria-pressed", String(isMap));
  document.body.classList.toggle("is-mapping", isMap);
  if (isMap) showBlock();
}

showOwnMap(facts, (building) => {
  const group = groups.find((one) => one.dataset.group === building);
  if (!group) return;
  show(false);
  const first = /** @type {HTMLElement[]} */ ([...group.querySelectorAll(".own-unit")]);
  choose(first.find(isOpen) ?? first.find((unit) => unit.dataset.listed === "1") ?? null);
  if (group.hidden) {
    find.value = group.dataset.title ?? "";
    search();
  }
  group.scrollIntoView({ block: "start" });
});
startQueue(facts.login, told);
tally();
tellQueue();

for (const unit of units) unit.addEventListener("click", () => choose(unit === chosen ? null : unit));
sheet.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("button"));
  if (!button) return;
  if (button.dataset.outcome) say(button.dataset.outcome);
  // The second half of a double click must not go on from what the first has just recorded.
  if (button.id === "next" && event.detail < 2) choose(nextUnit());
  if (button.id === "amend") {
    isAmending = true;
    drawSheet();
  }
  if (button.id === "more") {
    button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
    drawSheet();
  }
  if (button.id === "sheet-close") choose(null);
});
find.addEventListener("input", search);
byId("queue-retry").addEventListener("click", retry);
byId("show-today").addEventListener("click", () => show(false));
byId("show-map").addEventListener("click", () => show(true));
document.getElementById("block")?.addEventListener("change", (event) => {
  window.location.assign(`/my-block?block=${encodeURIComponent(/** @type {HTMLSelectElement} */ (event.target).value)}`);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) choose(null);
});
for (const name of ["online", "offline"]) window.addEventListener(name, tellQueue);
// A visit that takes long is told; one that goes through at once is not worth a strip.
window.setInterval(() => {
  const strip = byId("queue");
  if (counts().waiting) strip.dataset.late = "1";
  else delete strip.dataset.late;
  tellQueue();
}, 3000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) flush();
});
