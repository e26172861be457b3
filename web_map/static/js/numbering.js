/** 门牌编号: choose a street, say how, look at all its numbers on the map and in the table, store them in one act. */

import { get, post } from "./http.js";
import { onMoved, showBox, zoomBy } from "./map.js";
import { publish, save, tellSaved } from "./numbering_acts.js";
import { takeBack, takeBackIntake } from "./numbering_back.js";
import { map, rowAt } from "./numbering_map.js";
import { again, bearersOf, forgetTable, nextError, pick, readTable, reset, shift, take } from "./numbering_table.js";
import { drawStreet, middle, onClick, pointer } from "./plates_map.js";
import { isTyping, toast } from "./shell.js";
import { onReturn, remember } from "./state.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const choose = /** @type {HTMLElement} */ (document.getElementById("choose"));
const options = /** @type {HTMLElement} */ (document.getElementById("options"));
const streets = /** @type {HTMLElement} */ (document.getElementById("streets"));
const prompt = /** @type {HTMLElement} */ (document.getElementById("plate-prompt"));
const BARS = '<div class="bars" role="status" aria-label="正在读取"><i></i><i></i><i></i><i></i></div>';
const ID = /^[0-9a-f-]{36}$/;
const ask = { street: "", task: "number", mode: "", side: "", origin: "", keep: true };
/** @type {[number, number][]} doors put by hand */
let doors = [];
/** @type {[number, number] | null} */
let gate = null;
/** @type {any} what the page holds of the street shown */
let shown = null;
/** @type {{doors: any[], kept: any[], changed: any[], errors: number, warnings: number, odd: number, even: number} | null} */
let sum = null;
let picking = "";
let turn = 0;

function readAddress() {
  const asked = new URLSearchParams(window.location.search);
  ask.street = ID.test(asked.get("s") ?? "") ? (asked.get("s") ?? "") : "";
  ask.task = asked.get("t") === "renumber" ? "renumber" : "number";
  ask.mode = ["order", "distance"].includes(asked.get("m") ?? "") ? (asked.get("m") ?? "") : "";
  ask.side = ["odd", "even"].includes(asked.get("d") ?? "") ? (asked.get("d") ?? "") : "";
  ask.origin = asked.get("o") === "other" ? "other" : "";
  ask.keep = asked.get("k") !== "no";
}

/** @param {boolean} isStep */
function writeAddress(isStep) {
  const { street, task, mode, side, origin, keep } = ask;
  remember({ s: street || null, t: task === "number" ? null : task, m: mode || null, d: side || null, o: origin || null, k: keep ? null : "no" }, isStep);
}

/** @param {string} text the beginning of a name */
async function listStreets(text = "") {
  const answer = await get(`/panels/numbering/streets?${new URLSearchParams({ text })}`);
  streets.innerHTML = answer.html;
}

/** @param {string} id @param {boolean} [isStep] @param {string} [origin] the end that the address asks for */
async function openStreet(id, isStep = true, origin = "") {
  const isOther = id !== ask.street;
  ask.street = id;
  if (isOther) {
    doors = [];
    gate = null;
    ask.origin = origin;
    shown = null;
    document.getElementById("told")?.replaceChildren();
  }
  writeAddress(isStep);
  document.body.classList.remove("is-searching");
  choose.hidden = id !== "";
  options.hidden = id === "";
  if (id) await preview(isOther);
  else close();
}

function close() {
  shown = null;
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object", "is-table");
  drawStreet([]);
  forgetTable();
}

/** Ask for the plan with the options as they are; only the latest answer counts. @param {boolean} comes whether the map moves to the street */
async function preview(comes) {
  const mine = (turn += 1);
  pane.hidden = false;
  document.body.classList.add("has-object");
  if (!pane.querySelector(`[data-street="${ask.street}"]`)) pane.innerHTML = BARS;
  const from = gate ?? (ask.origin === "other" ? shown?.map?.ends?.[0] : null);
  /** @type {Record<string, string>} */
  const values = { street: ask.street, task: ask.task, mode: ask.mode, side: ask.side, keep: ask.keep ? "true" : "", doors: JSON.stringify(doors) };
  if (from) Object.assign(values, { lon: String(from[0]), lat: String(from[1]) });
  const answer = await post("/panels/numbering/preview", values);
  if (mine !== turn) return;
  pane.innerHTML = answer.html;
  const head = /** @type {HTMLElement | null} */ (pane.querySelector("[data-street]"));
  if (!head) return forgetTable();
  const told = head.dataset.map ? JSON.parse(head.dataset.map) : null;
  // The far end is that of the profile's own direction, however it is counted just now.
  const ends = ask.origin === "other" ? shown?.map?.ends : told?.ends;
  shown = { ...head.dataset, map: told ? { ...told, ends } : null };
  if (ask.origin === "other" && !ends && told) {
    // The address asked for the other end before it was known: ask once more.
    shown.map.ends = told.ends;
    await preview(comes);
    return;
  }
  showOptions();
  drawStreet(told?.lines ?? [], { length: told?.length, hands: told?.hands });
  if (told?.box && comes) {
    map.invalidateSize({ pan: false });
    showBox(told.box, false);
  }
  const keeps = /** @type {HTMLInputElement} */ (document.getElementById("take-free"));
  if (pane.querySelector("[data-slot]")) {
    readTable(ask.task === "renumber", tellSum);
    if (keeps.checked) take("free", true);
  }
  else forgetTable();
}

