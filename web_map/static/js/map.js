/** The map of the home page: view, layers, hits, selection, counts. */

import { getJson } from "./http.js";
import { serveMarks } from "./marks.js";
import { remember, wanted } from "./state.js";

const PICKABLE = ["building-chosen", "building", "building-point"];
const CHOSEN = ["building-chosen", "building-chosen-edge"];
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const { map, layer } = window.townMap;
const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
let gl = null;
let ready = Promise.resolve();

/** The street that the page opens with, as the server told it. */
export const firstStreet = facts.street ?? null;
let chosen = "";

/** Put the GL layer in once the view is right, so that no tile is asked for in vain. */
function begin() {
  if (wanted.lon !== null && wanted.lat !== null && wanted.zoom !== null) {
    map.setView([wanted.lat, wanted.lon], wanted.zoom, { animate: false });
  } else if (facts.street?.box) {
    showStreet(facts.street);
  } else if (facts.box && !wanted.building) {
    showBox(facts.box, false);
  }
  if (!layer) {
    /** @type {HTMLElement} */ (document.getElementById("map-fallback")).hidden = false;
    return;
  }
  layer.addTo(map);
  gl = layer.getMaplibreMap();
  serveMarks(gl);
  ready = new Promise((done) => gl.once("style.load", done));
  gl.once("load", () => window.performance.mark("map-loaded"));
  gl.once("idle", () => window.performance.mark("map-drawn"));
  gl.on("error", () => {});
  nameControls();
}

/** Leaflet's buttons in Chinese, for eyes and for screen readers. */
function nameControls() {
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
}

/** @param {number[]} box west, south, east, north @param {boolean} [animate] */
export function showBox(box, animate = true) {
  const [west, south, east, north] = box;
  map.fitBounds([[south, west], [north, east]], { padding: [24, 24], animate, maxZoom: 18 });
}

/** @param {any} found a street: all of it where its marks can be seen so, else its middle */
export function showStreet({ box, axis }) {
  showBox(box, false);
  if (map.getZoom() >= 17) return;
  const [west, south, east, north] = box;
  const line = axis?.coordinates[0] ?? [];
  const [lon, lat] = line[Math.floor(line.length / 2)] ?? [(west + east) / 2, (south + north) / 2];
  map.setView([lat, lon], 17, { animate: false });
}

/** @param {number} lon @param {number} lat @param {number} zoom exactly this view */
export function showView(lon, lat, zoom) {
  map.invalidateSize({ pan: false });
  map.setView([lat, lon], zoom, { animate: false });
}

/** @param {number} lon @param {number} lat @param {number} zoom at least this near */
export function goTo(lon, lat, zoom) {
  map.setView([lat, lon], Math.max(map.getZoom(), zoom), { animate: true });
  clearOfSheet(lon, lat);
}

/** On a phone the sheet covers the lower part: move what was chosen above it. */
export function clearOfSheet(lon, lat) {
  const sheet = document.getElementById("object");
  if (!sheet || sheet.hidden || !window.matchMedia("(max-width: 767px)").matches) return;
  const free = map.getSize().y - sheet.offsetHeight;
  const at = map.latLngToContainerPoint([lat, lon]);
  if (at.y > free - 30 || at.y < 30) map.panBy([0, at.y - Math.max(free / 2, 60)], { animate: false });
}

/** @param {number} lon @param {number} lat move only when a point has left the view */
export function keepInView(lon, lat) {
  map.invalidateSize({ pan: false });
  if (map.getZoom() < 16) map.setView([lat, lon], 17, { animate: false });
  if (!map.getBounds().pad(-0.08).contains([lat, lon])) map.panTo([lat, lon], { animate: false });
  clearOfSheet(lon, lat);
}

/** @param {string | null} id the building to mark; null marks none */
export async function choose(id) {
  chosen = id ?? "";
  await ready;
  if (!gl) return;
  const is = ["==", ["get", "id"], chosen];
  for (const name of CHOSEN) gl.setFilter(name, is);
  gl.setPaintProperty("building-name", "text-color", ["case", is, "#0b3d75", "#5b5648"]);
}

