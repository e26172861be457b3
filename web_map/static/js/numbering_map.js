/** The plan on the map: marks by kind with their numbers, flaws over all, the chosen one ringed. */

import { goTo } from "./map.js";

const SIZE = 18;
const RATIO = 2;
const { map, layer } = window.townMap;
const gl = layer ? layer.getMaplibreMap() : null;
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const NOTHING = { type: "FeatureCollection", features: [] };
const chosen = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
/** @type {any} */
let waiting = NOTHING;

/** Paint a mark from its drawing in the page, so that map, table and legend show the same. */
/** @param {string} name @returns {Promise<ImageData>} */
async function painted(name) {
  const symbol = document.getElementById(`nm-${name}`);
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE * RATIO}" height="${SIZE * RATIO}" viewBox="-1 -1 18 18">${symbol?.innerHTML ?? ""}</svg>`;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIZE * RATIO;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.drawImage(image, 0, 0);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

async function begin() {
  if (!gl) return;
  if (!gl.isStyleLoaded()) await new Promise((done) => gl.once("style.load", done));
  for (const name of ["given", "proposed", "reserved", "retired", "door", "free", "error", "warning"]) {
    if (!gl.hasImage(`nm-${name}`)) gl.addImage(`nm-${name}`, await painted(name), { pixelRatio: RATIO });
  }
  gl.addSource("numbering", { type: "geojson", data: waiting });
  gl.addLayer({
    id: "numbering", type: "symbol", source: "numbering",
    layout: {
      "icon-image": ["concat", "nm-", ["get", "mark"]], "icon-allow-overlap": true, "icon-padding": 0,
      "icon-size": ["interpolate", ["linear"], ["zoom"], 13, 0.3, 15, ["match", ["get", "mark"], "free", 0.3, 0.55], 16.5, ["match", ["get", "mark"], "free", 0.55, 1]],
      "symbol-sort-key": ["get", "rank"],
      "text-field": ["step", ["zoom"], "", 15.2, ["match", ["get", "mark"], ["free", "retired"], "", ["get", "number"]], 17.4, ["get", "number"]], "text-font": facts.font, "text-size": 13, "text-optional": true,
      "text-variable-anchor": ["bottom", "top", "left", "right"], "text-radial-offset": 0.75, "text-padding": 1,
    },
    paint: { "text-color": ["match", ["get", "mark"], "error", "#a33a00", "door", "#00573f", "free", "#7d4a00", "#1b2530"], "text-halo-color": "#fff", "text-halo-width": 2 },
  });
}

const ready = begin();

/** @param {{id: number, lon: number | null, lat: number | null, number: string, mark: string}[]} marks */
export async function drawPlan(marks) {
  const rank = { error: 9, warning: 8, door: 5, given: 4, reserved: 3, proposed: 3, free: 2 };
  waiting = {
    type: "FeatureCollection",
    features: marks.filter((one) => one.lon !== null).map((one) => ({
      type: "Feature", geometry: { type: "Point", coordinates: [one.lon, one.lat] },
      properties: { id: one.id, number: one.number, mark: one.mark, rank: rank[/** @type {keyof typeof rank} */ (one.mark)] ?? 1 },
    })),
  };
  await ready;
  gl?.getSource("numbering")?.setData(waiting);
}

/** @param {any} latlng @returns {number | null} the row drawn there */
export function rowAt(latlng) {
  if (!gl?.getLayer("numbering")) return null;
  const { x, y } = gl.project([latlng.lng, latlng.lat]);
  const reach = window.matchMedia("(pointer: coarse)").matches ? 16 : 8;
  const hit = gl.queryRenderedFeatures([[x - reach, y - reach], [x + reach, y + reach]], { layers: ["numbering"] })[0];
  return hit ? Number(hit.properties.id) : null;
}

/** @param {number | null} lon @param {number | null} lat @param {boolean} [comes] whether the map moves there */
export function ringRow(lon, lat, comes = true) {
  chosen.clearLayers();
  if (lon === null || lat === null) return;
  const look = { radius: 14, color: "#0b5cad", weight: 2.5, fillColor: "#0b5cad", fillOpacity: 0.12 };
  window.L.circleMarker([lat, lon], { ...look, interactive: false, pmIgnore: true }).addTo(chosen);
  if (comes && (map.getZoom() < 16.5 || !map.getBounds().pad(-0.1).contains([lat, lon]))) goTo(lon, lat, 17.5);
}

export { map };
