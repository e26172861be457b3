/** The table of a plan: what is typed is checked as it is typed, and told beside the row, on the map and in sums. */

import { check, keyOf } from "./numbering_checks.js";
import { drawPlan, ringRow } from "./numbering_map.js";

/** @typedef {import("./numbering_checks.js").Row & {place: number, lon: number | null, lat: number | null, address: string, version: string, building: string, body: HTMLElement}} Slot */

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const legend = /** @type {HTMLElement} */ (document.getElementById("plan-legend"));
/** @type {Slot[]} */
let slots = [];
let isChange = false;
let shown = "all";
let picked = -1;
let pending = 0;
/** @type {(sum: ReturnType<typeof sums>) => void} */
let told = () => {};

/** @param {HTMLElement} body @param {string} kind whether its box is ticked; what has none always counts */
const isTaken = (body, kind) => (kind === "door" || kind === "free" ? /** @type {HTMLInputElement | null} */ (body.querySelector("[data-take]"))?.checked === true : true);

/** @param {string | undefined} text */
const number = (text) => (text ? Number(text) : null);

/** @param {boolean} renumbers whether numbers that are there are changed @param {(sum: ReturnType<typeof sums>) => void} tell */
export function readTable(renumbers, tell) {
  isChange = renumbers;
  told = tell;
  picked = -1;
  const bodies = /** @type {HTMLElement[]} */ ([...pane.querySelectorAll("[data-slot]")]);
  slots = bodies.map((body, place) => {
    const { kind = "", number: was = "", side = "", m, lon, lat, address = "", version = "", building = "", remarks = "" } = body.dataset;
    return { place, kind, was, number: was, taken: isTaken(body, kind), side, metres: number(m), lon: number(lon), lat: number(lat), address, version, building, remarks, body };
  });
  ringRow(null, null);
  show(!isChange && slots.some((slot) => slot.kind === "door") ? "door" : "all");
}

export function forgetTable() {
  slots = [];
  ringRow(null, null);
  drawPlan([]);
  legend.hidden = true;
}

/** @param {Slot} slot */
const isChanged = (slot) => keyOf(slot.number) !== keyOf(slot.was);
/** @param {Slot} slot */
const isNew = (slot) => slot.kind === "door" || slot.kind === "free";

/** Check all rows again and say so everywhere. */
export function refresh() {
  const flaws = check(slots, isChange);
  /** @type {Record<string, number>} */
  const counts = {};
  const marks = slots.map((slot, place) => {
    const own = flaws[place];
    const level = own.some((one) => one.level === "error") ? "error" : own.length ? "warning" : "";
    const line = /** @type {HTMLElement} */ (slot.body.querySelector(".numbering-flaw"));
    const cell = /** @type {HTMLElement} */ (line.firstElementChild);
    const words = own.map((one) => one.text).join("；");
    if (cell.textContent !== words) cell.textContent = words;
    line.hidden = !own.length;
    if (slot.body.dataset.level !== level) slot.body.dataset.level = level;
    slot.body.classList.toggle("is-left", slot.kind === "door" && !slot.taken);
    const input = slot.body.querySelector("[data-typed]");
    if (level === "error") input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
    const isShown = (shown === "all" && slot.kind !== "free" && slot.kind !== "retired") || shown === slot.kind || (shown === "changed" && isChanged(slot)) || (shown === "flawed" && own.length > 0);
    slot.body.hidden = !isShown;
    if (level) counts[level] = (counts[level] ?? 0) + 1;
    if (slot.kind !== "door" || slot.taken) counts[slot.kind] = (counts[slot.kind] ?? 0) + 1;
    // What is not taken, and what was given long ago and stays, needs no sign of alarm on the map.
    const mark = level === "error" || (level && (isNew(slot) || isChanged(slot))) ? level : slot.kind;
    return { id: slot.place, lon: slot.kind === "door" && !slot.taken ? null : slot.lon, lat: slot.lat, number: slot.number, mark };
  });
  legend.hidden = false;
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (legend.querySelectorAll("[data-kind]"))) {
    const count = counts[line.dataset.kind ?? ""] ?? 0;
    /** @type {HTMLElement} */ (line.querySelector("b")).textContent = String(count);
    line.hidden = count === 0;
  }
  window.clearTimeout(pending);
  pending = window.setTimeout(() => drawPlan(marks), 30);
  tellCounts(flaws);
  told(sums(flaws));
}

