/** The map of blocks: shapes coloured by load, progress or rental units, each with its sign and figures. */

import { getJson } from "./http.js";

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const { map, layer } = window.townMap;
const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
/** @type {Map<string, any>} */
const shapes = new Map();
/** @type {Map<string, any>} */
const labels = new Map();
let chosen = "";
let painted = "load";
/** @type {Set<string | undefined> | null} */
let shown = null;
/** @type {any} */
let pointed = null;
let ready = Promise.resolve();

// Colours of classes; each comes with its sign or word in label, card and legend.
const LOADS = { under: "#56b4e9", fit: "#ffffff", over: "#e69f00", far_over: "#d55e00", unknown: "#9aa3ad" };
const COVERS = ["#f7fbff", "#c6dbef", "#6baed6", "#2171b5"];
const SIGNS = { under: "▽", fit: "", over: "△", far_over: "▲", unknown: "" };

/** @typedef {{name: string, short: string, persons: number | null, rental: number, units: number, visited: number, share: number, behind: boolean, verdict: keyof typeof LOADS, rental_verdict: keyof typeof LOADS}} Block */

/** @param {string} id @returns {Block} */
export function blockOf(id) {
  return facts.blocks[id];
}

/** @param {Block} block */
function classOf(block) {
  if (painted === "load") return { fill: LOADS[block.verdict], sign: SIGNS[block.verdict] };
  if (painted === "rental") return { fill: LOADS[block.rental_verdict], sign: SIGNS[block.rental_verdict] };
  const step = block.share >= 1 ? 3 : block.share >= facts.expected ? 2 : block.share >= facts.expected / 2 ? 1 : 0;
  return { fill: COVERS[step], sign: block.behind ? "▽" : "" };
}

/** @param {string} id */
function styleOf(id) {
  const isHidden = shown !== null && !shown.has(id);
  const { fill } = classOf(facts.blocks[id]);
  const isChosen = id === chosen;
  return {
    color: isChosen ? "#0b5cad" : "#1b2530",
    weight: isChosen ? 3.5 : 1.5,
    opacity: isHidden ? 0.25 : 1,
    fillColor: fill,
    fillOpacity: isHidden ? 0.05 : fill === "#ffffff" ? 0.55 : 0.6,
  };
}

/** @param {string} id */
function labelOf(id) {
  const block = facts.blocks[id];
  const box = document.createElement("span");
  box.className = "block-label";
  const name = document.createElement("b");
  name.textContent = `${block.short} ${classOf(block).sign}`.trim();
  const figures = document.createElement("span");
  const persons = block.persons === null ? "不足 10 人" : `${block.persons} 人`;
  figures.textContent = painted === "cover" ? `${block.visited} / ${block.units} 户` : `${persons} · ${block.rental} 租`;
  box.append(name, figures);
  return box;
}

function redraw() {
  for (const [id, shape] of shapes) {
    shape.setStyle(styleOf(id));
    labels.get(id)?.setIcon(L.divIcon({ className: "block-mark", html: labelOf(id), iconSize: [0, 0] }));
  }
  shapes.get(chosen)?.bringToFront();
  placeLabels();
}

function drawLegend() {
  const titles = { load: "负荷（人）", cover: "核对进度", rental: "出租户（套间）" };
  /** @type {HTMLElement} */ (document.getElementById("legend-title")).textContent = titles[/** @type {keyof typeof titles} */ (painted)];
  const items = painted === "cover"
    ? ["落后一半以上", "落后", "按期", "已完成"].map((text, at) => [COVERS[at], text])
    : facts.legends[painted].map((/** @type {[keyof typeof LOADS, string]} */ [verdict, text]) => [LOADS[verdict], text]);
  const list = /** @type {HTMLElement} */ (document.getElementById("legend-items"));
  list.replaceChildren(...items.map((/** @type {string[]} */ [colour, text]) => {
    const item = document.createElement("li");
    const swatch = document.createElement("i");
    swatch.className = "paint-swatch";
    swatch.style.backgroundColor = colour;
    item.append(swatch, document.createTextNode(text));
    return item;
  }));
}

/** Show figures only where the block has room for them, no label in a speck, and none over that of a larger block. */
function placeLabels() {
  /** @type {{x: number, y: number, w: number, h: number}[]} */
  const taken = [];
  /** @param {{x: number, y: number}} at @param {number} w @param {number} h @returns {boolean} whether it could be placed */
  const take = ({ x, y }, w, h) => {
    const isFree = taken.every((one) => 2 * Math.abs(one.x - x) >= one.w + w || 2 * Math.abs(one.y - y) >= one.h + h);
    if (isFree) taken.push({ x, y, w, h });
    return isFree;
  };
  const sized = [...labels].map(([id, mark]) => {
    const bounds = shapes.get(id).getBounds();
    const { x: east, y: north } = map.latLngToContainerPoint(bounds.getNorthEast());
    const { x: west, y: south } = map.latLngToContainerPoint(bounds.getSouthWest());
    return { mark, width: east - west, height: south - north };
  });
  for (const { mark, width, height } of sized.sort((a, b) => b.width * b.height - a.width * a.height)) {
    const at = map.latLngToContainerPoint(mark.getLatLng());
    const hasFigures = width > 100 && height > 40 && take(at, 112, 36);
    const box = mark.getElement()?.querySelector(".block-label");
    box?.classList.toggle("has-figures", hasFigures);
    box?.classList.toggle("is-speck", !hasFigures && (width < 24 || height < 16 || !take(at, 36, 18)));
  }
}

