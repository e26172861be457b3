/** 网格: joins cards, map, table and the panel of the chosen block; one choice moves all of them. */

import { startDrawing } from "./grid_draw.js";
import { keepInView, onPick, paintBlocks, selectOnMap, showBlocks, showPlace, startMap } from "./grid_map.js";
import { closePanel, countWarnings, openBlock, openWarnings, startPanel } from "./grid_panel.js";
import { isTyping } from "./shell.js";
import { remember } from "./state.js";

const asked = new URLSearchParams(window.location.search);
const cards = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".block-card")]);
const list = /** @type {HTMLElement} */ (document.getElementById("cards"));
const table = /** @type {HTMLElement} */ (document.getElementById("table-twin"));
let chosen = "";

/** @type {Record<string, (card: HTMLElement) => boolean>} */
const FILTERS = {
  all: () => true,
  off: (card) => card.dataset.off === "1",
  behind: (card) => card.dataset.behind === "1",
  nobody: (card) => card.dataset.nobody === "1",
};
/** @type {Record<string, (a: HTMLElement, b: HTMLElement) => number>} */
const ORDERS = {
  load: (a, b) => Number(a.dataset.rank) - Number(b.dataset.rank),
  cover: (a, b) => Number(a.dataset.share) - Number(b.dataset.share),
  code: () => 0,
};

/** @param {string} id an empty id chooses none @param {boolean} [isStep] whether the way back undoes it */
function choose(id, isStep = true) {
  chosen = id;
  for (const card of cards) card.setAttribute("aria-pressed", String(card.dataset.block === id));
  for (const row of table.querySelectorAll("tr[data-block]")) {
    if (row.getAttribute("data-block") === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
  selectOnMap(id);
  remember({ block: id || null }, isStep);
  if (!id) {
    closePanel();
    return;
  }
  cards.find((card) => card.dataset.block === id)?.scrollIntoView({ block: "nearest" });
  show("map");
  openBlock(id).then(() => keepInView(id));
}

/** @param {string} name */
function filter(name) {
  const keep = FILTERS[name] ?? FILTERS.all;
  const shown = new Set();
  for (const card of cards) {
    const isKept = keep(card);
    /** @type {HTMLElement} */ (card.parentElement).hidden = !isKept;
    if (isKept) shown.add(card.dataset.block);
  }
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll("tr[data-block]"))) {
    row.hidden = !shown.has(row.dataset.block);
  }
  for (const button of document.querySelectorAll("[data-filter]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-filter") === name));
  }
  showBlocks(name === "all" ? null : shown);
  remember({ f: name === "all" ? null : name });
}

/** @param {string} name */
function order(name) {
  const sorted = [...cards].sort((a, b) => (ORDERS[name] ?? ORDERS.load)(a, b) || (a.dataset.code ?? "").localeCompare(b.dataset.code ?? ""));
  list.append(...sorted.map((card) => /** @type {HTMLElement} */ (card.parentElement)));
  /** @type {HTMLSelectElement} */ (document.getElementById("order")).value = name;
  remember({ o: name === "load" ? null : name });
}

/** @param {string} name what the colour of a block tells */
function paint(name) {
  for (const button of document.querySelectorAll("[data-paint]")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-paint") === name));
  }
  paintBlocks(name);
  remember({ c: name === "load" ? null : name });
}

/** @param {"map" | "table" | "list"} view @param {boolean} [isStep] */
function show(view, isStep = false) {
  for (const name of ["map", "table", "list"]) {
    document.getElementById(`show-${name}`)?.setAttribute("aria-pressed", String(name === view));
  }
  table.hidden = view !== "table";
  document.body.classList.toggle("is-listing", view === "list");
  remember({ v: view === "map" ? null : view }, isStep);
}

/** @param {string} name @param {string[]} known @param {string} first */
function wish(name, known, first) {
  const value = asked.get(name) ?? "";
  return known.includes(value) ? value : first;
}

startPanel({
  onClose: () => choose(""),
  onPlace: showPlace,
  onBlock: (id) => choose(id),
});
startMap();
onPick((id) => choose(id));
startDrawing({ onChosen: (id) => choose(id), chosen: () => chosen });
order(wish("o", Object.keys(ORDERS), "load"));
paint(wish("c", ["load", "cover", "rental"], "load"));
filter(wish("f", Object.keys(FILTERS), "all"));
show(/** @type {any} */ (wish("v", ["map", "table", "list"], "map")));
// Of a wide area the ground in no block takes long to find: there it is asked for by hand.
if (cards.length <= 200) countWarnings();
const first = asked.get("block") ?? "";
if (cards.some((card) => card.dataset.block === first)) choose(first, false);

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const card = /** @type {HTMLElement | null} */ (target.closest(".block-card"));
  if (card) choose(card.dataset.block ?? "");
  const row = /** @type {HTMLElement | null} */ (target.closest("tr[data-block]"));
  if (row) choose(row.dataset.block ?? "");
  const wanted = target.closest("[data-filter]")?.getAttribute("data-filter");
  if (wanted) filter(wanted);
  const colour = target.closest("[data-paint]")?.getAttribute("data-paint");
  if (colour) paint(colour);
  const view = target.closest("#show-map, #show-table, #show-list")?.id.replace("show-", "");
  if (view) show(/** @type {any} */ (view), true);
  if (target.closest("#warnings")) {
    choose("");
    show("map");
    openWarnings();
  }
});
table.addEventListener("keydown", (event) => {
  const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("tr[data-block]"));
  if (event.key === "Enter" && row) choose(row.dataset.block ?? "");
});
document.getElementById("order")?.addEventListener("change", (event) => order(/** @type {HTMLSelectElement} */ (event.target).value));
document.getElementById("area")?.addEventListener("change", (event) => {
  const area = /** @type {HTMLSelectElement} */ (event.target).value;
  if (area) window.location.assign(`/grid?area=${encodeURIComponent(area)}`);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (!document.body.classList.contains("is-drawing")) choose("");
});
window.addEventListener("popstate", () => {
  const now = new URLSearchParams(window.location.search);
  const view = now.get("v");
  show(view === "table" || view === "list" ? view : "map");
  const block = now.get("block") ?? "";
  if (block !== chosen) choose(block, false);
});
