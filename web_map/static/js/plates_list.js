/** The left pane: streets with their rate, plates of one street, addresses without a plate; ticks for a batch. */

import { get } from "./http.js";
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
  let tab = start.get("t") === "missing" ? "missing" : "plates";
  let current = "";
  let opened = "";
  let turn = 0;
  /** @type {Map<string, {state: string, text: string}>} */
  const ticked = new Map();

  /** @param {string} street */
  function query(street) {
    const asked = new URLSearchParams({ tab });
    if (street) asked.set("street", street);
    if (mark) asked.set("mark", mark);
    return asked;
  }

  /** @param {string} street */
  async function load(street) {
    if (street !== current) ticked.clear();
    current = street;
    const mine = (turn += 1);
    const answer = await get(`/panels/plates/list?${query(street)}`);
    if (mine !== turn) return;
    const scrolled = pane.querySelector(".plates-scroll")?.scrollTop ?? 0;
    const had = pane.contains(document.activeElement) ? (/** @type {HTMLElement} */ (document.activeElement).id) : "";
    pane.innerHTML = answer.html;
    for (const box of boxes()) box.checked = ticked.has(box.value);
    choose(opened);
    count();
    const scroll = pane.querySelector(".plates-scroll");
    if (scroll) scroll.scrollTop = scrolled;
    if (had) document.getElementById(had)?.focus({ preventScroll: true });
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

  /** How many are ticked, and of which states: a batch takes approved ones alone, and says so first. */
  function count() {
    const bar = /** @type {HTMLElement | null} */ (pane.querySelector("#ticked"));
    if (!bar) return;
    bar.hidden = ticked.size === 0;
    /** @type {Record<string, number>} */
    const mix = {};
    for (const { state } of ticked.values()) mix[state] = (mix[state] ?? 0) + 1;
    const words = Object.entries(mix).map(([state, number]) => `${state} ${number}`).join(" · ");
    /** @type {HTMLElement} */ (bar.querySelector("[data-ticked-text]")).textContent = `已选 ${ticked.size} 块　${words}`;
    bar.dataset.ids = [...ticked.keys()].join(",");
    const all = /** @type {HTMLInputElement | null} */ (pane.querySelector("#tick-all"));
    if (all) {
      all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
      all.indeterminate = !all.checked && boxes().some((box) => box.checked);
    }
  }

  /** @param {HTMLInputElement} box */
  function tick(box) {
    if (box.checked) ticked.set(box.value, { state: box.dataset.state ?? "", text: box.dataset.text ?? "" });
    else ticked.delete(box.value);
  }

  pane.addEventListener("change", (event) => {
    const box = /** @type {HTMLInputElement} */ (event.target);
    if (box.id === "tick-all") {
      for (const one of boxes()) {
        one.checked = box.checked;
        tick(one);
      }
    } else if (box.dataset.tick !== undefined) tick(box);
    count();
  });
  pane.addEventListener("input", (event) => {
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (field.id !== "street-filter") return;
    const text = field.value.trim().toLowerCase();
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll("[data-street-row]"))) {
      row.hidden = text !== "" && !(row.dataset.find ?? "").toLowerCase().includes(text);
    }
  });
  pane.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const open = target.closest("[data-open-plate]");
    const street = target.closest("[data-street]");
    const filter = target.closest("[data-filter]");
    const sheet = target.closest("[data-tab]");
    const hole = /** @type {HTMLElement | null} */ (target.closest("[data-missing]"));
    if (open) handlers.open(open.getAttribute("data-open-plate") ?? "");
    if (street) handlers.street(street.getAttribute("data-street") ?? "", true);
    if (filter) {
      mark = filter.getAttribute("aria-pressed") === "true" ? "" : (filter.getAttribute("data-filter") ?? "");
      remember({ m: mark || null });
      load(current);
    }
    if (sheet) {
      tab = sheet.getAttribute("data-tab") ?? "plates";
      remember({ t: tab === "plates" ? null : tab });
      load(current);
    }
    if (hole) {
      const { plate, address = "" } = hole.dataset;
      if (plate) handlers.open(plate);
      else handlers.missing(address);
    }
    if (target.closest("[data-untick]")) {
      ticked.clear();
      for (const box of boxes()) box.checked = false;
      count();
    }
  });

  return { load, choose, query };
}
