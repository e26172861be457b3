/** The map of 地名: the chosen name's axis, an axis that is being drawn, and the names alike around it. */

import { showBox } from "./map.js";

const { map } = window.townMap;

const prompt = /** @type {HTMLElement} */ (document.getElementById("plate-prompt"));
const tools = /** @type {HTMLElement} */ (document.getElementById("axis-tools"));
const OWN = { color: "#0b5cad", weight: 5, opacity: 0.9 };
const DRAWN = { color: "#a33a00", weight: 4, opacity: 0.95 };
const HINT = window.matchMedia("(max-width: 767px)").matches ? "沿道路逐点点击，最后点“画完”" : "沿道路逐点点击，双击或按 Enter 完成；退格键撤一点，Esc 重画";
const EDIT_HINT = "拖动白点改线，拖动中间的小点加点，右键删点";

/** @type {any} */
let own = null;
/** @type {any} */
let drawn = null;
/** @type {any} */
let alike = null;
/** @type {((line: any) => void) | null} */
let changed = null;

/** @param {string} name @param {boolean} isShown */
function legend(name, isShown) {
  const item = /** @type {HTMLElement | null} */ (document.querySelector(`[data-legend="${name}"]`));
  if (item) item.hidden = !isShown;
}

/** @param {string} text an empty text takes the line away */
export function say(text) {
  prompt.hidden = text === "";
  prompt.textContent = text;
}

/** @param {any} shape @returns {number[]} west, south, east, north */
function boxOf(shape) {
  const bounds = shape.getBounds();
  return [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
}

/** @param {any} axis GeoJSON, or null @param {boolean} [comes] whether the map moves there */
export function showAxis(axis, comes = true) {
  own?.remove();
  own = axis ? L.geoJSON(axis, { style: OWN, interactive: false, pmIgnore: true }).addTo(map) : null;
  if (own && comes) showBox(boxOf(own), false);
}

/** @param {{lon: number, lat: number, name: string, blocks: boolean}[]} places */
export function showAlike(places) {
  alike?.remove();
  alike = L.layerGroup();
  for (const one of places) {
    const sign = document.createElement("span");
    sign.className = one.blocks ? "names-alike-mark is-taken" : "names-alike-mark";
    sign.textContent = `${one.blocks ? "▲" : "△"} ${one.name}`;
    const icon = L.divIcon({ className: "names-alike-place", html: sign, iconSize: [0, 0] });
    L.marker([one.lat, one.lon], { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(alike);
  }
  alike.addTo(map);
  legend("alike", places.length > 0);
}

/** @returns {any} the drawn axis as GeoJSON, null when there is none */
export function drawnAxis() {
  return drawn ? drawn.toGeoJSON(7).geometry : null;
}

/** @returns {number} metres */
export function drawnLength() {
  let metres = 0;
  const lines = drawn ? drawn.getLatLngs() : [];
  for (const line of lines[0]?.lat === undefined ? lines : [lines]) {
    for (let turn = 1; turn < line.length; turn += 1) metres += map.distance(line[turn - 1], line[turn]);
  }
  return metres;
}

export function isDrawing() {
  return map.pm.globalDrawModeEnabled();
}

function undoPoint() {
  if (isDrawing()) map.pm.Draw.Line._removeLastVertex();
}

/** End the line, or the change of its points; on a phone the pane comes back. */
function done() {
  if (isDrawing()) map.pm.Draw.Line._finishShape();
  if (isDrawing()) return;
  drawn?.pm?.disable();
  working(false);
  say("");
}

/** @param {boolean} isWorking whether an axis is in hand */
function working(isWorking) {
  tools.hidden = !isWorking;
  document.body.classList.toggle("is-axis", isWorking);
  map.invalidateSize({ pan: false });
}

/** @param {any} line */
function edit(line) {
  drawn = line;
  drawn.setStyle({ ...DRAWN, dashArray: null });
  drawn.addTo(map);
  drawn.pm.enable({ snappable: true, snapDistance: 10, allowSelfIntersection: true });
  // A drag fires `pm:dragend` besides: bound to both, a change would be told twice.
  drawn.on("pm:edit", () => changed?.(drawnAxis()));
  legend("drawn", true);
  say(EDIT_HINT);
  changed?.(drawnAxis());
}

/** Begin an axis, or change the one that is there. @param {any} axis GeoJSON, or null @param {(line: any) => void} told */
export function drawAxis(axis, told) {
  forgetDrawn();
  changed = told;
  map.doubleClickZoom.disable();
  working(true);
  if (axis) {
    edit(L.geoJSON(axis).getLayers()[0]);
    showBox(boxOf(drawn), false);
    return;
  }
  say(HINT);
  map.pm.enableDraw("Line", { snappable: true, snapDistance: 10, finishOn: "dblclick", tooltips: false, templineStyle: DRAWN, hintlineStyle: { ...DRAWN, dashArray: "6 4" } });
}

/** Take an axis that was written down, and have it told as if it had been drawn. @param {any} axis GeoJSON */
export function takeAxis(axis) {
  drawAxis(axis, changed ?? (() => {}));
  done();
}

export function forgetDrawn() {
  map.pm.disableDraw();
  drawn?.pm?.disable();
  drawn?.remove();
  drawn = null;
  changed = null;
  legend("drawn", false);
  working(false);
  say("");
  map.doubleClickZoom.enable();
}

/** The plug-in's corners are buttons without a name: give each one as it comes. */
function nameCorners() {
  const panes = map.getPanes().markerPane;
  new MutationObserver(() => {
    for (const corner of panes.querySelectorAll(".marker-icon:not([aria-label])")) {
      corner.setAttribute("aria-label", corner.classList.contains("marker-icon-middle") ? "加一个点" : "中心线的点");
    }
  }).observe(panes, { childList: true });
}

export function startMap() {
  tools.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("[data-axis-done]")) done();
    if (target.closest("[data-undo-point]")) undoPoint();
    if (target.closest("[data-axis-again]")) drawAxis(null, changed ?? (() => {}));
  });
  map.pm.setLang("zh");
  nameCorners();
  map.on("pm:create", (/** @type {any} */ event) => {
    if (changed) edit(event.layer);
    else event.layer.remove();
  });
  document.addEventListener("keydown", (event) => {
    if (!isDrawing() || document.querySelector("dialog[open]")) return;
    if (event.key === "Backspace" && event.target === document.body) undoPoint();
    if (event.key === "Enter" && event.target === document.body) map.pm.Draw.Line._finishShape();
    if (event.key === "Escape") drawAxis(null, changed ?? (() => {}));
  });
}
