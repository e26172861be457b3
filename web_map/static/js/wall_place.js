/** Where the plate hangs: the mean of several fixes, or a point set by hand, beside the planned place. */

const [TOLERANCE_M, FIXES, WAIT_MS] = [5, 8, 20000];

/** @typedef {{lon: number, lat: number, accuracy: number | null}} Found */

/** @type {Found | null} */
let found = null;
/** @type {{lon: number, lat: number} | null} */
let plan = null;
/** @type {{lon: number, lat: number, accuracy: number}[]} */
let fixes = [];
let watch = 0;
/** @type {any} */
let dot = null;
/** @type {() => void} */
let changed = () => {};

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const say = (/** @type {string} */ words) => (part("place-words").textContent = words);

/** @param {{lon: number, lat: number} | null} planned @param {() => void} tell called when the place has changed */
export function startPlace(planned, tell) {
  [plan, changed] = [planned, tell];
  const { map, layer } = window.townMap;
  if (plan) map.setView([plan.lat, plan.lon], 19, { animate: false });
  if (layer) {
    // Tiles are asked for by the map's own worker: below this address what was seen before is kept.
    /** @type {any} */ (window).maplibregl.setWorkerUrl("/plates/map-worker.js");
    layer.addTo(map);
    layer.getMaplibreMap().on("error", () => {});
  }
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  if (plan) {
    const square = window.L.divIcon({ className: "plan-mark", iconSize: [14, 14] });
    window.L.marker([plan.lat, plan.lon], { icon: square, interactive: false, keyboard: false }).addTo(map);
    const ring = { radius: TOLERANCE_M, color: "#1b2530", weight: 1.5, dashArray: "4 3", fill: false, interactive: false };
    window.L.circle([plan.lat, plan.lon], ring).addTo(map);
  }
  map.on("click", (/** @type {any} */ event) => byHand(event.latlng.lng, event.latlng.lat));
  part("again").addEventListener("click", locate);
  part("at-plan").hidden = plan === null;
  part("at-plan").addEventListener("click", () => plan && byHand(plan.lon, plan.lat));
  locate();
  return map;
}

/** @returns {Found | null} */
export function place() {
  return found;
}

/** @returns {number | null} metres from the planned place */
export function away() {
  return plan && found ? window.townMap.map.distance([plan.lat, plan.lon], [found.lat, found.lon]) : null;
}

/** @param {number} lon @param {number} lat */
function byHand(lon, lat) {
  navigator.geolocation?.clearWatch(watch);
  found = { lon, lat, accuracy: null };
  say("手工标定");
  show();
}

function locate() {
  navigator.geolocation?.clearWatch(watch);
  fixes = [];
  if (!navigator.geolocation) {
    say("这台设备不能定位，请在图上点出门牌所在");
    return;
  }
  say("正在定位…");
  watch = navigator.geolocation.watchPosition(average, refused, { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 0 });
}

/** @param {GeolocationPosition} fix the mean of up to eight fixes steadies the position */
function average({ coords }) {
  fixes.push({ lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy });
  const mean = (/** @type {"lon" | "lat"} */ name) => fixes.reduce((sum, one) => sum + one[name], 0) / fixes.length;
  const best = Math.min(...fixes.map((one) => one.accuracy));
  found = { lon: mean("lon"), lat: mean("lat"), accuracy: best };
  say(`均值 ${fixes.length} 次 · ±${best.toFixed(1)} m`);
  if (fixes.length >= FIXES) navigator.geolocation.clearWatch(watch);
  show();
}

/** @param {GeolocationPositionError} error */
function refused(error) {
  if (found) return;
  say(error.code === 1 ? "没有定位权限" : "暂时不能定位");
  part("place-hint").textContent =
    error.code === 1 ? "请在浏览器设置中允许定位，或在图上点出门牌所在。" : "请到开阔处按“重新定位”，或在图上点出门牌所在。";
}

function show() {
  if (!found) return;
  const { map } = window.townMap;
  dot?.remove();
  const icon = window.L.divIcon({ className: "found-mark", iconSize: [16, 16] });
  const above = { icon, interactive: false, keyboard: false, zIndexOffset: 100 };
  dot = window.L.marker([found.lat, found.lon], above).addTo(map);
  if (!map.getBounds().pad(-0.1).contains([found.lat, found.lon])) {
    const both = plan ? [[plan.lat, plan.lon], [found.lat, found.lon]] : [[found.lat, found.lon]];
    map.fitBounds(both, { padding: [30, 30], maxZoom: 19, animate: false });
  }
  changed();
}
