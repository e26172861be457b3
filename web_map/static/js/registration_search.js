/** The choice of a housing unit by keyboard: type an address, arrows, Enter; of a building its rooms follow. */

import { el, read } from "./registration_parts.js";

const WAIT_MS = 150;

/** @typedef {{id: string, title: string, note: string, kind: string}} Found */

/** @typedef {{rows: Found[], fault: string}} Answered */

/** @param {string} text @returns {Promise<Answered>} */
async function find(text) {
  const answer = await read(`/v1/addresses/search?q=${encodeURIComponent(text)}&limit=12`);
  const rows = (answer.body.hits ?? [])
    .filter((/** @type {any} */ hit) => ["building", "unit"].includes(hit.kind))
    .map((/** @type {any} */ hit) => ({ id: hit.id, title: hit.text, note: hit.note, kind: hit.kind }));
  return { rows, fault: answer.text };
}

/** @param {Found} building @returns {Promise<Answered>} its rooms */
async function rooms(building) {
  const answer = await read(`/v1/housing-units?building_id=${building.id}&limit=100`);
  const rows = (answer.body.rows ?? [])
    .map((/** @type {any} */ unit) => ({ id: unit.id, title: building.title + unit.unit_text, note: unit.unit_text, kind: "unit" }))
    .sort((/** @type {Found} */ a, /** @type {Found} */ b) => a.title.localeCompare(b.title, "zh-CN", { numeric: true }));
  return { rows, fault: answer.text };
}

/**
 * @param {HTMLInputElement} field a combobox @param {HTMLElement} list its listbox
 * @param {(unit: Found) => void} chosen called with a housing unit
 * @param {boolean} [isWhole] whether a building may be chosen too, without a room
 */
export function chooseUnit(field, list, chosen, isWhole = false) {
  /** @type {Found[]} */
  let found = [];
  let at = 0;
  let clock = 0;
  let asked = "";
  let isWaiting = false;

  /** @param {string} text */
  function say(text) {
    found = [];
    list.replaceChildren(el("li.reg-none", { role: "option", "aria-disabled": "true", "aria-selected": "false" }, text));
    open(true);
  }

  /** @param {boolean} isOpen */
  function open(isOpen) {
    list.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) field.removeAttribute("aria-activedescendant");
  }

  /** @param {Answered} answered */
  function show({ rows, fault }) {
    found = rows;
    at = 0;
    if (!rows.length) {
      say(fault || "没有找到，请改用路名加弄号、门牌码或拼音首字母");
      return;
    }
    list.replaceChildren(
      ...rows.map((one, index) =>
        el("li", { role: "option", id: `${list.id}-${index}`, "data-at": index, "aria-selected": "false" },
          el("b", {}, one.title), el("span.quiet", {}, one.kind === "building" ? "整幢，回车选房间" : one.note))),
    );
    open(true);
    mark(0);
  }

  /** @param {number} index */
  function mark(index) {
    at = Math.min(Math.max(index, 0), found.length - 1);
    for (const [index, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(index === at));
    const item = list.children[at];
    if (!item) return;
    field.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  /** @param {Found | undefined} one */
  async function take(one) {
    if (!one) return;
    // What is still looked for is not wanted any more.
    window.clearTimeout(clock);
    asked = "";
    field.value = one.title;
    if (one.kind === "building" && !isWhole) {
      const answered = await rooms(one);
      if (field.value === one.title) show(answered);
      return;
    }
    open(false);
    chosen(one);
  }

  async function search() {
    const text = field.value.trim();
    asked = text;
    if (!text) {
      open(false);
      return;
    }
    const answered = await find(text);
    // An answer to the beginning of what stands there by now is none.
    if (asked !== text || field.value.trim() !== text) return;
    show(answered);
    if (isWaiting) {
      isWaiting = false;
      take(found[0]);
    }
  }

  field.addEventListener("input", () => {
    window.clearTimeout(clock);
    isWaiting = false;
    found = [];
    clock = window.setTimeout(search, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden && found.length) open(true);
      else mark(at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && field.value.trim()) {
      event.preventDefault();
      event.stopPropagation();
      if (found.length && !list.hidden) take(found[at]);
      else {
        // Whoever types on does not wait for the list.
        isWaiting = true;
        if (list.hidden) search();
      }
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      open(false);
    }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest("[data-at]");
    if (item) take(found[Number(item.getAttribute("data-at"))]);
  });
  field.addEventListener("blur", () => open(false));
}
