/** The plates that are chosen for an act on many: ticked in the list or caught with the lasso; rings on the map. */

const { map } = window.townMap;
const bar = /** @type {HTMLElement} */ (document.getElementById("selection"));
const pen = window.L.canvas({ padding: 0.2 });
const rings = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const LOOK = { radius: 14, color: "#0b5cad", weight: 2.5, fillColor: "#0b5cad", fillOpacity: 0.1 };

/** @typedef {{state: string, text: string, address: string, lon: number | null, lat: number | null}} Chosen state in words, id of the address */
/** @type {Map<string, Chosen>} */
const chosen = new Map();
/** @type {(() => void)[]} */
const heard = [];

/** @param {() => void} handler called when more or fewer are chosen */
export function onSelection(handler) {
  heard.push(handler);
}

/** @param {string} id */
export function isSelected(id) {
  return chosen.has(id);
}

/** @returns {string[]} */
export function selected() {
  return [...chosen.keys()];
}

/** @returns {string[]} the addresses of what is chosen */
export function selectedAddresses() {
  return [...new Set([...chosen.values()].map((one) => one.address))];
}

/** @param {[string, Chosen][]} plates @param {boolean} isOn */
export function choose(plates, isOn = true) {
  for (const [id, plate] of plates) {
    if (isOn) chosen.set(id, plate);
    else chosen.delete(id);
  }
  show();
}

export function clearSelection() {
  if (!chosen.size) return;
  chosen.clear();
  show();
}

/** @param {HTMLInputElement} box a tick of the list @returns {[string, Chosen]} */
export function ofBox(box) {
  const { state = "", text = "", address = "", lon, lat } = box.dataset;
  return [box.value, { state, text, address, lon: lon ? Number(lon) : null, lat: lat ? Number(lat) : null }];
}

function show() {
  rings.clearLayers();
  /** @type {Record<string, number>} */
  const mix = {};
  for (const { state, lon, lat } of chosen.values()) {
    mix[state] = (mix[state] ?? 0) + 1;
    if (lon !== null && lat !== null) window.L.circleMarker([lat, lon], { ...LOOK, renderer: pen, interactive: false, pmIgnore: true }).addTo(rings);
  }
  bar.hidden = chosen.size === 0;
  document.body.classList.toggle("has-selection", chosen.size > 0);
  /** @type {HTMLElement} */ (bar.querySelector("[data-selection-count]")).textContent = `已选 ${chosen.size} 块`;
  const words = /** @type {HTMLElement} */ (bar.querySelector("[data-selection-mix]"));
  words.textContent = Object.entries(mix).map(([state, count]) => `${state} ${count}`).join(" · ");
  words.title = words.textContent;
  const order = /** @type {HTMLElement | null} */ (bar.querySelector("[data-bulk=order]"));
  order?.setAttribute("aria-disabled", String(!mix["已批准"]));
  if (order) order.title = mix["已批准"] ? "先试运行，再决定" : "所选中没有已批准的门牌，不能下单";
  for (const handler of heard) handler();
}
