/** 门牌编辑: joins list, map, the pane of a plate and the tools to add, move, choose and measure. */

import { get, getJson } from "./http.js";
import { firstStreet, onMoved, showStreet } from "./map.js";
import { act, ask, fieldsOf, forget, onUndoable, redo, tell, undo, undoable } from "./plates_acts.js";
import "./plates_bulk.js";
import { colourBy, countMarks } from "./plates_colour.js";
import { finalWords } from "./plates_final.js";
import { bindKeys } from "./plates_keys.js";
import { startLasso, stopLasso } from "./plates_lasso.js";
import { startList } from "./plates_list.js";
import { drawStreet, onClick, onDoubleClick, plateAt, pointer, redrawPlates, ring, showPlate, stress } from "./plates_map.js";
import { cancelMove, isMoving, moveTo, startMove } from "./plates_move.js";
import { cancelNew, isPlacing, place, saveNew, startNew } from "./plates_new.js";
import { cancelSpot, drawPlaces, isPlacingSpot, leavePlaces, putSpot } from "./plates_places.js";
import { endRuler, measure, startRuler, stopRuler } from "./plates_ruler.js";
import { clearSelection, selected } from "./plates_selection.js";
import { compare } from "./plates_stale.js";
import "./plates_warned.js";
import { onReturn, remember, wanted as view } from "./state.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const table = /** @type {HTMLElement} */ (document.getElementById("table-twin"));
const prompt = /** @type {HTMLElement} */ (document.getElementById("plate-prompt"));
const tools = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tool]")]);
const BARS = '<div class="bars" role="status" aria-label="正在读取"><i></i><i></i><i></i><i></i></div>';
const ID = /^[0-9a-f-]{36}$/;
const PROMPTS = {
  new: "点一下地图放新门牌（或按 Enter）", move: "拖动标记，松开即保存；方向键微调",
  lasso: "按住拖动，圈住要办理的门牌", ruler: "逐点点击量距离，双击结束",
};
let opened = "";
let street = "";
let isOpen = false;
let tool = "select";

/** @param {string} name */
function asked(name) {
  const value = new URLSearchParams(window.location.search).get(name) ?? "";
  return ID.test(value) ? value : "";
}

const list = startList({
  open: (id) => openPlate(id),
  street: (id, isStep) => openStreet(id, isStep),
  missing: (address) => openHole(address),
});

/** @returns {HTMLElement | null} the head of the open plate */
function head() {
  return pane.querySelector("[data-plate]");
}

/** @param {string} id an empty id shows all streets @param {boolean} [isStep] */
async function openStreet(id, isStep = true) {
  street = id;
  remember({ s: id || null }, isStep);
  const known = firstStreet?.id === id && !isStep && !isOpen ? firstStreet : null;
  isOpen = true;
  const [, found] = await Promise.all([list.load(id), known ?? (id ? getJson(`/panels/plates/streets/${id}`) : null)]);
  if (street !== id) return;
  drawStreet(found?.axis?.coordinates ?? [], found ?? {});
  stress(id);
  /** @type {HTMLElement} */ (document.getElementById("where")).textContent = found?.name ?? "全部道路";
  if (found?.box && !known && (isStep || (view.lon === null && !opened))) showStreet(found);
  if (!table.hidden) fillTable();
}

function openPane() {
  pane.hidden = false;
  document.body.classList.add("has-object");
  document.body.classList.remove("is-searching");
}

/** @param {string} id @param {boolean} [isStep] */
async function openPlate(id, isStep = true) {
  if (!id) return;
  if (isPlacing()) cancelNew();
  if (isMoving() && id !== opened) cancelMove();
  opened = id;
  openPane();
  if (!pane.querySelector(`[data-plate="${id}"]`)) pane.innerHTML = BARS;
  remember({ p: id }, isStep);
  const answer = await get(`/panels/plates/${encodeURIComponent(id)}`);
  if (opened !== id) return;
  pane.innerHTML = answer.html;
  const body = head();
  if (body?.dataset.lon) showPlate(Number(body.dataset.lon), Number(body.dataset.lat));
  else ring(null, null);
  drawPlaces();
  list.choose(id);
  select(isMoving() ? "move" : tool === "lasso" || tool === "ruler" ? tool : "select");
}

function closePlate() {
  opened = "";
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object");
  ring(null, null);
  leavePlaces();
  list.choose("");
  remember({ p: null }, true);
  select("select");
}

/** Show again what an act has changed: plate, list, rates, map. */
async function refresh() {
  redrawPlates();
  countMarks();
  await Promise.all([list.load(street), opened ? openPlate(opened, false) : null, table.hidden ? null : fillTable()]);
}