/** @param {import("./numbering_checks.js").Flaw[][]} flaws */
function tellCounts(flaws) {
  const say = (/** @type {string} */ name, /** @type {number} */ count) => {
    const place = pane.querySelector(`[data-count-${name}]`);
    if (place) place.textContent = String(count);
  };
  say("all", slots.filter((slot) => slot.kind !== "free" && slot.kind !== "retired").length);
  for (const kind of ["door", "free", "retired"]) say(kind, slots.filter((slot) => slot.kind === kind).length);
  say("changed", slots.filter(isChanged).length);
  say("flawed", flaws.filter((one) => one.length).length);
}

/** @param {import("./numbering_checks.js").Flaw[][]} flaws */
function sums(flaws) {
  const some = (/** @type {(slot: Slot) => boolean} */ is) => slots.filter(is);
  const doors = some((slot) => slot.kind === "door" && slot.taken);
  const errors = flaws.filter((one) => one.some((flaw) => flaw.level === "error")).length;
  const own = flaws.filter((one, place) => one.length && (isChange ? isChanged(slots[place]) : isNew(slots[place]) && slots[place].taken));
  return {
    doors, kept: some((slot) => slot.kind === "free" && slot.taken), changed: some(isChanged), errors,
    warnings: own.filter((one) => one.every((flaw) => flaw.level === "warning")).length,
    odd: doors.filter((slot) => slot.side === "odd").length, even: doors.filter((slot) => slot.side === "even").length,
  };
}

/** @param {number} place @param {boolean} [comes] whether the map moves to it */
export function pick(place, comes = true) {
  slots[picked]?.body.classList.remove("is-chosen");
  picked = place;
  const slot = slots[place];
  if (!slot) return ringRow(null, null);
  slot.body.hidden = false;
  slot.body.classList.add("is-chosen");
  slot.body.scrollIntoView({ block: "nearest" });
  ringRow(slot.lon, slot.lat, comes);
}

/** @param {string} kind door or free @param {boolean} isTaken tick all of a kind, or none */
export function take(kind, isTaken) {
  for (const slot of slots.filter((one) => one.kind === kind)) {
    const box = /** @type {HTMLInputElement | null} */ (slot.body.querySelector("[data-take]"));
    if (box) slot.taken = box.checked = isTaken;
  }
  refresh();
}

/** @param {string} name all, door, free, changed or flawed */
function show(name) {
  shown = name;
  for (const button of pane.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.getAttribute("data-show") === name));
  refresh();
}

/** @param {Slot} slot @param {string} text */
function type(slot, text) {
  slot.number = text;
  const input = /** @type {HTMLInputElement | null} */ (slot.body.querySelector("[data-typed]"));
  if (input && input.value !== text) input.value = text;
  slot.body.classList.toggle("is-changed", isChanged(slot));
}

/** Move the picked number and those behind it on its side by whole numbers. @param {number} by @returns {string} why not */
export function shift(by) {
  const from = slots[picked];
  if (!from || from.kind !== "given") return "请先在表中选一行“已编”的号";
  const after = slots.filter((slot) => slot.kind === "given" && slot.side === from.side && (slot.metres ?? slot.place) >= (from.metres ?? from.place));
  const moved = after.map((slot) => ({ slot, text: slot.number.replace(/\d+/, (found) => String(Number(found) + by)) }));
  if (moved.some(({ text }) => Number(/-?\d+/.exec(text)?.[0]) < 1)) return "再前移就小于 1 号了";
  for (const { slot, text } of moved) type(slot, text);
  refresh();
  return "";
}

