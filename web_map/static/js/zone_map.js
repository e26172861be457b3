/** What the maps of zones share: the base below, Chinese controls, shapes of GeoJSON with a class each. */

const { map, layer } = window.townMap;

/** Put the base map in; without WebGL the shapes alone are drawn, and the page says so. */
export function startMap() {
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
  new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(stage);
  if (!layer) {
    /** @type {HTMLElement} */ (document.getElementById("map-fallback")).hidden = false;
    return map;
  }
  layer.addTo(map);
  const gl = layer.getMaplibreMap();
  gl.on("error", () => {});
  gl.once("idle", () => window.performance.mark("map-drawn"));
  return map;
}

/** @param {number[] | null} box west, south, east, north */
export function showBox(box) {
  if (box) map.fitBounds([[box[1], box[0]], [box[3], box[2]]], { animate: false, padding: [16, 16], maxZoom: 17 });
}

/** @param {string} text @returns {HTMLElement} a label that stays text */
export function label(text) {
  const line = document.createElement("span");
  line.textContent = text;
  return line;
}

/**
 * @param {any} shapes GeoJSON @param {(facts: any) => string} name the class of a shape
 * @param {(facts: any, shape: any) => void} [each] what to do with each shape
 */
export function draw(shapes, name, each = () => {}) {
  return L.geoJSON(shapes, {
    style: (/** @type {any} */ feature) => ({ className: name(feature?.properties ?? {}), weight: 2 }),
    pointToLayer: (/** @type {any} */ feature, /** @type {any} */ at) =>
      L.circleMarker(at, { radius: 5, className: name(feature.properties) }),
    onEachFeature: (/** @type {any} */ feature, /** @type {any} */ shape) => each(feature.properties ?? {}, shape),
  }).addTo(map);
}

/** The switch between map and table. */
export function bindTwin() {
  const twin = /** @type {HTMLElement} */ (document.getElementById("table-twin"));
  const buttons = ["map", "table"].map((name) => /** @type {HTMLElement} */ (document.getElementById(`show-${name}`)));
  buttons.forEach((button, number) => {
    button.addEventListener("click", () => {
      twin.hidden = number === 0;
      buttons.forEach((one, other) => one.setAttribute("aria-pressed", String(other === number)));
      if (number === 1) twin.focus();
    });
  });
}
