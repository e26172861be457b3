/** 领导看板: every state has an address; a step fetches the parts of the page that it changes. */

import { get } from "./http.js";
import { isTyping } from "./shell.js";

const board = /** @type {HTMLElement} */ (document.getElementById("main"));
const fault = /** @type {HTMLElement} */ (document.getElementById("board-error"));
const slider = /** @type {HTMLInputElement | null} */ (document.getElementById("week"));
const weeks = slider?.dataset.weeks?.split(" ") ?? [];
const figures = window.figures;
const PLAYED = 12;
const PAUSE = 1200;
let asked = 0;
let playing = 0;

/** @param {string} html put each part in its place; what has the focus keeps it */
function place(html) {
  const found = new DOMParser().parseFromString(html, "text/html");
  const key = document.activeElement?.closest("[data-key]")?.getAttribute("data-key");
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (found.querySelectorAll("[data-part]"))) {
    const here = /** @type {HTMLElement | null} */ (document.querySelector(`[data-part="${part.dataset.part}"]`));
    if (!here) continue;
    const scroll = here.querySelector(".board-scroll")?.scrollTop ?? 0;
    here.replaceChildren(...part.childNodes);
    here.hidden = part.hidden;
    const scroller = here.querySelector(".board-scroll");
    if (scroller) scroller.scrollTop = scroll;
  }
  const same = key ? document.querySelector(`[data-key="${CSS.escape(key)}"]`) : null;
  if (key) /** @type {HTMLElement} */ (same ?? board).focus({ preventScroll: true });
  figures.draw(JSON.parse(found.getElementById("drawing")?.textContent ?? "{}"));
  bindFocusAreas();
  for (const scroller of board.querySelectorAll(".board-scroll")) reveal(scroller, scroller.querySelector(".is-chosen"));
}

/** @param {Element} scroller @param {HTMLElement | null} chosen move the list alone, never the page */
function reveal(scroller, chosen) {
  if (!chosen) return;
  const [frame, row] = [scroller.getBoundingClientRect(), chosen.getBoundingClientRect()];
  if (row.top < frame.top + 36) scroller.scrollTop -= frame.top + 36 - row.top;
  else if (row.bottom > frame.bottom) scroller.scrollTop += row.bottom - frame.bottom;
}

/**
 * @param {string} href the state to show
 * @param {"push" | "replace" | "keep"} [step] what becomes of the address before
 * @returns {Promise<boolean>} whether it is shown
 */
async function show(href, step = "push") {
  const mine = ++asked;
  const target = new URL(href, window.location.origin);
  const panel = new URLSearchParams(target.search);
  panel.set("drawn", figures.key());
  board.classList.add("is-loading");
  board.setAttribute("aria-busy", "true");
  const answer = await get(`/panels/dashboard?${panel}`);
  if (mine !== asked) return false;
  board.classList.remove("is-loading");
  board.removeAttribute("aria-busy");
  fault.hidden = answer.ok;
  if (!answer.ok) {
    fault.innerHTML = answer.html;
    stop();
    return false;
  }
  if (step === "push") window.history.pushState(null, "", target.pathname + target.search);
  if (step === "replace") window.history.replaceState(null, "", target.pathname + target.search);
  place(answer.html);
  drawWeek();
  return true;
}

/** @returns {number} the place of the shown week in the slider */
function weekNow() {
  const at = weeks.indexOf(new URLSearchParams(window.location.search).get("week") ?? "");
  return at < 0 ? weeks.length - 1 : at;
}

function drawWeek() {
  if (!slider) return;
  slider.value = String(weekNow());
  slider.setAttribute("aria-valuetext", document.querySelector("[data-part=week]")?.textContent?.trim() ?? "");
  /** @type {HTMLButtonElement} */ (document.getElementById("week-before")).disabled = weekNow() === 0;
  /** @type {HTMLButtonElement} */ (document.getElementById("week-after")).disabled = weekNow() === weeks.length - 1;
}

/** @param {number} at @param {"push" | "replace"} [step] */
function showWeek(at, step = "push") {
  const to = Math.min(Math.max(at, 0), weeks.length - 1);
  const target = new URL(window.location.href);
  if (to === weeks.length - 1) target.searchParams.delete("week");
  else target.searchParams.set("week", weeks[to]);
  return show(target.href, step);
}

