/** 挂牌整治: the list beside its map; a card marks its shape, a shape opens its zone. */

import { getJson } from "./http.js";
import { bindTwin, draw, label, showBox, startMap } from "./zone_map.js";

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
/** @type {Map<string, any>} */
const drawn = new Map();

async function begin() {
  const map = startMap();
  showBox(facts.box);
  const found = await getJson("/panels/zones/places");
  if (!found) return;
  const shapes = draw(
    { ...found, features: [...found.features].sort((a, b) => a.properties.kind.localeCompare(b.properties.kind)) },
    ({ kind, late }) => `shape shape-${kind}${late ? " shape-late" : ""}`,
    (facts, shape) => {
      drawn.set(facts.id, shape);
      shape.bindTooltip(label(facts.name), { permanent: facts.kind === "zone", direction: "center", className: "zone-label" });
      if (facts.kind === "zone") shape.on("click", () => window.location.assign(`/zones/${facts.id}`));
    },
  );
  if (found.features.length) map.fitBounds(shapes.getBounds().pad(0.2), { animate: false, maxZoom: 16 });
}

for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".zone-card"))) {
  const mark = (/** @type {boolean} */ is) =>
    drawn.get(card.dataset.zone ?? "")?.getElement()?.classList.toggle("is-marked", is);
  card.addEventListener("mouseenter", () => mark(true));
  card.addEventListener("mouseleave", () => mark(false));
}
const state = /** @type {HTMLSelectElement} */ (document.getElementById("zone-state"));
/** @type {HTMLElement} */ (document.getElementById("zone-filter")).hidden = true;
state.addEventListener("change", () => state.form?.requestSubmit());
bindTwin();
begin();
