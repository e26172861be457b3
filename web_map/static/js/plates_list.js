/** The left pane: streets with their rate, plates of one street by side, addresses without a plate; ticks. */

import { get } from "./http.js";
import { choose as tick, clearSelection, isSelected, ofBox, onSelection } from "./plates_selection.js";
import { remember } from "./state.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("plates-left"));

/**
 * @param {object} handlers
 * @param {(id: string) => void} handlers.open
 * @param {(id: string, isStep: boolean) => void} handlers.street
 * @param {(address: string) => void} handlers.missing
 */
export function startList(handlers) {
  const start = new URLSearchParams(window.location.search);
  let mark = /^[a-z]{0,12}$/.test(start.get("m") ?? "") ? (start.get("m") ?? "") : "";
  let tab = ["missing", "warned"].includes(start.get("t") ?? "") ? (start.get("t") ?? "") : "plates";
  let side = ["odd", "even"].includes(start.get("d") ?? "") ? (start.get("d") ?? "") : "";
  let current = "";
  let opened = "";
  let turn = 0;

  /** @param {string} street */
  function query(street) {
    const asked = new URLSearchParams({ tab });
    if (street) asked.set("street", street);
    if (mark) asked.set("mark", mark);
    if (street && side) asked.set("side", side);
    return asked;
  }

  /** @param {string} street */
  async function load(street) {
    if (street !== current) clearSelection();
    current = street;
    const mine = (turn += 1);
    // The list that the page came with is there already.
    const isThere = pane.dataset.first === String(query(street));
    delete pane.dataset.first;
    const answer = isThere ? null : await get(`/panels/plates/list?${query(street)}`);
    if (mine !== turn) return;
    const scrolled = pane.querySelector(".plates-scroll")?.scrollTop ?? 0;
    const had = pane.contains(document.activeElement) ? (/** @type {HTMLElement} */ (document.activeElement).id) : "";
    if (answer) pane.innerHTML = answer.html;
    choose(opened);
    count();
    const scroll = pane.querySelector(".plates-scroll");
    if (scroll) scroll.scrollTop = scrolled;
    if (had) document.getElementById(had)?.focus({ preventScroll: true });
    if (!street) countArea();
  }

  /** The rate of the whole area counts every address: it follows the list. */
  async function countArea() {
    const answer = await get("/panels/plates/rate");
    const place = document.getElementById("area-rate");
    if (!place) return;
    place.innerHTML = answer.html;
    const count = /** @type {HTMLElement | null} */ (place.querySelector("[data-missing-count]"))?.dataset.missingCount ?? "";
    /** @type {HTMLElement} */ (document.getElementById("missing-count")).textContent = count;
  }

  /** @param {string} text the beginning of a street's name, sound or initials; the field itself stays */
  async function find(text) {
    const mine = (turn += 1);
    const answer = await get(`/panels/plates/list?${new URLSearchParams({ tab, q: text })}`);
    if (mine !== turn) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = answer.html;
    const rows = fresh.content.querySelector(".plates-scroll") ?? fresh.content;
    pane.querySelector(".plates-scroll")?.replaceWith(rows);
  }

  /** @returns {HTMLInputElement[]} */
  function boxes() {
    return /** @type {HTMLInputElement[]} */ ([...pane.querySelectorAll("input[data-tick]")]);
  }

  /** @param {string} id */
  function choose(id) {
    opened = id;
    for (const row of pane.querySelectorAll("[data-row]")) {
      const isChosen = row.getAttribute("data-row") === id && id !== "";
      row.classList.toggle("is-chosen", isChosen);
      const button = row.querySelector("[data-open-plate]");
      if (isChosen) {
        button?.setAttribute("aria-current", "true");
        row.scrollIntoView({ block: "nearest" });
      } else button?.removeAttribute("aria-current");
    }
  }

  /** The ticks follow what is chosen, here or on the map. */
  function count() {
    for (const box of boxes()) box.checked = isSelected(box.value);
    const all = /** @type {HTMLInputElement | null} */ (pane.querySelector("#tick-all"));
    if (!all) return;
    all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
    all.indeterminate = !all.checked && boxes().some((box) => box.checked);
  }

  /** @param {number} step @returns {string} the plate before or behind the open one in the list */
  function beside(step) {
    const ids = [...pane.querySelectorAll("[data-open-plate]")].map((row) => row.getAttribute("data-open-plate") ?? "");
    if (!ids.length) return "";
    const here = ids.indexOf(opened);
    return ids[here < 0 ? 0 : Math.min(Math.max(here + step, 0), ids.length - 1)];
  }

  /** Tick the open plate, or take its tick away. */
  function tickOpened() {
    const box = boxes().find((one) => one.value === opened);
    if (box) tick([ofBox(box)], !box.checked);
  }

  pane.addEventListener("change", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    if (box.id === "tick-all") tick(boxes().map(ofBox), box.checked);
    else if (box.dataset.tick !== undefined) tick([ofBox(box)], box.checked);
  });
  let typing = 0;
  pane.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.id !== "street-filter") return;
    window.clearTimeout(typing);
    typing = window.setTimeout(() => find(field.value.trim()), 200);
  });
  pane.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const open = target.closest("[data-open-plate]");
    const street = target.closest("[data-street]");
    const filter = target.closest("[data-filter]");
    const sheet = target.closest("[data-tab]");
    const hand = target.closest("[data-side]");
    const hole = /** @type {HTMLElement | null} */ (target.closest("[data-missing]"));
    if (open) handlers.open(open.getAttribute("data-open-plate") ?? "");
    if (street) handlers.street(street.getAttribute("data-street") ?? "", true);
    if (filter) {
      mark = filter.getAttribute("aria-pressed") === "true" ? "" : (filter.getAttribute("data-filter") ?? "");
      remember({ m: mark || null });
      load(current);
    }
    if (hand) {
      side = hand.getAttribute("aria-pressed") === "true" ? "" : (hand.getAttribute("data-side") ?? "");
      if (tab === "missing") tab = "plates";
      remember({ d: side || null, t: tab === "plates" ? null : tab });
      load(current);
    }
    if (sheet) {
      const isOn = sheet.getAttribute("aria-pressed") === "true";
      tab = isOn ? "plates" : (sheet.getAttribute("data-tab") ?? "plates");
      remember({ t: tab === "plates" ? null : tab });
      load(current);
    }
    if (hole) {
      const { plate, address = "" } = hole.dataset;
      if (plate) handlers.open(plate);
      else handlers.missing(address);
    }
  });
  onSelection(count);

  return { load, choose, query, beside, tickOpened };
}