export function startMap() {
  if (facts.box) showBox(facts.box, false);
  if (layer) layer.addTo(map);
  else /** @type {HTMLElement} */ (document.getElementById("map-fallback")).hidden = false;
  const gl = layer?.getMaplibreMap();
  gl?.on("error", () => {});
  gl?.once("idle", () => window.performance.mark("map-drawn"));
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  map.on("zoomend", placeLabels);
  if (window.matchMedia("(max-width: 767px)").matches) document.getElementById("legend")?.removeAttribute("open");
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(stage);
  ready = loadShapes();
}

async function loadShapes() {
  const answer = await getJson(`/panels/grid/shapes?area=${encodeURIComponent(facts.area ?? "")}`);
  for (const feature of answer?.features ?? []) {
    const id = feature.id;
    if (!facts.blocks[id]) continue;
    const shape = L.geoJSON(feature, { style: () => styleOf(id) });
    shape.on("click", () => picked(id));
    shape.addTo(map);
    shapes.set(id, shape);
    const [lon, lat] = feature.properties.label;
    const mark = L.marker([lat, lon], { interactive: false, keyboard: false, pmIgnore: true, icon: L.divIcon({ className: "block-mark", html: labelOf(id), iconSize: [0, 0] }) });
    mark.addTo(map);
    labels.set(id, mark);
  }
  redraw();
  window.performance.mark("blocks-drawn");
}

/** @type {(id: string) => void} */
let picked = () => {};

/** @param {(id: string) => void} handler called with the block that was clicked */
export function onPick(handler) {
  picked = (id) => {
    if (!document.body.classList.contains("is-drawing")) handler(id);
  };
}

/** @param {string} name */
export function paintBlocks(name) {
  painted = name;
  drawLegend();
  ready.then(redraw);
}

/** @param {Set<string | undefined> | null} ids the blocks that a filter keeps; null keeps all */
export function showBlocks(ids) {
  shown = ids;
  ready.then(redraw);
}

/** @param {string} id an empty id marks none */
export function selectOnMap(id) {
  chosen = id;
  ready.then(redraw);
}

/** @param {string} id move only when the block has left the view */
export async function keepInView(id) {
  await ready;
  map.invalidateSize({ pan: false });
  const bounds = shapes.get(id)?.getBounds();
  if (!bounds) return;
  if (!map.getBounds().contains(bounds)) map.fitBounds(bounds, { padding: [60, 60], maxZoom: 17, animate: false });
  const sheet = document.getElementById("object");
  if (sheet && !sheet.hidden && window.matchMedia("(max-width: 767px)").matches) {
    const free = map.getSize().y - sheet.offsetHeight;
    map.panBy([0, map.latLngToContainerPoint(bounds.getCenter()).y - free / 2], { animate: false });
  }
}

/** @param {number[]} box west, south, east, north @param {boolean} [animate] */
export function showBox(box, animate = true) {
  const [west, south, east, north] = box;
  map.fitBounds([[south, west], [north, east]], { padding: [24, 24], animate, maxZoom: 18 });
}

/** @param {{lon: number, lat: number, shape?: any}} place mark a place, or the ground of a gap, and go there */
export function showPlace(place) {
  pointed?.remove();
  pointed = place.shape
    ? L.geoJSON(place.shape, { style: { color: "#a33a00", weight: 3, dashArray: "6 4", fillOpacity: 0.25, fillColor: "#d55e00" }, interactive: false, pmIgnore: true })
    : L.circleMarker([place.lat, place.lon], { radius: 14, color: "#a33a00", weight: 3, fillOpacity: 0.15, interactive: false, pmIgnore: true });
  pointed.addTo(map);
  map.setView([place.lat, place.lon], Math.max(map.getZoom(), 17), { animate: false });
  const sheet = document.getElementById("object");
  if (sheet && !sheet.hidden && window.matchMedia("(max-width: 767px)").matches) map.panBy([0, sheet.offsetHeight / 2], { animate: false });
}

/** @param {string} id @returns {any} the block's GeoJSON geometry as the map holds it */
export function geometryOf(id) {
  return shapes.get(id)?.toGeoJSON().features[0].geometry ?? null;
}

/** @param {string} id @returns {Promise<any>} the block's exact GeoJSON boundary */
export async function boundaryOf(id) {
  const answer = await getJson(`/panels/grid/blocks/${encodeURIComponent(id)}/boundary`);
  return answer?.boundary ?? null;
}

/** @param {boolean} isDim whether the blocks step back behind a drawing */
export function dimBlocks(isDim) {
  stage.classList.toggle("is-dim", isDim);
}

export { map };
