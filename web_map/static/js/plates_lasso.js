/** The lasso: draw around plates on the map; what lies inside is chosen. */

import { tell } from "./plates_acts.js";
import { choose } from "./plates_selection.js";

const { map } = window.townMap;
const LEAST_PX = 6;
const MOST_POINTS = 400;
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
/** @type {any} */
let line = null;
/** @type {[number, number][]} */
let points = [];
let isOn = false;

export function startLasso() {
  isOn = true;
  map.dragging.disable();
  map.getContainer().classList.add("is-lasso");
}

export function stopLasso() {
  if (!isOn) return;
  isOn = false;
  drop();
  map.dragging.enable();
  map.getContainer().classList.remove("is-lasso");
}

function drop() {
  line?.remove();
  line = null;
  points = [];
}

/** @param {PointerEvent} event */
function at(event) {
  const { lat, lng } = map.mouseEventToLatLng(event);
  return /** @type {[number, number]} */ ([lat, lng]);
}

const stage = map.getContainer();
stage.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
  if (!isOn || event.button !== 0 || /** @type {HTMLElement} */ (event.target).closest(".leaflet-control")) return;
  drop();
  stage.setPointerCapture(event.pointerId);
  points = [at(event)];
  const look = { color: "#0b5cad", weight: 2, dashArray: "6 5", fillColor: "#0b5cad", fillOpacity: 0.12 };
  line = window.L.polygon(points, { ...look, interactive: false, pmIgnore: true }).addTo(map);
});
stage.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
  if (!line) return;
  const here = at(event);
  const far = map.latLngToContainerPoint(points[points.length - 1]).distanceTo(map.latLngToContainerPoint(here));
  if (far < LEAST_PX || points.length >= MOST_POINTS) return;
  points.push(here);
  line.setLatLngs(points);
});
stage.addEventListener("pointerup", async () => {
  if (!line) return;
  const drawn = points;
  const mine = line;
  line = null;
  points = [];
  if (drawn.length > 2) await take(drawn);
  mine.remove();
});

/** @param {[number, number][]} drawn latitude and longitude of the corners */
async function take(drawn) {
  const ring = [...drawn, drawn[0]].map(([lat, lon]) => [Number(lon.toFixed(7)), Number(lat.toFixed(7))]);
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  const reply = await fetch("/v1/plates/selection", {
    method: "POST", cache: "no-store", headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify({ polygon: { type: "Polygon", coordinates: [ring] } }),
  }).catch(() => null);
  const told = await reply?.json().catch(() => null);
  if (!reply?.ok || !told) {
    tell(told?.errors?.[0]?.detail ?? told?.detail ?? "没有圈到：连接中断，请再试");
    return;
  }
  if (!told.plates.length) tell("圈内没有门牌；请放大后再圈");
  else if (told.is_cut) tell(`圈内有 ${told.total} 块，先选 ${told.plates.length} 块`);
  const words = facts.states ?? {};
  choose(told.plates.map((/** @type {any} */ one) => [one.id, {
    state: words[one.state] ?? one.state, text: one.address, address: one.address_id, lon: one.lon, lat: one.lat,
  }]));
}