/** The options as they are, those alone that the street and the task have. */
function showOptions() {
  const isEstate = shown?.rows === "1";
  const is = new Set([isEstate ? "estate" : "street", ask.task]);
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (options.querySelectorAll("[data-only]"))) {
    part.hidden = !(part.dataset.only ?? "").split(" ").every((one) => is.has(one)) || (part.dataset.only === "estate" && ask.task !== "number");
  }
  for (const name of /** @type {("mode" | "side" | "origin")[]} */ (["mode", "side", "origin"])) {
    for (const button of options.querySelectorAll(`[data-${name}]`)) button.setAttribute("aria-pressed", String(button.getAttribute(`data-${name}`) === ask[name]));
  }
  for (const button of document.querySelectorAll("[data-task]")) button.setAttribute("aria-pressed", String(button.getAttribute("data-task") === ask.task));
  /** @type {HTMLInputElement} */ (document.getElementById("keep")).checked = ask.keep;
  const say = (/** @type {string} */ id, /** @type {string} */ words) => {
    /** @type {HTMLElement} */ (document.getElementById(id)).textContent = words;
  };
  say("street-name", shown?.name ?? "");
  say("street-told", shown?.told ?? "");
  say("side-words", shown?.oddSide ? `单号在${shown.oddSide}侧 · ${shown.way ?? ""}` : "");
  const drop = /** @type {HTMLElement} */ (document.getElementById("drop-doors"));
  drop.hidden = doors.length === 0;
  /** @type {HTMLElement} */ (drop.querySelector("b")).textContent = String(doors.length);
}

/** @param {NonNullable<typeof sum>} found say what would be done, and whether it may be */
function tellSum(found) {
  sum = found;
  const isChange = ask.task === "renumber";
  const count = isChange ? found.changed.length : found.doors.length + found.kept.length;
  const parts = isChange ? [`改 ${found.changed.length} 个号`] : [`新编 ${found.doors.length}`, ...(found.odd + found.even ? [`单 ${found.odd} · 双 ${found.even}`] : []), ...(found.kept.length ? [`留 ${found.kept.length}`] : [])];
  if (found.errors) parts.push(`${found.errors} 处不能存`);
  else if (found.warnings) parts.push(`${found.warnings} 处提示`);
  const foot = document.getElementById("numbering-sum");
  if (foot) foot.textContent = parts.join("　");
  foot?.classList.toggle("field-error", found.errors > 0);
  const why = found.errors ? "请先改好标出的号" : count ? "" : isChange ? "还没有改动" : "没有要编的号";
  const button = document.getElementById("save");
  button?.setAttribute("aria-disabled", String(why !== ""));
  if (button) button.title = why;
}

async function store() {
  const why = document.getElementById("save");
  if (!why || !sum || !shown) return;
  if (why.getAttribute("aria-disabled") === "true") {
    toast(why.title);
    if (sum.errors) nextError();
    return;
  }
  const { street } = ask;
  if (ask.task === "renumber") publish(shown, sum, (actId) => readAgain(actId));
  else save(shown, sum, async (words, numbers) => {
    await readAgain("");
    tellSaved(street, words, bearersOf(numbers), () => preview(false));
  });
}

/** Read the street again after an act. @param {string} actId the act that changed numbers */
async function readAgain(actId) {
  doors = [];
  tellDone(actId);
  await preview(false);
}

/** What can be done next with what was just stored. @param {string} actId the act that changed numbers */
function tellDone(actId) {
  const place = /** @type {HTMLElement} */ (document.getElementById("told"));
  const link = document.createElement("a");
  link.className = "btn";
  link.href = actId ? `/address-changes?act=${encodeURIComponent(actId)}` : `/plates?s=${encodeURIComponent(ask.street)}`;
  link.textContent = actId ? "旧号与新号对照" : "到编辑页逐个核对";
  place.replaceChildren(link);
}

/** @param {string} what gate, door or nothing: what the next click on the map puts */
function pickOnMap(what) {
  picking = what;
  pointer(what ? "crosshair" : "");
  for (const [id, name] of [["pick-gate", "gate"], ["add-door", "door"]]) document.getElementById(id)?.setAttribute("aria-pressed", String(what === name));
  prompt.hidden = !what;
  prompt.textContent = { gate: "点一下小区的出入口 · Esc 取消", door: "点一下加一扇门，可连续点；Enter 加在中心 · Esc 结束" }[what] ?? "";
  if (what) document.body.classList.remove("is-searching", "is-table");
}

