/** 抽查: what is sampled, the suggested sizes, which unit a check is of, and the sheet on paper. */

/** @param {string} selector */
const field = (selector) => /** @type {HTMLInputElement | null} */ (document.querySelector(selector));
const area = /** @type {HTMLSelectElement | null} */ (document.querySelector("#draw-area"));

function showArea() {
  const kind = field("#act-draw [name=area_kind]");
  const id = field("#act-draw [name=area_id]");
  if (!area || !kind || !id) return;
  kind.value = area.selectedOptions[0]?.dataset.kind ?? "";
  id.value = area.value;
}

/** @param {HTMLElement} button the unit whose check is to be noted */
function showUnit(button) {
  const form = /** @type {HTMLFormElement} */ (document.querySelector("#act-check form"));
  form.reset();
  for (const told of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) told.hidden = true;
  const id = field("#act-check [name=unit_id]");
  if (id) id.value = button.dataset.unit ?? "";
  /** @type {HTMLElement} */ (document.getElementById("check-unit")).textContent = button.dataset.text ?? "";
  field("#act-check [name=persons_met]")?.focus();
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const size = /** @type {HTMLElement | null} */ (target.closest("[data-size]"));
  const input = field("#act-draw [name=sample_size]");
  if (size && input) input.value = size.dataset.size ?? "";
  const unit = /** @type {HTMLElement | null} */ (target.closest("[data-unit]"));
  if (unit) showUnit(unit);
  if (target.closest("#print-sheet")) window.print();
});
area?.addEventListener("change", showArea);
showArea();
