/** One zone: its outline and its buildings by the time since their last visit, and the print. */

import { getJson } from "./http.js";
import { bindTwin, draw, startMap } from "./zone_map.js";

const { zone } = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");

async function begin() {
  const map = startMap();
  const found = await getJson(`/panels/zones/${zone}/map`);
  if (!found) return;
  /** @type {Record<string, number>} */
  const counts = { done: 0, open: 0, late: 0 };
  const outline = draw(found.outline, () => "shape shape-outline");
  // The legend stands over the lower edge.
  const legend = document.querySelector(".zone-map-legend")?.clientHeight ?? 0;
  map.fitBounds(outline.getBounds().pad(0.04), { animate: false, maxZoom: 18, paddingBottomRight: [0, legend + 16] });
  draw(found.buildings, ({ visited }) => `shape building-${visited}`, ({ visited }) => {
    if (visited in counts) counts[visited] += 1;
  });
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-visited]"))) {
    place.textContent = String(counts[place.dataset.visited ?? ""]);
  }
}

document.getElementById("zone-print")?.addEventListener("click", () => window.print());
bindTwin();
begin();