/** @param {string} address an address without any plate */
async function openHole(address) {
  select("select");
  closePlate();
  openPane();
  pane.innerHTML = BARS;
  const answer = await get(`/panels/plates/holes/${encodeURIComponent(address)}`);
  if (opened) return;
  pane.innerHTML = answer.html;
  const body = /** @type {HTMLElement | null} */ (pane.querySelector("[data-hole]"));
  if (body?.dataset.lon) showPlate(Number(body.dataset.lon), Number(body.dataset.lat));
  list.choose(address);
}

/** @param {string} wanted select, new, move, lasso or ruler */
function select(wanted) {
  if (wanted !== "new" && isPlacing()) cancelNew();
  if (wanted !== "move" && isMoving()) cancelMove();
  if (wanted !== "lasso") stopLasso();
  if (wanted !== "ruler") stopRuler();
  if (isPlacingSpot()) cancelSpot();
  const body = head();
  const mayMove = body?.dataset.mayMove === "true";
  tool = wanted === "move" && !mayMove ? "select" : wanted;
  for (const button of tools) {
    button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    if (button.dataset.tool === "move") {
      button.setAttribute("aria-disabled", String(!mayMove));
      button.title = mayMove ? "移动所选门牌" : body ? (body.dataset.whyNotMove ?? "") : "请先选一块门牌";
    }
  }
  pointer(tool === "new" || tool === "ruler" || tool === "lasso" ? "crosshair" : "");
  if (tool === "lasso") startLasso();
  if (tool === "ruler") startRuler();
  if (tool === "new" && !isPlacing()) {
    if (opened) closePlate();
    for (const button of tools) button.setAttribute("aria-pressed", String(button.dataset.tool === "new"));
    tool = "new";
    pointer("crosshair");
    startNew();
  }
  if (tool === "move" && body && !isMoving()) {
    startMove({
      id: body.dataset.plate ?? "", title: body.dataset.title ?? "", version: Number(body.dataset.version),
      state: body.dataset.state, isCertified: body.dataset.certified === "true",
      lon: Number(body.dataset.lon), lat: Number(body.dataset.lat),
    });
  }
  say(PROMPTS[tool] ?? "");
}

/** @param {string} words */
function say(words) {
  prompt.hidden = !words;
  prompt.textContent = words ? `${words} · Esc 取消` : "";
}

/** @param {HTMLElement} button an act that the plate's state allows */
function askFor(button) {
  const { url = "", version = null, title = "", text = "", fields = "", object = "" } = button.dataset;
  const body = head();
  const seen = body && {
    id: body.dataset.plate ?? "", title: object, version: Number(version), state: body.dataset.state,
    lon: Number(body.dataset.lon || Number.NaN), lat: Number(body.dataset.lat || Number.NaN),
  };
  ask({
    title, object, text, fields: fieldsOf(fields),
    send: async (values, key) => {
      const fixed = JSON.parse(button.dataset.body ?? "{}");
      let answer = await act(url, { ...fixed, ...values }, { version, key });
      if (answer.status === 412 && seen) {
        const found = await compare(seen, title);
        if (found?.isMine) answer = await act(url, { ...fixed, ...values }, { version: found.now.version });
        else {
          refresh();
          return { ...answer, ok: true };
        }
      }
      if (answer.ok) done(button, answer, seen?.id ?? "");
      return answer;
    },
  });
}

/** @param {HTMLElement} button @param {{body: any}} answer @param {string} id */
function done(button, answer, id) {
  const { title = "", object = "" } = button.dataset;
  forget(id);
  tell(`${object}：${title}，已记录${finalWords(button.dataset.act ?? "")}`, button.dataset.act === "cancel" ? cancelled(id) : null);
  // A new plate, or the successor of a replaced one, is shown instead of what was there.
  if (ID.test(answer.body.id ?? "")) opened = answer.body.id;
  refresh();
}

/** @param {string} id a plate that was cancelled: it comes back from the bin */
function cancelled(id) {
  const send = async (/** @type {string} */ verb, /** @type {string} */ reason) => {
    const now = await getJson(`/v1/plates/${id}`);
    const answer = await act(`/v1/plates/${id}/actions/${verb}`, { reason }, { version: now?.version ?? 0 });
    if (!answer.ok) tell(`不能办理：${answer.text}`);
    refresh();
    return answer.ok;
  };
  return { id, back: () => send("restore", "撤销取消"), again: () => send("cancel", "重做取消") };
}

