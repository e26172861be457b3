/** The choice of an area, or of a building or unit: typing finds those that the page has not listed. */

import { getJson } from "./http.js";

const WAIT_MS = 200;
const LEVELS = new Set(["district", "township", "community"]);

/** @typedef {{id: string, title: string, kind: string}} Choice */

/** @param {string} text @param {boolean} withBuildings @returns {Promise<Choice[]>} */
async function find(text, withBuildings) {
  const areas = getJson(`/v1/areas?text=${encodeURIComponent(text)}&limit=50`);
  const hits = withBuildings ? getJson(`/v1/addresses/search?q=${encodeURIComponent(text)}&limit=20`) : null;
  const rows = ((await areas)?.rows ?? []).filter((/** @type {any} */ row) => LEVELS.has(row.level));
  const found = ((await hits)?.hits ?? []).filter((/** @type {any} */ hit) => ["building", "unit"].includes(hit.kind));
  return [
    ...rows.map((/** @type {any} */ row) => ({ id: row.id, title: row.full_name, kind: "division" })),
    ...found.map((/** @type {any} */ hit) => ({
      id: hit.id,
      title: `${hit.text}（${hit.kind === "unit" ? "户室" : "整幢"}）`,
      kind: hit.kind === "unit" ? "housing_unit" : "building",
    })),
  ];
}

/** @param {HTMLElement} picker */
function bind(picker) {
  const field = /** @type {HTMLInputElement} */ (picker.querySelector("[data-find]"));
  const select = /** @type {HTMLSelectElement} */ (picker.querySelector("select"));
  const listed = [...select.children];
  const form = /** @type {HTMLFormElement} */ (select.form);
  let clock = 0;

  async function search() {
    const text = field.value.trim();
    const found = text ? await find(text, picker.dataset.picker === "objects") : [];
    if (text !== field.value.trim()) return;
    const shown = found.map(({ id, title, kind }) => {
      const option = new Option(title, id);
      option.dataset.kind = kind;
      return option;
    });
    const none = new Option(`没有找到“${text}”`, "");
    select.replaceChildren(...(text ? (shown.length ? shown : [none]) : listed));
    select.selectedIndex = 0;
    for (const kind of ["input", "change"]) select.dispatchEvent(new Event(kind, { bubbles: true }));
  }

  /** Say in the form what was chosen: the kind of the object, or all areas. */
  function tell() {
    const chosen = select.selectedOptions[0];
    const kind = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=object_kind]"));
    const whole = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=whole]"));
    if (kind) kind.value = chosen?.dataset.kind ?? "division";
    if (whole) whole.checked = chosen?.dataset.whole !== undefined;
    select.required = !whole?.checked;
  }

  field.addEventListener("input", () => {
    window.clearTimeout(clock);
    clock = window.setTimeout(search, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    select.focus();
  });
  select.addEventListener("change", tell);
}

for (const picker of document.querySelectorAll("[data-picker]")) bind(/** @type {HTMLElement} */ (picker));
