/** 门牌编辑: joins list, map, the pane of a plate and the tools to add and move. */

import { get, getJson } from "./http.js";
import { countPlates, onMoved, showBox, zoomBy } from "./map.js";
import { act, ask, fieldsOf, forget, onUndoable, tell, undo, undoable } from "./plates_acts.js";
import "./plates_bulk.js";
import { startList } from "./plates_list.js";
import { drawStreet, onClick, plateAt, pointer, redrawPlates, ring, showMarks, showPlate } from "./plates_map.js";
import { cancelMove, isMoving, startMove } from "./plates_move.js";
import { cancelNew, isPlacing, place, saveNew, startNew } from "./plates_new.js";
import { isTyping } from "./shell.js";
import { onReturn, remember } from "./state.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const table = /** @type {HTMLElement} */ (document.getElementById("table-twin"));
const prompt = /** @type {HTMLElement} */ (document.getElementById("plate-prompt"));
const tools = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-tool]")]);
const BARS = '<div class="bars" aria-label="正在读取"><i></i><i></i><i></i><i></i></div>';
const ID = /^[0-9a-f-]{36}$/;
let opened = "";
let street = "";
let tool = "select";

/** @param {string} name */
function asked(name) {
  const value = new URLSearchParams(window.location.search).get(name) ?? "";
  return name === "m" || ID.test(value) ? value : "";
}

const list = startList({
  open: (id) => openPlate(id),
  street: (id, isStep) => openStreet(id, isStep),
  missing: (address) => openHole(address),
});

/** @param {string} id an empty id shows all streets @param {boolean} [isStep] */
async function openStreet(id, isStep = true) {
  street = id;
  remember({ s: id || null }, isStep);
  const [, found] = await Promise.all([list.load(id), id ? getJson(`/panels/plates/streets/${id}`) : null]);
  if (street !== id) return;
  drawStreet(found?.axis?.coordinates ?? []);
  /** @type {HTMLElement} */ (document.getElementById("where")).textContent = found?.name ?? "全部道路";
  if (found?.box && isStep) showStreet(found);
  if (!table.hidden) fillTable();
}

/** @param {any} found a street: all of it where its marks can be seen so, else its middle */
function showStreet({ box, axis }) {
  showBox(box, false);
  const [west, south, east, north] = box;
  const line = axis?.coordinates[0] ?? [];
  const [lon, lat] = line[Math.floor(line.length / 2)] ?? [(west + east) / 2, (south + north) / 2];
  showMarks(lon, lat);
}

/** @param {string} id @param {boolean} [isStep] */
async function openPlate(id, isStep = true) {
  if (isPlacing()) cancelNew();
  if (isMoving() && id !== opened) cancelMove();
  opened = id;
  pane.hidden = false;
  document.body.classList.add("has-object");
  document.body.classList.remove("is-searching");
  if (!pane.querySelector(`[data-plate="${id}"]`)) pane.innerHTML = BARS;
  remember({ p: id }, isStep);
  const answer = await get(`/panels/plates/${encodeURIComponent(id)}`);
  if (opened !== id) return;
  pane.innerHTML = answer.html;
  const body = /** @type {HTMLElement | null} */ (pane.querySelector("[data-plate]"));
  if (body?.dataset.lon) showPlate(Number(body.dataset.lon), Number(body.dataset.lat));
  else ring(null, null);
  list.choose(id);
  select(isMoving() ? "move" : "select");
}

function closePlate() {
  opened = "";
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object");
  ring(null, null);
  list.choose("");
  remember({ p: null }, true);
  select("select");
}

/** Show again what an act has changed: plate, list, rates, map. */
async function refresh() {
  redrawPlates();
  countPlates();
  await Promise.all([list.load(street), opened ? openPlate(opened, false) : null, table.hidden ? null : fillTable()]);
}

/** @param {string} address an address without any plate */
async function openHole(address) {
  select("select");
  closePlate();
  pane.hidden = false;
  document.body.classList.add("has-object");
  document.body.classList.remove("is-searching");
  pane.innerHTML = BARS;
  const answer = await get(`/panels/plates/holes/${encodeURIComponent(address)}`);
  if (opened) return;
  pane.innerHTML = answer.html;
  const body = /** @type {HTMLElement | null} */ (pane.querySelector("[data-hole]"));
  if (body?.dataset.lon) showPlate(Number(body.dataset.lon), Number(body.dataset.lat));
  list.choose(address);
}

