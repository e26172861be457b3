/** The search box and its list: arrow keys move, Enter jumps, Esc leaves. */

import { LOST } from "./http.js";

const field = /** @type {HTMLInputElement} */ (document.getElementById("search"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("search-form"));
const list = /** @type {HTMLElement} */ (document.getElementById("results"));
const clear = /** @type {HTMLElement} */ (document.getElementById("search-clear"));
const start = /** @type {HTMLTemplateElement} */ (document.getElementById("results-start"));

/** @typedef {{building: string, unit: string, lon: number | null, lat: number | null, kind: string}} Hit */

/** @type {(hit: Hit) => void} */
let open = () => {};

/** @returns {HTMLElement[]} the hits that the filter leaves */
function hits() {
  return /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".hit:not([hidden])")]);
}

/** @param {HTMLElement | undefined} hit */
function select(hit) {
  for (const other of hits()) other.setAttribute("aria-selected", String(other === hit));
  if (!hit) return;
  field.setAttribute("aria-activedescendant", hit.id);
  hit.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement | undefined} hit */
function jump(hit) {
  if (!hit) return;
  select(hit);
  const { building = "", unit = "", lon, lat, kind = "" } = hit.dataset;
  open({ building, unit, kind, lon: lon ? Number(lon) : null, lat: lat ? Number(lat) : null });
}

/** @param {number} step */
function move(step) {
  const shown = hits();
  const at = shown.findIndex((hit) => hit.getAttribute("aria-selected") === "true");
  select(shown[Math.min(Math.max(at + step, 0), shown.length - 1)]);
}

/** @param {string} kind an empty kind shows all */
function filter(kind) {
  for (const hit of list.querySelectorAll(".hit")) {
    /** @type {HTMLElement} */ (hit).hidden = kind !== "" && /** @type {HTMLElement} */ (hit).dataset.kind !== kind;
  }
  for (const button of list.querySelectorAll(".kind")) {
    button.setAttribute("aria-pressed", String(button.getAttribute("data-kind") === kind));
  }
  /** @type {HTMLElement} */ (document.getElementById("hit-count")).textContent = String(hits().length);
}

function restart() {
  list.replaceChildren(start.content.cloneNode(true));
  clear.hidden = true;
  field.removeAttribute("aria-activedescendant");
}

export function closeSearch() {
  document.body.classList.remove("is-searching");
  field.blur();
}

/** @param {(hit: Hit) => void} handler called with the hit that was chosen */
export function onHit(handler) {
  open = handler;
}

form.addEventListener("submit", (event) => event.preventDefault());
field.addEventListener("focus", () => document.body.classList.add("is-searching"));
field.addEventListener("input", () => {
  clear.hidden = !field.value;
  if (!field.value.trim()) restart();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && !event.isComposing) {
    const shown = hits();
    jump(shown.find((hit) => hit.getAttribute("aria-selected") === "true") ?? shown[0]);
  } else if (event.key === "Escape") {
    if (field.value) {
      field.value = "";
      restart();
    } else {
      closeSearch();
    }
  }
});
clear.addEventListener("click", () => {
  field.value = "";
  restart();
  field.focus();
});
list.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const kind = target.closest(".kind");
  if (kind) filter(kind.getAttribute("data-kind") ?? "");
  jump(/** @type {HTMLElement} */ (target.closest(".hit")) ?? undefined);
});
document.getElementById("left-close")?.addEventListener("click", closeSearch);
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === form && !field.value.trim()) event.preventDefault();
});
document.addEventListener("htmx:sendError", (event) => {
  // What was found for another text must not stand as the answer.
  if (/** @type {any} */ (event).detail.elt === form) list.innerHTML = LOST;
});
document.addEventListener("htmx:beforeSwap", (event) => {
  // A late answer to a text that is no longer there.
  if (/** @type {any} */ (event).detail.elt === form && !field.value.trim()) event.preventDefault();
});
const waiting = window.sessionStorage.getItem("search");
if (waiting) {
  window.sessionStorage.removeItem("search");
  field.value = waiting;
  field.focus();
  // HTMX listens only after it has read the page.
  window.addEventListener("load", () => field.dispatchEvent(new Event("input", { bubbles: true })));
}
