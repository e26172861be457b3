/** The map of plates: the chosen plate, and one marker that is placed or moved. */

import { clearOfSheet } from "./map.js";
import { footOf } from "./plates_line.js";

export { drawStreet } from "./plates_line.js";

const { map, layer } = window.townMap;
const gl = layer ? layer.getMaplibreMap() : null;
const chosen = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const ALWAYS = [">=", ["zoom"], 17.4];
/** @type {any} */
let marker = null;
/** @type {any} */
let foot = null;

/** @param {number | null} lon @param {number | null} lat ring a plate, or none */
export function ring(lon, lat) {
  chosen.clearLayers();
  if (lon === null || lat === null) return;
  const look = { radius: 14, color: "#0b5cad", weight: 2.5, fillColor: "#0b5cad", fillOpacity: 0.12 };
  window.L.circleMarker([lat, lon], { ...look, interactive: false, pmIgnore: true }).addTo(chosen);
}

/** @param {number} lon @param {number} lat */
export function showPlate(lon, lat) {
  ring(lon, lat);
  map.invalidateSize({ pan: false });
  if (map.getZoom() < 17.5 || !map.getBounds().pad(-0.1).contains([lat, lon])) {
    map.setView([lat, lon], Math.max(map.getZoom(), 18), { animate: false });
  }
  clearOfSheet(lon, lat);
}

/** @param {any} latlng @returns {string | null} the plate drawn there */
export function plateAt(latlng) {
  if (!gl?.getLayer("plate")) return null;
  const { x, y } = gl.project([latlng.lng, latlng.lat]);
  const reach = window.matchMedia("(pointer: coarse)").matches ? 16 : 8;
  const near = [[x - reach, y - reach], [x + reach, y + reach]];
  return gl.queryRenderedFeatures(near, { layers: ["plate"] })[0]?.properties.id ?? null;
}

/** @param {(latlng: {lat: number, lng: number}) => void} handler called with each click on the map */
export function onClick(handler) {
  map.on("click", (/** @type {any} */ event) => handler(event.latlng));
}

/** @param {(latlng: {lat: number, lng: number}) => void} handler called with each double click on the map */
export function onDoubleClick(handler) {
  map.on("dblclick", (/** @type {any} */ event) => handler(event.latlng));
}

/** @param {string} cursor */
export function pointer(cursor) {
  map.getContainer().style.cursor = cursor;
}

function drawFoot() {
  foot?.remove();
  foot = null;
  const at = marker && footOf(marker.getLatLng());
  if (!at) return;
  const look = { color: "#0b5cad", weight: 2, interactive: false, pmIgnore: true };
  foot = window.L.layerGroup([
    window.L.polyline([marker.getLatLng(), at], { ...look, dashArray: "4 4" }),
    window.L.circleMarker(at, { ...look, radius: 4, fillColor: "#fff", fillOpacity: 1 }),
  ]).addTo(map);
}

/**
 * Put a marker that can be dragged. GeoMan tells of one drag by two events: `pm:edit` alone is heard.
 * @param {number} lon @param {number} lat @param {string} name what a screen reader calls it
 * @param {(lon: number, lat: number) => void} moved called once for each drag or step of the arrow keys
 */
export function placeMarker(lon, lat, name, moved) {
  dropMarker();
  const icon = window.L.divIcon({ className: "plate-pin", iconSize: [30, 30] });
  marker = window.L.marker([lat, lon], { icon, title: name, zIndexOffset: 900 }).addTo(map);
  marker.pm.enable({ draggable: true, snappable: false });
  marker.on("drag", drawFoot);
  marker.on("pm:edit", () => {
    const { lng, lat: north } = marker.getLatLng();
    drawFoot();
    moved(lng, north);
  });
  drawFoot();
}

/** @param {number} lon @param {number} lat */
export function setMarker(lon, lat) {
  marker?.setLatLng([lat, lon]);
  drawFoot();
}

/** @param {string} key an arrow key @param {boolean} isFar @returns {{lon: number, lat: number} | null} where the marker is now */
export function nudge(key, isFar) {
  const step = isFar ? 10 : 2;
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key];
  if (!marker || !by) return null;
  const at = map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(by));
  setMarker(at.lng, at.lat);
  return { lon: at.lng, lat: at.lat };
}

/** @param {string[]} lines what the flag over the marker says; none takes it away */
export function flag(lines) {
  marker?.unbindTooltip();
  if (!marker || !lines.length) return;
  const box = document.createElement("div");
  for (const line of lines) {
    const row = document.createElement("p");
    row.textContent = line;
    box.append(row);
  }
  marker.bindTooltip(box, { permanent: true, direction: "top", offset: [0, -18], className: "plate-flag" });
}

export function dropMarker() {
  marker?.remove();
  foot?.remove();
  marker = foot = null;
}

/** @param {string} id of the street whose marks stand out and bear their numbers from afar; empty: none */
export async function stress(id) {
  if (!gl) return;
  if (!gl.getLayer("plate-number")) await new Promise((done) => gl.once("idle", done));
  const own = ["==", ["get", "scope"], id];
  gl.setFilter("plate-number", id ? ["any", own, ALWAYS] : ALWAYS);
  gl.setPaintProperty("plate", "icon-opacity", id ? ["case", own, 1, 0.55] : 1);
}

/** Ask for the plates again: something about them has changed. */
export function redrawPlates() {
  const source = gl?.getSource("plates");
  source?.setTiles([`${window.location.origin}/tiles/plates/{z}/{x}/{y}.mvt?t=${Date.now()}`]);
}

export function middle() {
  const { lng, lat } = map.getCenter();
  return { lon: lng, lat };
}
