/** The dialog that takes an axis by its coordinates: for those without a pointer, and those with a survey. */

import { axisOf, lengthOf, linesOf, readGeoJson, readLines, toldFaults } from "./axis_text.js";
import { drawnAxis, takeAxis } from "./place_names_map.js";

const LARGEST = 1 << 20;
const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const dialog = /** @type {HTMLDialogElement} */ (part("typed"));
const points = /** @type {HTMLTextAreaElement} */ (part("typed-points"));
const file = /** @type {HTMLInputElement} */ (part("typed-file"));
const use = part("typed-use");

/** @param {[number, number][][]} parts drawn to fit, north above */
function sketch(parts) {
  const all = parts.flat();
  const [west, south] = [Math.min(...all.map((one) => one[0])), Math.min(...all.map((one) => one[1]))];
  const squeeze = Math.cos((south * Math.PI) / 180);
  const width = (Math.max(...all.map((one) => one[0])) - west) * squeeze;
  const height = Math.max(...all.map((one) => one[1])) - south;
  const scale = Math.min(360 / (width || 1e-9), 100 / (height || 1e-9));
  const [left, low] = [(380 - width * scale) / 2, (120 + height * scale) / 2];
  const at = (/** @type {[number, number]} */ [lon, lat]) => `${(left + (lon - west) * squeeze * scale).toFixed(1)},${(low - (lat - south) * scale).toFixed(1)}`;
  part("typed-line").setAttribute("d", parts.map((row) => `M${row.map(at).join("L")}`).join(""));
}

function preview() {
  const { parts, faults } = readLines(points.value);
  const isGood = parts.length > 0 && faults.length === 0;
  part("typed-error").replaceChildren(...toldFaults(faults).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  part("typed-error").hidden = faults.length === 0;
  points.toggleAttribute("aria-invalid", faults.length > 0);
  if (faults.length) points.setAttribute("aria-invalid", "true");
  part("typed-sketch").toggleAttribute("hidden", !isGood);
  part("typed-told").textContent = isGood ? `${parts.flat().length} 个点，${parts.length > 1 ? `${parts.length} 段，` : ""}全长 ${Math.round(lengthOf(parts))} m` : "";
  use.setAttribute("aria-disabled", String(!isGood));
  if (isGood) sketch(parts);
  return isGood ? axisOf(parts) : null;
}

/** @param {string} text a fault that no line has */
function refuse(text) {
  part("typed-error").textContent = text;
  part("typed-error").hidden = false;
}

function open() {
  // The pane's own button says what the axis is for; with it the map knows whom to tell.
  if (part("axis-tools").hidden) /** @type {HTMLElement | null} */ (document.querySelector("[data-draw-axis], [data-axis-edit]"))?.click();
  points.value = linesOf(drawnAxis());
  file.value = "";
  preview();
  dialog.showModal();
  points.focus();
}

export function startTyped() {
  document.addEventListener("click", (event) => /** @type {HTMLElement} */ (event.target).closest("[data-axis-type]") && open());
  points.addEventListener("input", preview);
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    if (!chosen) return;
    if (chosen.size > LARGEST) return refuse("文件大于 1 MB，不像是一条路的中心线");
    const { lines, fault } = readGeoJson(await chosen.text());
    if (fault) return refuse(fault);
    points.value = lines;
    preview();
  });
  part("typed-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const axis = preview();
    if (!axis) {
      if (!points.value.trim()) refuse("请写入坐标，一行一个点，或选一个文件");
      points.focus();
      return;
    }
    dialog.close();
    takeAxis(axis);
    /** @type {HTMLElement | null} */ (document.querySelector("[data-save-axis], #propose, [data-axis-type]"))?.focus();
  });
}
