/** 线索: the chosen report on the map: where the plate is planned, where it was told, and the way between. */

const { map, layer } = window.townMap;
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const TOLD = { color: "#6b4700", weight: 2, fillColor: "#e69f00", fillOpacity: 1, radius: 7, interactive: false };

layer?.addTo(map);
layer?.getMaplibreMap().on("error", () => {});
for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
  const button = document.querySelector(`.leaflet-control-zoom-${name}`);
  button?.setAttribute("title", title);
  button?.setAttribute("aria-label", title);
}

/** @param {[number, number]} place @returns {any} */
const at = ([lon, lat]) => L.latLng(lat, lon);
const SIDE = 7;

/** @param {any} place a square of fixed size on the screen */
function square(place) {
  const icon = L.divIcon({ className: "report-square", iconSize: [2 * SIDE, 2 * SIDE] });
  return L.marker(place, { icon, interactive: false, keyboard: false });
}

if (facts.planned && facts.told) {
  const [from, to] = [at(facts.planned), at(facts.told)];
  L.polyline([from, to], { color: "#6b4700", weight: 2, dashArray: "6 4", interactive: false }).addTo(map);
  const a = map.latLngToLayerPoint(from);
  const b = map.latLngToLayerPoint(to);
  const turn = (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
  const head = document.createElement("span");
  head.textContent = "➤";
  head.style.transform = `rotate(${turn}deg)`;
  const middle = L.latLng((from.lat + to.lat) / 2, (from.lng + to.lng) / 2);
  const icon = L.divIcon({ className: "report-arrow", html: head, iconSize: [16, 16] });
  L.marker(middle, { icon, interactive: false, keyboard: false }).addTo(map);
}
if (facts.planned) square(at(facts.planned)).addTo(map);
if (facts.told) L.circleMarker(at(facts.told), TOLD).addTo(map);
if (facts.planned && facts.told) {
  map.fitBounds(L.latLngBounds([at(facts.planned), at(facts.told)]), { padding: [80, 80], maxZoom: 19, animate: false });
}
