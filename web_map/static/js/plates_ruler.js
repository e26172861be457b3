/** The ruler: metres along a line that is clicked point by point. */

const { map } = window.townMap;
const drawn = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const LOOK = { color: "#a33a00", weight: 2.5, interactive: false, pmIgnore: true };
/** @type {any[]} */
let points = [];
let isOn = false;
let isEnded = false;
/** @type {any} */
let ahead = null;

export function startRuler() {
  isOn = true;
  isEnded = false;
  points = [];
  map.doubleClickZoom.disable();
}

export function stopRuler() {
  if (!isOn) return;
  isOn = false;
  points = [];
  ahead = null;
  drawn.clearLayers();
  map.doubleClickZoom.enable();
}

/** @param {{lat: number, lng: number}} point a click: one more point, or the first of a new line */
export function measure(point) {
  if (!isOn) return;
  if (isEnded) points = [];
  isEnded = false;
  points.push(point);
  draw();
}

/** The line ends at its last point. */
export function endRuler() {
  if (!isOn || points.length < 2) return;
  // The second click of a double click put the same point again.
  if (map.distance(points[points.length - 1], points[points.length - 2]) < 0.3) points.pop();
  isEnded = true;
  ahead = null;
  draw();
}

function draw() {
  drawn.clearLayers();
  const shown = ahead && !isEnded ? [...points, ahead] : points;
  window.L.polyline(shown, LOOK).addTo(drawn);
  let metres = 0;
  shown.forEach((point, index) => {
    if (index) metres += map.distance(shown[index - 1], point);
    window.L.circleMarker(point, { ...LOOK, radius: 4, fillColor: "#fff", fillOpacity: 1 }).addTo(drawn);
    if (index !== shown.length - 1 || index === 0) return;
    const text = document.createElement("span");
    text.textContent = metres < 1000 ? `${metres.toFixed(1)} m` : `${(metres / 1000).toFixed(3)} km`;
    const icon = window.L.divIcon({ className: "ruler-sum", html: text, iconSize: [0, 0] });
    window.L.marker(point, { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(drawn);
  });
}

map.on("mousemove", (/** @type {any} */ event) => {
  if (!isOn || isEnded || !points.length) return;
  ahead = event.latlng;
  draw();
});