/** @param {string} wanted select, new or move */
function select(wanted) {
  if (wanted === "undo") {
    undo();
    return;
  }
  if (wanted !== "new" && isPlacing()) cancelNew();
  if (wanted !== "move" && isMoving()) cancelMove();
  const body = /** @type {HTMLElement | null} */ (pane.querySelector("[data-plate]"));
  const mayMove = body?.dataset.mayMove === "true";
  tool = wanted === "move" && !mayMove ? "select" : wanted;
  for (const button of tools) {
    if (button.dataset.tool !== "undo") button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    if (button.dataset.tool === "move") {
      button.setAttribute("aria-disabled", String(!mayMove));
      button.title = mayMove ? "移动所选门牌" : body ? (body.dataset.whyNotMove ?? "") : "请先选一块门牌";
    }
  }
  pointer(tool === "new" ? "crosshair" : "");
  if (tool === "new" && !isPlacing()) {
    if (opened) closePlate();
    tool = "new";
    startNew();
  }
  if (tool === "move" && body && !isMoving()) {
    startMove({
      id: body.dataset.plate ?? "", title: body.dataset.title ?? "", version: Number(body.dataset.version),
      lon: Number(body.dataset.lon), lat: Number(body.dataset.lat),
    });
  }
  say({ new: "点一下地图放新门牌（或按 Enter）", move: "拖动标记，松开即保存；方向键微调" }[tool] ?? "");
}

/** @param {string} words */
function say(words) {
  const extra = words ? " · " : "";
  prompt.hidden = !words;
  prompt.textContent = words ? `${words}${extra}Esc 取消` : "";
}

/** @param {HTMLElement} button an act that the plate's state allows */
function askFor(button) {
  const { url = "", version = null, title = "", text = "", fields = "", object = "" } = button.dataset;
  ask({
    title, object, text, fields: fieldsOf(fields),
    send: async (values, key) => {
      const fixed = JSON.parse(button.dataset.body ?? "{}");
      const answer = await act(url, { ...fixed, ...values }, { version, key });
      if (answer.ok) {
        forget();
        tell(`${object}：${title}，已记录`);
        // A new plate, or the successor of a replaced one, is shown instead of what was there.
        if (ID.test(answer.body.id ?? "")) opened = answer.body.id;
        refresh();
      }
      return answer;
    },
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

pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("[data-close-object]")) {
    if (isPlacing()) select("select");
    else closePlate();
  }
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-act]"));
  if (button && button.getAttribute("aria-disabled") !== "true") askFor(button);
  if (target.closest("[data-move]")) select("move");
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
  if (target.closest("[data-go=area]")) openStreet("");
  if (target.closest("#left-open")) document.body.classList.add("is-searching");
  if (target.closest("#left-close")) document.body.classList.remove("is-searching");
});
document.addEventListener("plates:changed", () => refresh());
document.addEventListener("plates:open", (event) => openPlate(/** @type {CustomEvent} */ (event).detail));
document.addEventListener("plates:idle", () => select("select"));

onClick((latlng) => {
  if (tool === "new") {
    place(latlng.lng, latlng.lat, street);
    say("可拖动标记、改号，再保存");
    return;
  }
  if (tool === "move") return;
  const id = plateAt(latlng);
  if (id) openPlate(id);
});
onUndoable(() => {
  const button = tools.find((one) => one.dataset.tool === "undo");
  const words = undoable();
  button?.setAttribute("aria-disabled", String(!words));
  if (button) button.title = words ? `撤销：${words}` : "没有可撤销的操作";
});
onMoved(() => countPlates());
onReturn(() => {
  if (asked("s") !== street) openStreet(asked("s"), false);
  if (asked("p") && asked("p") !== opened) openPlate(asked("p"), false);
  else if (!asked("p") && opened) closePlate();
  showTable(new URLSearchParams(window.location.search).get("v") === "table");
});

document.getElementById("show-map")?.addEventListener("click", () => showTable(false, true));
document.getElementById("show-table")?.addEventListener("click", () => showTable(true, true));
document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "s" && isPlacing()) {
    event.preventDefault();
    saveNew();
  }
  if (event.key === "Escape") {
    if (isPlacing() || tool !== "select") select("select");
    else if (document.body.classList.contains("is-searching")) document.body.classList.remove("is-searching");
    else if (opened) closePlate();
  }
  if (isTyping(event.target)) return;
  if (isCommand && event.key.toLowerCase() === "z" && !event.shiftKey) {
    event.preventDefault();
    undo();
  }
  if (isCommand || event.altKey) return;
  const wanted = { v: "select", n: "new", m: "move" }[event.key.toLowerCase()];
  if (wanted) select(wanted);
  if (event.key === "+" || event.key === "=") zoomBy(1);
  if (event.key === "-") zoomBy(-1);
});

const keys = /** @type {HTMLTemplateElement} */ (document.getElementById("plate-keys"));
document.querySelector("#keys .keys")?.prepend(keys.content.cloneNode(true));
if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("legend")?.removeAttribute("open");
openStreet(asked("s"), false);
if (asked("p")) openPlate(asked("p"), false);
else select("select");
if (new URLSearchParams(window.location.search).get("v") === "table") showTable(true);
