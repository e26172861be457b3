/** The small map of the own block: its edge, and its buildings by whether something is left to do today. */

import { getJson } from "./http.js";

const { map, layer } = window.townMap;
const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
/** @type {Map<string, any>} */
const marks = new Map();
/** @type {Record<string, number>} */
let left = {};
/** @type {any} */
let edge = null;

/** @param {any} facts buildings with position and title @param {(building: string) => void} pick */
export async function showOwnMap(facts, pick) {
  if (facts.box) fit(facts.box);
  layer?.addTo(map);
  layer?.getMaplibreMap().on("error", () => {});
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  new ResizeObserver(() => {
    map.invalidateSize({ pan: false });
    if (edge && !map.getBounds().contains(edge.getBounds())) showBlock();
  }).observe(stage);
  for (const { id, lon, lat } of facts.buildings) {
    const mark = L.marker([lat, lon], { icon: iconOf(0), keyboard: false });
    mark.on("click", () => pick(id));
    mark.addTo(map);
    marks.set(id, mark);
  }
  colourBuildings(left);
  const answer = await getJson(`/panels/my-block/${encodeURIComponent(facts.block)}/boundary`);
  if (!answer) return;
  edge = L.geoJSON(answer.boundary, { interactive: false, style: { color: "#0b5cad", weight: 3, fill: false } }).addTo(map);
  showBlock();
}

/** @param {number[]} box west, south, east, north */
function fit([west, south, east, north]) {
  map.fitBounds([[south, west], [north, east]], { padding: [24, 24], animate: false, maxZoom: 18 });
}

export function showBlock() {
  map.invalidateSize({ pan: false });
  if (!edge || map.getSize().x === 0) return;
  map.fitBounds(edge.getBounds(), { padding: [24, 24], animate: false, maxZoom: 18 });
}

/** @param {number} count units left; none is a green disc, some an amber square with the number */
function iconOf(count) {
  const sign = document.createElement("span");
  sign.className = `own-mark ${count ? "is-open" : "is-done"}`;
  sign.textContent = count ? String(count) : "✓";
  return L.divIcon({ className: "own-mark-frame", html: sign, iconSize: [26, 26] });
}

/** @param {Record<string, number>} open units left by building */
export function colourBuildings(open) {
  left = open;
  for (const [id, mark] of marks) mark.setIcon(iconOf(open[id] ?? 0));
}
