/** 一张图: joins map, search, panes, table and looks. */

import { get, getJson } from "./http.js";
import { ask, end, isLooking, startLooking } from "./look.js";
import { centre, countPlates, goTo, onMoved, onPick, showBox, showView, viewBox, zoomBy } from "./map.js";
import { chosenRoom, closeBuilding, openBuilding, openedBuilding, startPanes } from "./panes.js";
import { closeSearch, onHit } from "./search.js";
import { isTyping } from "./shell.js";
import { onReturn, remember, wanted } from "./state.js";

const crumbs = /** @type {HTMLElement} */ (document.getElementById("crumbs"));
const room = /** @type {HTMLElement} */ (document.getElementById("room"));
const table = /** @type {HTMLElement} */ (document.getElementById("table-twin"));
const mayLook = document.getElementById("purpose") !== null;

async function drawCrumbs() {
  const building = openedBuilding();
  const query = building ? { building_id: building } : centre();
  const answer = await get(`/panels/crumbs?${new URLSearchParams(query)}`);
  if (!answer.ok || building !== openedBuilding()) return;
  crumbs.innerHTML = answer.html;
  addRoom();
}

/** The last step is the room whose occupants are shown. */
function addRoom() {
  crumbs.querySelector("[data-room]")?.remove();
  const last = crumbs.querySelector("li:last-child span");
  const name = mayLook && isLooking() ? chosenRoom()?.room : "";
  last?.toggleAttribute("aria-current", !name);
  if (!name) {
    last?.setAttribute("aria-current", "location");
    return;
  }
  const step = document.createElement("li");
  step.dataset.room = "";
  step.innerHTML = '<span aria-current="location"></span>';
  /** @type {HTMLElement} */ (step.firstChild).textContent = name;
  crumbs.querySelector("ol")?.append(step);
}

/** @param {string} id @param {Parameters<typeof openBuilding>[1]} [hint] */
async function open(id, hint) {
  if (mayLook) end();
  closeSearch();
  const opening = openBuilding(id, hint);
  showTable(false);
  await opening;
  drawCrumbs();
}

function askForRoom() {
  const chosen = chosenRoom();
  if (!chosen) return;
  const values = chosen.unit ? { unit_id: chosen.unit } : { building_id: chosen.building };
  ask({ url: "/panels/occupants", title: `${chosen.title} · 现住人员`, values });
}

/** @param {boolean} isTable @param {boolean} [isStep] whether the way back undoes it */
async function showTable(isTable, isStep = false) {
  document.getElementById("show-map")?.setAttribute("aria-pressed", String(!isTable));
  document.getElementById("show-table")?.setAttribute("aria-pressed", String(isTable));
  table.hidden = !isTable;
  remember({ v: isTable ? "table" : null }, isStep);
  if (isTable) await fillTable();
}

async function fillTable() {
  const answer = await get(`/panels/table?${new URLSearchParams(viewBox())}`);
  table.innerHTML = answer.html;
  window.htmx?.process(table);
}

/** @param {EventTarget | null} target open the building of a table row */
function openRow(target) {
  const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("tr[data-building]"));
  if (row) open(row.dataset.building ?? "", { lon: Number(row.dataset.lon), lat: Number(row.dataset.lat), zoom: 17.5 });
}

/** @param {string} id show an area whole */
async function showArea(id) {
  const answer = await getJson(`/panels/areas/${encodeURIComponent(id)}`);
  if (!answer) return;
  closeSearch();
  if (openedBuilding()) closeBuilding();
  showBox(answer.box);
}

startPanes({
  onClose: () => {
    if (mayLook) end();
    drawCrumbs();
  },
  onRoom: () => {
    if (mayLook && isLooking()) askForRoom();
  },
});
onPick((id) => open(id));
onHit((hit) => {
  const at = { unit: hit.unit, lon: hit.lon, lat: hit.lat, zoom: 18 };
  if (hit.building) open(hit.building, at);
  else if (hit.lon !== null && hit.lat !== null) {
    closeSearch();
    goTo(hit.lon, hit.lat, hit.kind === "street" ? 16 : 18);
  }
});
onMoved(() => {
  countPlates();
  if (!openedBuilding()) drawCrumbs();
  if (!table.hidden) fillTable();
  const { lon, lat } = centre();
  for (const [name, value] of Object.entries({ lon, lat })) {
    /** @type {HTMLInputElement} */ (document.getElementById(`search-${name}`)).value = value;
  }
});
if (mayLook) {
  startLooking({
    container: room,
    shown: () => {
      room.hidden = false;
      document.body.classList.add("is-looking");
      addRoom();
      /** @type {HTMLElement | null} */ (room.querySelector("#room-title"))?.focus();
    },
    ended: () => {
      const hadFocus = room.contains(document.activeElement) || document.activeElement === document.body;
      room.hidden = true;
      document.body.classList.remove("is-looking");
      addRoom();
      const chosen = document.querySelector("#object .room[aria-pressed=true], #choose-building[aria-pressed=true]");
      if (hadFocus) /** @type {HTMLElement | null} */ (chosen)?.focus();
    },
  });
}
if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("legend")?.removeAttribute("open");
if (wanted.building) {
  const isViewGiven = wanted.lon !== null;
  open(wanted.building, { unit: wanted.unit ?? "", zoom: isViewGiven ? undefined : 18 });
}
if (wanted.table) showTable(true);
onReturn(({ lon, lat, zoom, building, unit, table: isTable }) => {
  if (mayLook) end();
  if (!building) closeBuilding();
  else if (building !== openedBuilding()) open(building, { unit: unit ?? "" });
  if (lon !== null && lat !== null && zoom !== null) showView(lon, lat, zoom);
  showTable(isTable);
});

document.getElementById("show-map")?.addEventListener("click", () => showTable(false, true));
document.getElementById("show-table")?.addEventListener("click", () => showTable(true, true));
document.getElementById("print")?.addEventListener("click", () => window.print());
table.addEventListener("click", (event) => openRow(event.target));
table.addEventListener("keydown", (event) => {
  if (event.key === "Enter") openRow(event.target);
});
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const area = target.closest("[data-area]");
  if (area) showArea(area.getAttribute("data-area") ?? "");
  const look = target.closest("#look");
  if (look && look.getAttribute("aria-disabled") !== "true") askForRoom();
});
document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
  if (event.key === "+" || event.key === "=") zoomBy(1);
  if (event.key === "-") zoomBy(-1);
  if (event.key === "Escape") {
    if (mayLook && isLooking()) end();
    else if (document.body.classList.contains("is-searching")) closeSearch();
    else closeBuilding();
  }
});