/** @returns {{west: string, south: string, east: string, north: string}} the view, in degrees */
export function viewBox() {
  const bounds = map.getBounds();
  const text = (/** @type {number} */ value) => value.toFixed(6);
  return {
    west: text(bounds.getWest()), south: text(bounds.getSouth()), east: text(bounds.getEast()), north: text(bounds.getNorth()),
  };
}

export function centre() {
  const { lng, lat } = map.getCenter();
  return { lon: lng.toFixed(6), lat: lat.toFixed(6), zoom: String(map.getZoom()) };
}

/** @param {number} step */
export function zoomBy(step) {
  map.setZoom(map.getZoom() + step);
}

/** @param {any} latlng @returns {string | null} the building drawn there */
function drawnAt(latlng) {
  if (!gl?.isStyleLoaded()) return null;
  const { x, y } = gl.project([latlng.lng, latlng.lat]);
  const near = [[x - 3, y - 3], [x + 3, y + 3]];
  return gl.queryRenderedFeatures(near, { layers: PICKABLE })[0]?.properties.id ?? null;
}

/** @param {(id: string) => void} pick called with the building that was clicked */
export function onPick(pick) {
  map.on("click", async (/** @type {any} */ event) => {
    let id = drawnAt(event.latlng);
    if (!gl) {
      const { lng, lat } = event.latlng;
      id = (await getJson(`/panels/building-at?lon=${lng.toFixed(7)}&lat=${lat.toFixed(7)}`))?.id ?? null;
    }
    if (id) pick(id);
  });
  let asked = 0;
  map.on("mousemove", (/** @type {any} */ event) => {
    window.cancelAnimationFrame(asked);
    asked = window.requestAnimationFrame(() => {
      map.getContainer().style.cursor = drawnAt(event.latlng) ? "pointer" : "";
    });
  });
}

/** @param {() => void} moved called when the view has come to rest, and once at the start */
export function onMoved(moved) {
  let timer = 0;
  const settle = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => {
      const { lon, lat } = centre();
      remember({ lon, lat, z: String(Math.round(map.getZoom() * 100) / 100) });
      moved();
    }, 200);
  };
  map.on("moveend", settle);
  settle();
}

let counting = new AbortController();

/** Count the plates of the view, state by state. */
export async function countPlates() {
  const hint = document.getElementById("legend-hint");
  if (hint) hint.hidden = map.getZoom() >= facts.plateZoom;
  counting.abort();
  counting = new AbortController();
  const counts = await getJson(`/panels/plate-counts?${new URLSearchParams(viewBox())}`, counting.signal);
  if (!counts) return;
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#legend [data-mark]"))) {
    const count = counts[item.dataset.mark ?? ""] ?? 0;
    /** @type {HTMLElement} */ (item.querySelector("b")).textContent = String(count).replace(/\B(?=(\d{3})+$)/g, "\u2009");
    if (item.dataset.mark === "fault") item.hidden = count === 0;
  }
}

/** The layer switch: boxes, layers and address say the same. */
function bindLayers() {
  const boxes = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("#layers input")]);
  const shown = wanted.layers ?? facts.shown;
  const apply = async () => {
    await ready;
    for (const box of boxes) {
      for (const { id, source } of gl?.getStyle().layers ?? []) {
        if (source === box.dataset.source) gl.setLayoutProperty(id, "visibility", box.checked ? "visible" : "none");
      }
    }
    // Other pages have legends of their own.
    const legend = document.getElementById("legend");
    if (legend) legend.hidden = !boxes.find((box) => box.value === "p")?.checked;
  };
  for (const box of boxes) {
    box.checked = shown.includes(box.value);
    box.addEventListener("change", () => {
      remember({ l: boxes.filter((one) => one.checked).map((one) => one.value).join("") });
      apply();
    });
  }
  apply();
}

/** Before printing, write the scale as a fraction (a CSS pixel is 0.2646 mm). */
function bindPrint() {
  window.addEventListener("beforeprint", () => {
    const at = map.getCenter();
    const metres = (40075016.686 * Math.cos((at.lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
    const scale = Math.round(metres / 0.00026458 / 50) * 50;
    /** @type {HTMLElement} */ (document.getElementById("print-scale")).textContent = `1 : ${scale}`;
  });
}

begin();
bindLayers();
bindPrint();
new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(stage);
