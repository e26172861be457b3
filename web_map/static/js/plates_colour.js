/** What the marks' colours say: state, certification or street; each with its legend and counts of the view. */

import { getJson } from "./http.js";
import { countPlates, viewBox } from "./map.js";
import { STREETS } from "./marks.js";
import { remember } from "./state.js";

const { map, layer } = window.townMap;
const gl = layer ? layer.getMaplibreMap() : null;
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-colour]")]);
const legends = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-legend]")]);
const WAYS = ["state", "certified", "street"];
const SHAPES = ["circle", "diamond", "square", "triangle"];
let way = "state";
let asking = new AbortController();

/** @param {number} number @returns {{shape: string, colour: string}} the mark of a street's number */
export function streetMark(number) {
  return { shape: SHAPES[Math.floor(number / STREETS.length)] ?? SHAPES[0], colour: STREETS[number % STREETS.length] };
}

/** @param {string} wanted */
export async function colourBy(wanted) {
  const before = way;
  way = WAYS.includes(wanted) ? wanted : "state";
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.colour === way));
  for (const list of legends) list.hidden = list.dataset.legend !== way;
  remember({ c: way === "state" ? null : way });
  if (way !== before) countMarks();
  if (!gl) return;
  if (!gl.getLayer("plate")) await new Promise((done) => gl.once("idle", done));
  gl.setLayoutProperty("plate", "icon-image", facts.icons[way]);
}

export function colourNext() {
  colourBy(WAYS[(WAYS.indexOf(way) + 1) % WAYS.length]);
}

/** Count the marks of the view for the legend that is shown. */
export async function countMarks() {
  const isFar = map.getZoom() < facts.plateZoom;
  /** @type {HTMLElement} */ (document.getElementById("legend-hint")).hidden = !isFar;
  if (way === "state") {
    countPlates();
    return;
  }
  asking.abort();
  asking = new AbortController();
  const rows = isFar ? [] : await getJson(`/panels/plates/legend?${new URLSearchParams({ ...viewBox(), by: way })}`, asking.signal);
  const list = legends.find((one) => one.dataset.legend === way);
  if (!rows || !list) return;
  if (way === "street") list.replaceChildren(...rows.map(streetRow));
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-mark]"))) {
    if (way === "street") continue;
    const row = rows.find((/** @type {any} */ one) => one.mark === item.dataset.mark);
    /** @type {HTMLElement} */ (item.querySelector("b")).textContent = row ? String(row.count) : "–";
  }
}

/** @param {{mark: string, title: string, count: number}} row */
function streetRow(row) {
  const { shape, colour } = streetMark(Number(row.mark.split("-")[1]));
  const item = document.createElement("li");
  const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  sign.setAttribute("class", "sign");
  for (const [name, value] of [["width", "16"], ["height", "16"], ["viewBox", "0 0 16 16"], ["aria-hidden", "true"]]) sign.setAttribute(name, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", { circle: "M8 2.5a5.500 5.500 0 1 1 0 11 5.500 5.500 0 0 1 0-11z", diamond: "M8 1.5 14.500 8 8 14.500 1.500 8z", square: "M3 3h10v10H3z", triangle: "M8 2 14.500 13.500H1.500z" }[shape] ?? "");
  path.setAttribute("fill", colour);
  sign.append(path);
  const name = document.createElement("span");
  name.textContent = row.title;
  const count = document.createElement("b");
  count.textContent = String(row.count);
  item.append(sign, name, " ", count);
  return item;
}

for (const button of buttons) button.addEventListener("click", () => colourBy(button.dataset.colour ?? "state"));