/** @param {number} lon @param {number} lat */
function put(lon, lat) {
  const point = /** @type {[number, number]} */ ([Number(lon.toFixed(7)), Number(lat.toFixed(7))]);
  if (picking === "gate") {
    gate = point;
    pickOnMap("");
  } else doors.push(point);
  preview(false);
}

/** @param {boolean} isTable on a phone the table covers the map */
function showTable(isTable) {
  document.body.classList.toggle("is-table", isTable);
  document.getElementById("show-map")?.setAttribute("aria-pressed", String(!isTable));
  document.getElementById("show-table")?.setAttribute("aria-pressed", String(isTable));
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const street = target.closest("button[data-street]");
  if (street) openStreet(street.getAttribute("data-street") ?? "");
  for (const name of /** @type {("mode" | "side" | "origin" | "task")[]} */ (["mode", "side", "origin", "task"])) {
    const button = target.closest(`button[data-${name}]`);
    if (!button) continue;
    ask[name] = button.getAttribute(`data-${name}`) ?? "";
    writeAddress(false);
    if (ask.street) preview(false);
    else showOptions();
  }
  const by = target.closest("[data-shift]")?.getAttribute("data-shift");
  const why = by ? shift(Number(by)) : "";
  if (why) toast(why);
  if (target.closest("[data-again]")) again();
  if (target.closest("[data-reset]")) reset();
  if (target.closest("#other-street")) openStreet("");
  if (target.closest("#pick-gate")) pickOnMap(picking === "gate" ? "" : "gate");
  if (target.closest("#add-door")) pickOnMap(picking === "door" ? "" : "door");
  if (target.closest("#drop-doors")) {
    doors = [];
    preview(false);
  }
  if (target.closest("#save")) store();
  if (target.closest("#take-back") && shown) takeBack(shown, () => readAgain(""));
  if (target.closest("#take-back-intake") && shown) takeBackIntake(shown, () => {
    // Nothing may be left to be numbered: then the old version would stay.
    shown = null;
    readAgain("");
  });
  if (target.closest("#show-map")) showTable(false);
  if (target.closest("#show-table")) showTable(true);
  if (target.closest("#left-open")) document.body.classList.add("is-searching");
  if (target.closest("#left-close")) document.body.classList.remove("is-searching");
});
document.getElementById("keep")?.addEventListener("change", (event) => {
  ask.keep = /** @type {HTMLInputElement} */ (event.target).checked;
  writeAddress(false);
  preview(false);
});
document.getElementById("take-free")?.addEventListener("change", (event) => {
  take("free", /** @type {HTMLInputElement} */ (event.target).checked);
});
let filtering = 0;
document.getElementById("street-filter")?.addEventListener("input", (event) => {
  const text = /** @type {HTMLInputElement} */ (event.target).value.trim().toLowerCase();
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (streets.querySelectorAll("[data-street-row]"))) {
    row.hidden = text !== "" && !(row.dataset.find ?? "").toLowerCase().includes(text);
  }
  // A long list holds the first names alone: ask for those that begin so.
  window.clearTimeout(filtering);
  if (streets.querySelector("[data-cut]") || streets.dataset.asked) filtering = window.setTimeout(() => {
    streets.dataset.asked = text;
    listStreets(text);
  }, 250);
});
options.addEventListener("submit", (event) => event.preventDefault());
onClick((latlng) => {
  if (picking) return put(latlng.lng, latlng.lat);
  const place = rowAt(latlng);
  if (place !== null) pick(place, false);
});
document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  const isCommand = event.ctrlKey || event.metaKey;
  if (isCommand && event.key.toLowerCase() === "s") {
    event.preventDefault();
    store();
  }
  if (event.key === "F2") {
    event.preventDefault();
    nextError();
  }
  if (event.key === "Escape") {
    if (picking) pickOnMap("");
    else document.body.classList.remove("is-searching");
  }
  if (isTyping(event.target) || isCommand || event.altKey) return;
  if (event.key.toLowerCase() === "n" && shown && shown.rows !== "1" && ask.task === "number") pickOnMap("door");
  if (event.key === "Enter" && picking && !(event.target instanceof HTMLButtonElement)) put(middle().lon, middle().lat);
  if (event.key === "+" || event.key === "=") zoomBy(1);
  if (event.key === "-") zoomBy(-1);
});
document.addEventListener("numbering:stale", () => preview(false));
onMoved(() => {});
onReturn(() => {
  const before = ask.street;
  readAddress();
  const wanted = ask.street;
  ask.street = before;
  openStreet(wanted, false, ask.origin);
});

const keys = /** @type {HTMLTemplateElement} */ (document.getElementById("numbering-keys"));
document.querySelector("#keys .keys")?.prepend(keys.content.cloneNode(true));
if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("plan-legend")?.removeAttribute("open");
readAddress();
showOptions();
listStreets();
const first = ask.street;
ask.street = "";
if (first) openStreet(first, false, ask.origin);
else if (window.matchMedia("(max-width: 767px)").matches) document.body.classList.add("is-searching");
