/** The map of plates: the street's number line, the chosen plate, and one marker that is placed or moved. */

import { goTo } from "./map.js";

const { map, layer } = window.townMap;
const gl = layer ? layer.getMaplibreMap() : null;
const TICK_M = 50;
const street = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const chosen = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
/** @type {[number, number][]} latitude and longitude along the chosen street, from its origin */
let axis = [];
/** @type {any} */
let marker = null;
/** @type {any} */
let foot = null;

// From a distance the metres would cover one another.
const thin = () => {
  map.getContainer().classList.toggle("ticks-off", map.getZoom() < 16.5);
  map.getContainer().classList.toggle("ticks-few", map.getZoom() < 17.5);
};
map.on("zoomend", thin);
thin();

/** @param {number[][][]} lines a MultiLineString's coordinates; empty takes the street off the map */
export function drawStreet(lines) {
  street.clearLayers();
  axis = (lines[0] ?? []).map(([lon, lat]) => [lat, lon]);
  if (axis.length < 2) return;
  const quiet = { interactive: false, pmIgnore: true };
  window.L.polyline(axis, { ...quiet, color: "#0b5cad", opacity: 0.12, weight: 22, lineCap: "butt" }).addTo(street);
  window.L.polyline(axis, { ...quiet, color: "#0b5cad", opacity: 0.9, weight: 1.5, dashArray: "8 5" }).addTo(street);
  for (const { at, metres } of ticks()) {
    const text = document.createElement("span");
    text.textContent = metres === 0 ? "起点" : `${metres} m`;
    const icon = window.L.divIcon({ className: metres % 200 ? "axis-tick" : "axis-tick axis-tick-main", html: text, iconSize: [0, 0] });
    window.L.marker(at, { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(street);
  }
}

/** @returns {{at: [number, number], metres: number}[]} a point each 50 metres from the origin */
function ticks() {
  const found = [{ at: axis[0], metres: 0 }];
  let gone = 0;
  for (let index = 1; index < axis.length; index += 1) {
    const [from, to] = [axis[index - 1], axis[index]];
    const length = map.distance(from, to);
    while (found.length * TICK_M <= gone + length) {
      const share = (found.length * TICK_M - gone) / length;
      const at = /** @type {[number, number]} */ ([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
      found.push({ at, metres: found.length * TICK_M });
    }
    gone += length;
  }
  return found;
}

/** @param {{lat: number, lng: number}} point @returns {[number, number] | null} the nearest point of the street's axis */
function footOf(point) {
  const narrow = Math.cos((point.lat * Math.PI) / 180);
  let best = null;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < axis.length; index += 1) {
    const [from, to] = [axis[index - 1], axis[index]];
    const [dx, dy] = [(to[1] - from[1]) * narrow, to[0] - from[0]];
    const [px, py] = [(point.lng - from[1]) * narrow, point.lat - from[0]];
    const share = Math.min(Math.max((px * dx + py * dy) / (dx * dx + dy * dy || 1), 0), 1);
    const far = (px - dx * share) ** 2 + (py - dy * share) ** 2;
    if (far < least) {
      least = far;
      best = [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    }
  }
  return /** @type {[number, number] | null} */ (best);
}

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
  if (map.getZoom() < 17.5 || !map.getBounds().pad(-0.1).contains([lat, lon])) goTo(lon, lat, 18);
}

/** @param {number} lon @param {number} lat come near enough for marks, unless they are seen already */
export function showMarks(lon, lat) {
  if (map.getZoom() < 17) map.setView([lat, lon], 17, { animate: false });
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

/** @param {string} cursor */
export function pointer(cursor) {
  map.getContainer().style.cursor = cursor;
}

function drawFoot() {
  foot?.remove();
  foot = null;
  const at = marker && footOf(marker.getLatLng());
  if (!at) return;
  const look = { color: "#0b5cad", weight: 1.5, dashArray: "4 4", interactive: false, pmIgnore: true };
  foot = window.L.polyline([marker.getLatLng(), at], look).addTo(map);
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

/** Ask for the plates again: something about them has changed. */
export function redrawPlates() {
  const source = gl?.getSource("plates");
  source?.setTiles([`${window.location.origin}/tiles/plates/{z}/{x}/{y}.mvt?t=${Date.now()}`]);
}

export function middle() {
  const { lng, lat } = map.getCenter();
  return { lon: lng, lat };
}
