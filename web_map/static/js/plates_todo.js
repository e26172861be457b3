/** The work at the wall: own tasks with their plates, kept on the phone; what was not taken; scanning a sign. */

import { get, getJson } from "./http.js";
import { showFaults } from "./wall_faults.js";
import { queued } from "./wall_queue.js";
import { codeIn, startScan } from "./wall_scan.js";
import { keepWork, keptWork, plateByCode } from "./wall_store.js";
import { keepGround, startStrip, tellStrip } from "./wall_strip.js";

/** @typedef {import("./wall_store.js").Plate} Plate */
/** @typedef {import("./wall_store.js").Task} Task */

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const find = /** @type {HTMLInputElement} */ (document.getElementById("find"));
const near = part("near");
const MOST = 200;
/** @type {{tasks: Task[], plates: Plate[]}} */
let work = { tasks: [], plates: [] };
let chosen = "";
/** @type {{lon: number, lat: number} | null} */
let here = null;

/** @param {string} tag @param {Record<string, string>} facts_ @param {(Node | string)[]} inner @returns {HTMLElement} */
function el(tag, facts_ = {}, inner = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(facts_)) made.setAttribute(name, value);
  made.append(...inner);
  return made;
}

/** @param {Plate} plate @returns {number} metres from here; an even map is near enough for a street */
function metres(plate) {
  if (!here || plate.lon === null || plate.lat === null) return Infinity;
  const east = (plate.lon - here.lon) * 111320 * Math.cos((here.lat * Math.PI) / 180);
  return Math.hypot(east, (plate.lat - here.lat) * 110950);
}

/** @param {string} state @param {string} [words] */
function chip(state, words = facts.words[state] ?? "") {
  const mark = facts.marks[state] ?? "draft";
  const sign = /** @type {HTMLTemplateElement | null} */ (document.getElementById(`mark-${mark}`));
  return el("span", { class: `chip chip-${mark}` }, [...(sign ? [sign.content.cloneNode(true)] : []), words]);
}

/** @param {Plate} plate @param {string} [fate] */
function row(plate, fate = "") {
  const away = metres(plate);
  const told = fate ? el("span", { class: `chip chip-${fate === "失败" ? "warning" : "info"}` }, [fate]) : chip(plate.state);
  return el("li", {}, [
    el("a", { href: `/plates/${plate.id}/install`, "data-plate": plate.id }, [
      el("b", {}, [plate.name]), el("span", { class: "num" }, [Number.isFinite(away) ? `${Math.round(away)} m` : ""]),
      told, el("span", { class: "quiet" }, [plate.old_text ? `旧名牌：${plate.old_text}` : (facts.kinds[plate.kind] ?? "")]),
    ]),
  ]);
}

/** @param {Task} task @param {number} added hung on this phone, not acknowledged yet */
function taskCard(task, added) {
  const due = task.due_on ? `${task.is_late ? "已逾期 · " : ""}${task.due_on} 前` : "没有期限";
  const hung = Math.min(task.plates, task.hung + added);
  const bar = el("progress", { max: String(task.plates || 1), value: String(hung), "aria-label": `${task.title} 进度` });
  return el("button", { type: "button", class: "wall-task", "data-task": task.id, "aria-pressed": String(task.id === chosen) }, [
    el("b", {}, [task.title]), el("span", { class: "num" }, [`${hung} / ${task.plates} 块`]), bar,
    el("span", { class: task.is_late ? "is-late" : "quiet" }, [due]), el("span", { class: "quiet" }, [task.installer ?? "本地任何安装员"]),
  ]);
}

async function draw() {
  const { waiting, failed } = await queued();
  /** @type {Map<string, string>} */
  const fates = new Map([...waiting.map((one) => [one.plate, "待传"]), ...failed.map((one) => [one.plate, "失败"])]);
  const added = (/** @type {string} */ task) =>
    work.plates.filter((plate) => plate.task_id === task && waiting.some((one) => one.plate === plate.id && one.verb === "install")).length;
  part("tasks").replaceChildren(...work.tasks.map((task) => taskCard(task, added(task.id))));
  const wanted = find.value.trim().toLowerCase();
  const listed = work.plates.filter((plate) => (!chosen || plate.task_id === chosen) && plate.name.toLowerCase().includes(wanted));
  const open = listed.filter((plate) => facts.installable.includes(plate.state));
  if (here) open.sort((one, other) => metres(one) - metres(other));
  // What is recorded steps behind what is still to be done.
  open.sort((one, other) => Number(fates.has(one.id)) - Number(fates.has(other.id)));
  part("own").replaceChildren(...open.slice(0, MOST).map((plate) => row(plate, fates.get(plate.id))));
  part("own-more").hidden = open.length <= MOST;
  part("own-more").textContent = `还有 ${open.length - MOST} 块没有列出，请按距离排，或输入门牌。`;
  const hung = listed.filter((plate) => facts.on_wall.includes(plate.state));
  part("hung").replaceChildren(...hung.slice(0, MOST).map((plate) => row(plate, fates.get(plate.id))));
  part("hung-count").textContent = String(hung.length);
  part("hung-part").hidden = hung.length === 0;
  const left = open.filter((plate) => !fates.has(plate.id)).length;
  part("todo-count").textContent = work.tasks.length ? `${left} 块` : "";
  drawOthers();
  showFaults(failed, facts.words);
}