/** Give the numbers of each side anew in the order of their places, from the least one of the side on. */
export function again() {
  for (const side of ["odd", "even", ""]) {
    const line = slots.filter((slot) => slot.kind === "given" && slot.side === side);
    line.sort((one, other) => (one.metres ?? one.place) - (other.metres ?? other.place));
    const step = side ? 2 : 1;
    const barred = new Set(slots.filter((slot) => slot.kind !== "given").map((slot) => keyOf(slot.number)));
    let next = side === "even" ? 2 : 1;
    for (const slot of line) {
      while (barred.has(String(next))) next += step;
      type(slot, String(next));
      next += step;
    }
  }
  refresh();
}

export function reset() {
  for (const slot of slots) type(slot, slot.was);
  refresh();
}

/** @param {{pointer: string, detail: string}[]} faults what the server said, row by row @param {Slot[]} sent the rows in the order they were sent */
export function tellFaults(faults, sent) {
  let first = -1;
  for (const { pointer, detail } of faults) {
    const slot = sent[Number(/\/(\d+)(\/|$)/.exec(pointer)?.[1] ?? -1)];
    if (!slot) continue;
    const line = /** @type {HTMLElement} */ (slot.body.querySelector(".numbering-flaw"));
    /** @type {HTMLElement} */ (line.firstElementChild).textContent = detail;
    line.hidden = false;
    slot.body.hidden = false;
    slot.body.dataset.level = "error";
    if (first < 0) first = slot.place;
  }
  if (first >= 0) pick(first);
}

/** @param {string[]} numbers @returns {{address: string, version: string}[]} the addresses that bear them now */
export function bearersOf(numbers) {
  const keys = new Set(numbers.map(keyOf));
  return slots.filter((slot) => slot.address && slot.kind !== "retired" && keys.has(keyOf(slot.was)));
}

/** Bring the next row that cannot be stored before the reader's eyes. */
export function nextError() {
  const bad = slots.filter((slot) => slot.body.dataset.level === "error");
  const next = bad.find((slot) => slot.place > picked) ?? bad[0];
  if (!next) return;
  pick(next.place);
  /** @type {HTMLElement | null} */ (next.body.querySelector("[data-typed]"))?.focus();
}

/** @param {EventTarget | null} target @returns {Slot | undefined} */
function slotOf(target) {
  const body = /** @type {HTMLElement} */ (target).closest("[data-slot]");
  return body ? slots[Number(body.getAttribute("data-slot"))] : undefined;
}

pane.addEventListener("input", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  const slot = slotOf(input);
  if (!slot || input.dataset.typed === undefined) return;
  type(slot, input.value);
  refresh();
});
pane.addEventListener("change", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.id === "take-all") take("door", input.checked);
  const slot = slotOf(input);
  if (slot && input.dataset.take !== undefined) slot.taken = input.checked;
  if (input.type === "checkbox") refresh();
});
pane.addEventListener("focusin", (event) => {
  const slot = slotOf(event.target);
  if (slot && slot.place !== picked) pick(slot.place, false);
});
pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const filter = target.closest("[data-show]");
  if (filter) show(filter.getAttribute("data-show") ?? "all");
  const slot = slotOf(target);
  if (slot && (target.closest("[data-pick]") || !target.closest("input"))) pick(slot.place);
});
pane.addEventListener("keydown", (event) => {
  const input = /** @type {HTMLElement} */ (event.target);
  if (!input.matches("[data-typed]") || !["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
  event.preventDefault();
  const inputs = /** @type {HTMLInputElement[]} */ ([...pane.querySelectorAll("[data-slot]:not([hidden]) [data-typed]")]);
  const next = inputs[inputs.indexOf(/** @type {HTMLInputElement} */ (input)) + (event.key === "ArrowUp" ? -1 : 1)];
  next?.focus();
  next?.select();
});
