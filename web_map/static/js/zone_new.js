/** 提议: blocks chosen on the map or in the list say the same; a drawing stands for them. */

import { getJson } from "./http.js";
import { draw, label, showBox, startMap } from "./zone_map.js";

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const form = /** @type {HTMLFormElement} */ (document.querySelector(".zone-new"));
const boxes = /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[name=block_ids]")]);
const start = /** @type {HTMLButtonElement} */ (document.getElementById("draw"));
const clear = /** @type {HTMLElement} */ (document.getElementById("draw-clear"));
const count = /** @type {HTMLElement} */ (document.getElementById("chosen-count"));
/** @type {Map<string, any>} */
const shapes = new Map();
/** @type {any} */
let drawing = null;
const map = startMap();
showBox(facts.box);

/** List, map and count follow the ticks; a drawing takes their place. */
function show() {
  for (const box of boxes) {
    shapes.get(box.value)?.getElement()?.classList.toggle("is-chosen", box.checked && !drawing);
    box.closest("label")?.classList.toggle("is-off", Boolean(drawing));
  }
  const number = boxes.filter((box) => box.checked).length;
  count.textContent = drawing ? "以所画范围为准" : `已选 ${number} 个`;
  clear.hidden = !drawing;
  form.dataset.boundary = drawing ? JSON.stringify(drawing.toGeoJSON(7).geometry) : "";
}

async function begin() {
  const found = await getJson("/panels/zones/blocks");
  if (!found) return;
  draw(
    found,
    ({ zone }) => (zone && facts.isZone ? "shape shape-taken" : "shape shape-block"),
    ({ id, name }, shape) => {
      shapes.set(id, shape);
      shape.bindTooltip(label(name), { sticky: true, className: "zone-label" });
      shape.on("click", () => {
        const box = boxes.find((one) => one.value === id);
        if (!box || box.disabled || drawing || map.pm?.globalDrawModeEnabled()) return;
        box.checked = !box.checked;
        show();
      });
    },
  );
  show();
}

for (const box of boxes) box.addEventListener("change", show);
start.addEventListener("click", () => {
  if (map.pm.globalDrawModeEnabled()) {
    map.pm.disableDraw();
    return;
  }
  drawing?.remove();
  drawing = null;
  map.pm.setLang("zh");
  map.pm.enableDraw("Polygon", { snappable: true, allowSelfIntersection: false });
  // On a phone the map stands above the form; taps must not fall on a page that still moves.
  document.getElementById("stage")?.scrollIntoView({ block: "nearest", behavior: "instant" });
});
map.on("pm:drawstart", () => { start.textContent = "取消画范围"; });
map.on("pm:drawend", () => { start.textContent = "在图上画范围"; });
map.on("pm:create", (/** @type {any} */ event) => {
  drawing = event.layer;
  show();
});
clear.addEventListener("click", () => {
  drawing?.remove();
  drawing = null;
  show();
});
begin();