/** What is in no task stands in the page as the server wrote it: offline it would be out of date. */
function drawOthers() {
  const own = new Set(work.plates.map((plate) => plate.id));
  for (const link of part("others-list").querySelectorAll("a[href*='/install']")) {
    const isOwn = own.has(link.getAttribute("href")?.split("/")[2] ?? "");
    /** @type {HTMLElement} */ (link.closest("li")).hidden = isOwn;
  }
  const some = part("others-list").querySelector("li:not([hidden])") !== null;
  part("others").hidden = !navigator.onLine || (!some && work.plates.length > 0);
  part("others-title").hidden = work.tasks.length === 0;
}

async function refresh() {
  if (!navigator.onLine) return;
  const told = await getJson("/v1/plate-tasks/work");
  if (!told || told.login !== facts.login) return;
  await keepWork(told);
  work = told;
  await draw();
  if (work.plates.length) keepGround(work.plates.filter((plate) => facts.installable.includes(plate.state)));
}

/** @param {URLSearchParams} query */
async function fillOthers(query) {
  if (!navigator.onLine) return;
  const piece = await get(`/panels/plates/todo?${query}`);
  if (piece.ok) part("others-list").innerHTML = piece.html;
  await draw();
}

function byDistance() {
  if (near.getAttribute("aria-pressed") === "true") {
    near.setAttribute("aria-pressed", "false");
    part("near-words").textContent = "已送达、破损或缺失而须补装的门牌。";
    here = null;
    draw();
    fillOthers(new URLSearchParams());
    return;
  }
  if (!navigator.geolocation) {
    part("near-words").textContent = "这台设备不能定位，列表不按距离排。";
    return;
  }
  part("near-words").textContent = "正在定位…";
  navigator.geolocation.getCurrentPosition(
    async ({ coords }) => {
      here = { lon: coords.longitude, lat: coords.latitude };
      near.setAttribute("aria-pressed", "true");
      await draw();
      await fillOthers(new URLSearchParams({ lon: here.lon.toFixed(6), lat: here.lat.toFixed(6) }));
      part("near-words").textContent = `由近到远；定位精度 ±${Math.round(coords.accuracy)} m。`;
    },
    (fault) => {
      part("near-words").textContent = fault.code === 1 ? "没有定位权限：请在浏览器设置中允许定位，列表暂不按距离排。" : "暂时不能定位，请到开阔处再试。";
    },
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 10000 },
  );
}

/** @param {string} text what was scanned or typed @returns {Promise<string>} what is wrong with it */
async function openByCode(text) {
  const code = codeIn(text);
  const own = code ? await plateByCode(facts.login, code) : undefined;
  if (own) {
    window.location.assign(`/plates/${own.id}/install`);
    return "找到了，正在打开…";
  }
  if (!navigator.onLine) return code ? "它不在手机里的任务中，联网后再扫。" : "这不是门牌的二维码。";
  const reply = await fetch(`/v1/plate-tasks/plate?text=${encodeURIComponent(text)}`, { cache: "no-store" }).catch(() => null);
  const told = await reply?.json().catch(() => null);
  if (!reply?.ok) return told?.errors?.[0]?.detail ?? told?.detail ?? "没有查到，请检查网络后再试。";
  window.location.assign(`/plates/${told.id}/install`);
  return "找到了，正在打开…";
}

/** A record was made, arrived or was refused: the phone's own knowledge first, then the register's. */
async function changed() {
  work = await keptWork(facts.login);
  await draw();
  if ((await queued()).waiting.length === 0) refresh();
}

function begin() {
  startStrip(facts, changed);
  if (window.location.hash === "#failed") openFaults();
}

function openFaults() {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("faults"));
  if (!dialog.open) dialog.showModal();
}

part("tasks").addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-task]"));
  if (!button) return;
  chosen = chosen === button.dataset.task ? "" : (button.dataset.task ?? "");
  draw();
});
find.addEventListener("input", draw);
near.addEventListener("click", byDistance);
part("strip-open").addEventListener("click", (event) => {
  event.preventDefault();
  openFaults();
});
for (const name of ["online", "offline"]) {
  window.addEventListener(name, () => {
    tellStrip();
    draw();
  });
}
startScan(openByCode);
begin();