/** @param {HTMLElement} button a move in the history: put the plate back where it was before */
async function revert({ dataset: { lon, lat } }) {
  const body = head();
  if (!body) return;
  const from = {
    id: body.dataset.plate ?? "", version: Number(body.dataset.version), title: body.dataset.title ?? "",
    lon: Number(body.dataset.lon), lat: Number(body.dataset.lat), reason: "退回一次移动",
  };
  const to = [Number(lon), Number(lat)];
  if (!(await moveTo(from, to[0], to[1], "没有退回"))) return;
  tell(`${from.title} 已退回移动前的位置`, {
    id: from.id, back: () => moveTo(from, from.lon, from.lat, "不能撤销"), again: () => moveTo(from, to[0], to[1], "不能重做"),
  });
}

/** @param {boolean} isTable @param {boolean} [isStep] */
async function showTable(isTable, isStep = false) {
  document.getElementById("show-map")?.setAttribute("aria-pressed", String(!isTable));
  document.getElementById("show-table")?.setAttribute("aria-pressed", String(isTable));
  table.hidden = !isTable;
  remember({ v: isTable ? "table" : null }, isStep);
  if (isTable) await fillTable();
}

async function fillTable() {
  const answer = await get(`/panels/plates/table?${list.query(street)}`);
  table.innerHTML = answer.html;
}

/** Esc leaves one thing at a time. */
function leave() {
  if (isPlacingSpot() || isPlacing() || tool !== "select") select("select");
  else if (document.body.classList.contains("is-searching")) document.body.classList.remove("is-searching");
  else if (selected().length) clearSelection();
  else if (opened || !pane.hidden) closePlate();
}

pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("[data-close-object]")) {
    if (isPlacing()) select("select");
    else closePlate();
  }
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-act]"));
  if (button && button.getAttribute("aria-disabled") !== "true") askFor(button);
  if (target.closest("[data-move]")) select("move");
  const back = /** @type {HTMLElement | null} */ (target.closest("[data-revert]"));
  if (back) revert(back);
  const to = target.closest("[data-street-of]");
  if (to) openStreet(to.getAttribute("data-street-of") ?? "");
});
table.addEventListener("click", (event) => {
  const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-open-plate]"));
  if (row) openPlate(row.dataset.openPlate ?? "");
});
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-tool]"));
  if (button && button.getAttribute("aria-disabled") !== "true") select(button.dataset.tool ?? "select");
  const step = target.closest("[data-step]")?.getAttribute("data-step");
  if (step) (step === "undo" ? undo : redo)();
  if (target.closest("[data-go=area]")) openStreet("");
  if (target.closest("#left-open")) document.body.classList.add("is-searching");
  if (target.closest("#left-close")) document.body.classList.remove("is-searching");
});
document.addEventListener("plates:changed", () => refresh());
document.addEventListener("plates:open", (event) => openPlate(/** @type {CustomEvent} */ (event).detail));
document.addEventListener("plates:idle", () => select("select"));
document.addEventListener("plates:say", (event) => {
  say(/** @type {CustomEvent} */ (event).detail);
  pointer("crosshair");
});

onClick((latlng) => {
  if (isPlacingSpot()) putSpot(latlng.lng, latlng.lat);
  else if (tool === "ruler") measure(latlng);
  else if (tool === "new") {
    place(latlng.lng, latlng.lat, street);
    say("可拖动标记、改号，再保存");
  } else if (tool === "select") openPlate(plateAt(latlng) ?? "");
});
onDoubleClick(() => endRuler());
onUndoable(() => {
  const next = undoable();
  for (const [step, word] of /** @type {["undo" | "redo", string][]} */ ([["undo", "撤销"], ["redo", "重做"]])) {
    const button = document.querySelector(`[data-step=${step}]`);
    button?.setAttribute("aria-disabled", String(!next[step]));
    button?.setAttribute("title", next[step] ? `${word}：${next[step]}` : `没有可${word}的操作`);
  }
});
onMoved(() => countMarks());
onReturn(() => {
  if (asked("s") !== street) openStreet(asked("s"), false);
  if (asked("p") && asked("p") !== opened) openPlate(asked("p"), false);
  else if (!asked("p") && opened) closePlate();
  showTable(new URLSearchParams(window.location.search).get("v") === "table");
});
document.getElementById("show-map")?.addEventListener("click", () => showTable(false, true));
document.getElementById("show-table")?.addEventListener("click", () => showTable(true, true));
bindKeys({
  select, leave, save: () => saveNew(), isPlacing, undo, redo, tick: list.tickOpened,
  beside: (step) => openPlate(list.beside(step)), table: () => showTable(table.hidden, true),
});

if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("legend")?.removeAttribute("open");
colourBy(new URLSearchParams(window.location.search).get("c") ?? "state");
opened = asked("p");
openStreet(asked("s"), false);
if (opened) openPlate(opened, false);
else select("select");
if (new URLSearchParams(window.location.search).get("v") === "table") showTable(true);