function stop() {
  window.clearTimeout(playing);
  playing = 0;
  document.getElementById("week-play")?.setAttribute("aria-pressed", "false");
}

/** @param {number} at show one week after the other; classes stay, so that colours compare */
async function play(at) {
  const isShown = await showWeek(at, "replace");
  if (!playing) return;
  if (!isShown || at >= weeks.length - 1) stop();
  else playing = window.setTimeout(() => play(at + 1), PAUSE);
}

function bindWeeks() {
  if (!slider) return;
  slider.addEventListener("change", () => {
    stop();
    showWeek(Number(slider.value));
  });
  document.getElementById("week-before")?.addEventListener("click", () => showWeek(weekNow() - 1));
  document.getElementById("week-after")?.addEventListener("click", () => showWeek(weekNow() + 1));
  document.getElementById("week-play")?.addEventListener("click", (event) => {
    if (playing) {
      stop();
      return;
    }
    /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", "true");
    playing = 1;
    play(Math.max(0, weeks.length - PLAYED));
  });
  drawWeek();
}

function bindFocusAreas() {
  const box = /** @type {HTMLInputElement | null} */ (document.getElementById("focus-areas"));
  if (!box) return;
  box.checked = shownFocusAreas;
  box.addEventListener("change", () => {
    shownFocusAreas = box.checked;
    figures.showFocusAreas(box.checked);
  });
}
let shownFocusAreas = true;

/** The map is printed as it stands: its box keeps its size, or shrinks to the paper with its scale. */
function bindPrint() {
  const stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
  document.getElementById("print")?.addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => {
    const { offsetWidth: width, offsetHeight: height } = stage;
    if (!width) return;
    const shrink = Math.min(1, 590 / width, 425 / height);
    stage.style.setProperty("--print-width", `${width}px`);
    stage.style.setProperty("--print-height", `${height}px`);
    stage.style.setProperty("--print-zoom", String(shrink));
    const { map } = figures;
    const metres = (40075016.686 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
    // A CSS pixel is 0.2646 mm on paper.
    const scale = Math.round(metres / 0.00026458 / shrink / 100) * 100;
    /** @type {HTMLElement} */ (document.getElementById("print-scale")).textContent = `1 : ${scale}`;
  });
}

/** @param {Element | null} target a row leads where its link leads */
function hrefOf(target) {
  const link = target?.closest("a, button, select, input, label");
  const inside = link ?? target?.closest("tr, .zone-card")?.querySelector("a[data-go]");
  return inside?.hasAttribute("data-go") ? inside.getAttribute("href") : null;
}

document.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const building = /** @type {HTMLElement | null} */ (target.closest("tr[data-building]"));
  if (building) figures.showBuilding(building.dataset.building);
  const href = hrefOf(target);
  if (!href || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  stop();
  show(href);
});
document.addEventListener("change", (event) => {
  const choice = /** @type {HTMLSelectElement} */ (event.target);
  if (choice.hasAttribute("data-choose")) show(choice.value);
});
document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  const building = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("tr[data-building]"));
  if (building && event.key === "Enter") figures.showBuilding(building.dataset.building);
  if (weeks.length && event.key === "[") showWeek(weekNow() - 1);
  if (weeks.length && event.key === "]") showWeek(weekNow() + 1);
});
document.addEventListener("figures:go", (event) => show(/** @type {CustomEvent} */ (event).detail));
document.addEventListener("figures:building", (event) => {
  const row = board.querySelector(`tr[data-building="${/** @type {CustomEvent} */ (event).detail}"]`);
  const scroller = row?.closest(".board-scroll");
  if (scroller) reveal(scroller, /** @type {HTMLElement} */ (row));
  /** @type {HTMLElement | null} */ (row)?.focus({ preventScroll: true });
});
window.addEventListener("popstate", () => show(window.location.href, "keep"));

bindWeeks();
bindFocusAreas();
bindPrint();
new ResizeObserver(() => figures.fit()).observe(/** @type {HTMLElement} */ (document.getElementById("stage")));
