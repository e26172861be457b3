/** The number line of the chosen street: band, dashed axis, a tick each 50 metres, the words of its two sides. */

const { map } = window.townMap;
const street = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const sides = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const quiet = { interactive: false, pmIgnore: true };
const SIDE_PX = 66;
const EDGE_PX = 84;
const STEP_PX = 24;
const TICK_M = 50;
const HALF_TICK_M = 3;
/** @type {[number, number][]} latitude and longitude along the chosen street, from its origin */
let axis = [];
/** @type {{left: string, right: string} | null} */
let hands = null;

// From a distance the metres would cover one another.
const thin = () => {
  map.getContainer().classList.toggle("ticks-off", map.getZoom() < 15.5);
  map.getContainer().classList.toggle("ticks-few", map.getZoom() < 17);
};
map.on("zoomend", thin);
thin();

/**
 * @param {number[][][]} lines a MultiLineString's coordinates; empty takes the street off the map
 * @param {{length?: number, hands?: {left: string, right: string}}} [told] the register's own length in metres, and the sides
 */
export function drawStreet(lines, told = {}) {
  street.clearLayers();
  axis = (lines[0] ?? []).map(([lon, lat]) => [lat, lon]);
  hands = told.hands ?? null;
  if (axis.length >= 2) {
    window.L.polyline(axis, { ...quiet, color: "#0b5cad", opacity: 0.13, weight: 24, lineCap: "butt" }).addTo(street);
    window.L.polyline(axis, { ...quiet, color: "#0b5cad", opacity: 0.95, weight: 2, dashArray: "9 6" }).addTo(street);
    for (const tick of ticks(told.length)) drawTick(tick);
  }
  nameSides();
}

/** @param {number} [length] @returns {{metres: number, at: [number, number], ends: [number, number][]}[]} */
function ticks(length) {
  const found = [];
  const parts = axis.slice(1).map((to, index) => map.distance(axis[index], to));
  // The register measures on the ellipsoid, the map on the sphere.
  const scale = length ? parts.reduce((sum, part) => sum + part, 0) / length : 1;
  let gone = 0;
  parts.forEach((part, index) => {
    const [from, to] = [axis[index], axis[index + 1]];
    const narrow = Math.cos((from[0] * Math.PI) / 180);
    const across = [((to[1] - from[1]) * narrow * HALF_TICK_M) / part, ((from[0] - to[0]) / narrow) * (HALF_TICK_M / part)];
    for (let metres = found.length * TICK_M; metres * scale <= gone + part; metres += TICK_M) {
      const share = (metres * scale - gone) / part;
      const at = /** @type {[number, number]} */ ([from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share]);
      const end = (/** @type {number} */ turn) => /** @type {[number, number]} */ ([at[0] + across[0] * turn, at[1] + across[1] * turn]);
      found.push({ metres, at, ends: [end(1), end(-1)] });
    }
    gone += part;
  });
  return found;
}

/** @param {{metres: number, at: [number, number], ends: [number, number][]}} tick */
function drawTick({ metres, at, ends }) {
  window.L.polyline(ends, { ...quiet, color: "#0b5cad", weight: 2 }).addTo(street);
  const text = document.createElement("span");
  text.textContent = metres === 0 ? "起点" : `${metres} m`;
  const icon = window.L.divIcon({ className: metres % 200 ? "axis-tick" : "axis-tick axis-tick-main", html: text, iconSize: [0, 0] });
  window.L.marker(at, { ...quiet, icon, keyboard: false }).addTo(street);
}

/** Both sides are named where the street leaves the view at the right, or near its last point in view. */
function nameSides() {
  sides.clearLayers();
  if (!hands || axis.length < 2 || map.getZoom() < 16.5) return;
  const size = map.getSize();
  let best = null;
  for (const [at, ahead] of steps()) {
    if (at.x < EDGE_PX || at.x > size.x - EDGE_PX || at.y < SIDE_PX || at.y > size.y - SIDE_PX) continue;
    if (!best || at.x > best[0].x) best = [at, ahead];
  }
  if (!best) return;
  const [at, ahead] = best;
  for (const [hand, turn] of /** @type {["left" | "right", number][]} */ ([["left", 1], ["right", -1]])) {
    const place = window.L.point(at.x + ahead.y * turn * SIDE_PX, at.y - ahead.x * turn * SIDE_PX);
    const text = document.createElement("span");
    text.textContent = hands[hand];
    const icon = window.L.divIcon({ className: "side-name", html: text, iconSize: [0, 0] });
    window.L.marker(map.containerPointToLatLng(place), { ...quiet, icon, keyboard: false }).addTo(sides);
  }
}

/** @returns {[L.Point, L.Point][]} points on the screen along the axis, and the direction there */
function steps() {
  const found = [];
  for (let index = 1; index < axis.length; index += 1) {
    const [from, to] = [map.latLngToContainerPoint(axis[index - 1]), map.latLngToContainerPoint(axis[index])];
    const length = from.distanceTo(to);
    if (length === 0 || length > 100_000) continue;
    const ahead = to.subtract(from).divideBy(length);
    for (let gone = 0; gone < length; gone += STEP_PX) found.push([from.add(ahead.multiplyBy(gone)), ahead]);
  }
  return found;
}

/** @param {{lat: number, lng: number}} point @returns {[number, number] | null} the nearest point of the street's axis */
export function footOf(point) {
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

map.on("moveend", nameSides);
