/** The pane of a building: opening, tabs, rooms; what was clicked stays in sight. */

import { get } from "./http.js";
import { choose, goTo, keepInView } from "./map.js";
import { remember } from "./state.js";

const BARS = '<div class="bars" role="status" aria-label="正在读取"><i></i><i></i><i></i><i></i><i></i><i></i></div>';
const CLOSE = '<button type="button" class="btn btn-bar" data-close-object>关闭</button>';
const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
let opened = "";

/** @typedef {{unit: string, building: string, room: string, title: string}} Chosen one room, or the whole building with no unit */
/** @type {Chosen | null} */
let chosen = null;
/** @type {() => void} */
let closed = () => {};
/** @type {(chosen: Chosen) => void} */
let picked = () => {};

/** @param {{onClose: () => void, onRoom: (chosen: Chosen) => void}} handlers */
export function startPanes(handlers) {
  closed = handlers.onClose;
  picked = handlers.onRoom;
}

/** @returns {Chosen | null} */
export function chosenRoom() {
  return chosen;
}

export function openedBuilding() {
  return opened;
}

/** @param {string} id @param {{unit?: string, lon?: number | null, lat?: number | null, zoom?: number}} [hint] */
export async function openBuilding(id, hint = {}) {
  opened = id;
  chosen = null;
  pane.hidden = false;
  pane.innerHTML = BARS;
  document.body.classList.add("has-object");
  choose(id);
  if (hint.lon != null && hint.lat != null) goTo(hint.lon, hint.lat, hint.zoom ?? 17.5);
  remember({ b: id, u: hint.unit || null }, true);
  const answer = await get(`/panels/buildings/${encodeURIComponent(id)}`);
  if (opened !== id) return;
  pane.innerHTML = answer.html;
  if (!answer.ok) pane.querySelector(".state")?.insertAdjacentHTML("beforeend", CLOSE);
  window.htmx?.process(pane);
  const body = /** @type {HTMLElement | null} */ (pane.querySelector("[data-building]"));
  if (body) {
    const [lon, lat] = [Number(body.dataset.lon), Number(body.dataset.lat)];
    if (hint.lon == null && hint.zoom) goTo(lon, lat, hint.zoom);
    keepInView(lon, lat);
  }
  const rooms = roomButtons();
  if (rooms[0]) rooms[0].tabIndex = 0;
  const wanted = rooms.find((room) => room.dataset.unit === hint.unit);
  if (wanted) chooseRoom(wanted);
}

export function closeBuilding() {
  if (!opened) return;
  opened = "";
  chosen = null;
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object");
  choose(null);
  remember({ b: null, u: null }, true);
  closed();
}

/** @returns {HTMLElement[]} */
function roomButtons() {
  return /** @type {HTMLElement[]} */ ([...pane.querySelectorAll(".room")]);
}

function title() {
  return /** @type {HTMLElement | null} */ (pane.querySelector("[data-building]"))?.dataset.title ?? "";
}

/** @param {HTMLElement | null} room null chooses the whole building */
function chooseRoom(room) {
  for (const one of roomButtons()) {
    one.setAttribute("aria-pressed", String(one === room));
    one.tabIndex = one === room ? 0 : -1;
  }
  const whole = pane.querySelector("#choose-building");
  whole?.setAttribute("aria-pressed", String(room === null));
  const name = room ? (room.dataset.room ?? "") : "整幢";
  chosen = { unit: room?.dataset.unit ?? "", building: opened, room: name, title: room ? `${title()}${name}` : `${title()}（整幢）` };
  room?.scrollIntoView({ block: "nearest", inline: "nearest" });
  remember({ u: chosen.unit || null });
  const look = pane.querySelector("#look");
  look?.removeAttribute("aria-disabled");
  look?.setAttribute("title", `查看${name}的住户`);
  const hint = pane.querySelector("#look-hint .foot-room");
  if (hint) hint.textContent = `已选 ${name}`;
  pane.querySelector("#look-hint .foot-more")?.remove();
  picked(chosen);
}

/** @param {HTMLElement} from @param {string} key move to the nearest room in a direction */
function step(from, key) {
  const at = from.getBoundingClientRect();
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key] ?? [0, 0];
  let best = null;
  let least = Number.POSITIVE_INFINITY;
  for (const room of roomButtons()) {
    const to = room.getBoundingClientRect();
    const [x, y] = [to.left - at.left, to.top - at.top];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (ahead > 4 && ahead + aside * 4 < least) [best, least] = [room, ahead + aside * 4];
  }
  if (!best) return;
  from.tabIndex = -1;
  best.tabIndex = 0;
  best.focus();
}

/** @param {HTMLElement} tab */
async function openTab(tab) {
  for (const other of pane.querySelectorAll("[role=tab]")) {
    const isOpen = other === tab;
    other.setAttribute("aria-selected", String(isOpen));
    /** @type {HTMLElement} */ (other).tabIndex = isOpen ? 0 : -1;
    /** @type {HTMLElement} */ (pane.querySelector(`#${other.getAttribute("aria-controls")}`)).hidden = !isOpen;
  }
  const panel = /** @type {HTMLElement} */ (pane.querySelector(`#${tab.getAttribute("aria-controls")}`));
  if (!tab.dataset.load || panel.childElementCount) return;
  panel.innerHTML = BARS;
  panel.innerHTML = (await get(tab.dataset.load)).html;
}

pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const room = /** @type {HTMLElement | null} */ (target.closest(".room"));
  const tab = /** @type {HTMLElement | null} */ (target.closest("[role=tab]"));
  if (room) chooseRoom(room);
  if (tab) openTab(tab);
  if (target.closest("#choose-building")) chooseRoom(null);
  if (target.closest("[data-close-object]")) closeBuilding();
  if (target.closest("[data-print]")) window.print();
});
pane.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.matches(".rooms-scroll") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    roomButtons().find((room) => room.tabIndex === 0)?.focus();
  } else if (target.matches(".room") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    step(target, event.key);
  } else if (target.matches("[role=tab]") && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    const tabs = /** @type {HTMLElement[]} */ ([...pane.querySelectorAll("[role=tab]")]);
    const next = tabs[(tabs.indexOf(target) + (event.key === "ArrowRight" ? 1 : tabs.length - 1)) % tabs.length];
    next.focus();
    openTab(next);
  }
});
