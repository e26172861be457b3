/** 地址识别: a field read as one types, candidates beside their map, and a list at once. The text never enters an address. */

import { LOST } from "./http.js";
import { serveMarks } from "./marks.js";
import { toast } from "./shell.js";
import { showBox, startMap } from "./zone_map.js";

const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = /** @type {HTMLTextAreaElement} */ (at("text"));
const lines = /** @type {HTMLTextAreaElement} */ (at("lines"));
const [form, result, status, table] = [at("ask"), at("reading"), at("reading-status"), at("readings")];
const start = /** @type {HTMLTemplateElement} */ (at("reading-start"));
const MOST_LINES = Number(lines.dataset.most);
const FAILED = '<div class="state state-error" role="alert"><p><strong>没有读成</strong><br>系统暂时不能处理，请稍后再试。</p></div>';
const NEARLY_FULL = 50;
const KEPT = "reading";
const KEPT_LIST = "reading-list";
const map = startMap();
/** @type {Map<string, any>} the marker of each candidate, by number; those at one place share it */
const pins = new Map();
let drawn = "";
if (window.townMap.layer) serveMarks(window.townMap.layer.getMaplibreMap());

/** @param {string} text @returns {string[]} lines that hold anything */
function filled(text) {
  return text.split(/\r\n|\r|\n/).filter((line) => line.trim());
}

/** Let the field grow with its text, and say when little room is left. */
function fit() {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
  at("text-clear").hidden = !field.value;
  const left = field.maxLength - field.value.length;
  const hint = at("text-left");
  hint.hidden = left > NEARLY_FULL;
  hint.textContent = left > 0 ? `还可输入 ${left} 字` : `已到 ${field.maxLength} 字，超出的没有收进来`;
  form.classList.toggle("is-full", left <= 0);
}

function restart() {
  result.replaceChildren(start.content.cloneNode(true));
  status.textContent = "";
  draw();
}

/** @param {string} text read it as if it had been typed */
function ask(text) {
  field.value = text;
  field.focus();
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function empty() {
  field.value = "";
  window.sessionStorage.removeItem(KEPT);
  fit();
  restart();
  field.focus();
}

/** @param {string} number the candidate to stand out in list and map */
function choose(number) {
  for (const item of result.querySelectorAll(".candidate")) {
    const is = /** @type {HTMLElement} */ (item).dataset.number === number;
    item.classList.toggle("is-chosen", is);
    item.querySelector(".candidate-go")?.setAttribute("aria-pressed", String(is));
  }
  const chosen = pins.get(number);
  for (const pin of pins.values()) {
    pin.getElement()?.classList.toggle("is-chosen", pin === chosen);
    pin.setZIndexOffset(pin === chosen ? 1000 : 0);
  }
}

/** @param {HTMLElement[]} items candidates at one place, the best first @returns {any} their marker */
function pinOf(items) {
  const { number = "", lon, lat, text = "" } = items[0].dataset;
  const sign = document.createElement("span");
  sign.textContent = number;
  const more = items.length > 1 ? ` is-many` : "";
  const name = `reading-pin${items[0].classList.contains("is-best") ? " is-best" : ""}${more}`;
  const icon = L.divIcon({ html: sign, className: name, iconSize: [28, 28], iconAnchor: [14, 34] });
  const title = `${number} ${text}${more ? ` 等 ${items.length} 处` : ""}`;
  const pin = L.marker([Number(lat), Number(lon)], { icon, title });
  let turn = -1;
  pin.on("click", () => {
    // Each click shows the next one of those that stand here.
    turn = (turn + 1) % items.length;
    choose(items[turn].dataset.number ?? "");
    items[turn].scrollIntoView({ block: "nearest" });
  });
  return pin;
}

/** Put the candidates on the map; the view moves only when they are others than before. */
function draw() {
  for (const pin of pins.values()) pin.remove();
  pins.clear();
  const items = /** @type {HTMLElement[]} */ ([...result.querySelectorAll(".candidate[data-lon]")]);
  at("main").classList.toggle("has-pins", items.length > 0);
  /** @type {Map<string, HTMLElement[]>} */
  const places = new Map();
  for (const item of items) {
    const place = `${item.dataset.lat} ${item.dataset.lon}`;
    places.set(place, [...(places.get(place) ?? []), item]);
  }
  for (const here of places.values()) {
    const pin = pinOf(here).addTo(map);
    for (const item of here) pins.set(item.dataset.number ?? "", pin);
  }
  const best = /** @type {HTMLElement | null} */ (result.querySelector(".candidate.is-best"));
  mark(best?.dataset.building ?? "");
  const now = items.map((item) => item.dataset.id).join(" ");
  if (!items.length || now === drawn) return;
  drawn = now;
  const shown = best?.dataset.lon ? [best] : items;
  map.invalidateSize({ pan: false });
  const box = shown.map(({ dataset }) => [Number(dataset.lat), Number(dataset.lon)]);
  map.fitBounds(box, { animate: false, padding: [56, 56], maxZoom: 18 });
}

/** @param {string} building the building that a match means; none when empty */
function mark(building) {
  const gl = window.townMap.layer?.getMaplibreMap();
  const set = () => {
    for (const name of ["building-chosen", "building-chosen-edge"]) gl.setFilter(name, ["==", ["get", "id"], building]);
  };
  if (gl?.isStyleLoaded()) set();
  else gl?.once("idle", set);
}

/** @param {string} text @returns {Promise<void>} */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("已复制标准地址");
  } catch {
    // Browsers keep the clipboard from pages over plain HTTP.
    window.getSelection()?.selectAllChildren(at("standard"));
    toast("已选中标准地址，请按 Ctrl+C 复制");
  }
}

/** @param {boolean} isList */
function show(isList) {
  at("main").classList.toggle("is-list", isList);
  at("list").hidden = !isList;
  at("show-one").setAttribute("aria-pressed", String(!isList));
  at("show-list").setAttribute("aria-pressed", String(isList));
  (isList ? lines : field).focus();
  if (!isList) map.invalidateSize({ pan: false });
}

/** @returns {number} how many lines of the list hold anything; the page says so too */
function count() {
  const many = filled(lines.value).length;
  if (many && many <= MOST_LINES) window.sessionStorage.setItem(KEPT_LIST, lines.value);
  else window.sessionStorage.removeItem(KEPT_LIST);
  const hint = at("lines-count");
  const more = `${many} 行，一次至多 ${MOST_LINES} 行；更多的请用命令 geo-registry match`;
  hint.textContent = many > MOST_LINES ? more : many ? `${many} 行` : "";
  hint.classList.toggle("is-over", many > MOST_LINES);
  return many;
}

/** @param {string} text */
function readList(text) {
  show(true);
  lines.value = filled(text).join("\n");
  count();
  at("read-list").click();
}

field.addEventListener("input", () => {
  fit();
  if (field.value.trim()) window.sessionStorage.setItem(KEPT, field.value);
  else restart();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing) event.preventDefault();
  if (event.key === "Escape" && !event.isComposing) empty();
  if (event.key === "ArrowDown" && field.selectionStart === field.value.length) {
    /** @type {HTMLElement | null} */ (result.querySelector(".candidate-go, [data-example]"))?.focus();
  }
});
field.addEventListener("paste", (event) => {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  event.preventDefault();
  if (filled(text).length > 1) readList(text);
  else {
    field.setRangeText(text.replace(/[\r\n\t]+/g, " ").trim(), field.selectionStart, field.selectionEnd, "end");
    field.value = field.value.slice(0, field.maxLength);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});
at("text-clear").addEventListener("click", empty);
result.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const example = /** @type {HTMLElement | null} */ (target.closest("[data-example]"));
  if (example) ask(example.dataset.example ?? "");
  const source = target.closest("[data-copy]")?.getAttribute("data-copy");
  if (source) copy(result.querySelector(source)?.textContent ?? "");
  const item = /** @type {HTMLElement | null} */ (target.closest(".candidate-go")?.closest(".candidate") ?? null);
  if (!item) return;
  choose(item.dataset.number ?? "");
  const pin = pins.get(item.dataset.number ?? "");
  if (!pin) return;
  map.setView(pin.getLatLng(), Math.max(map.getZoom(), 17), { animate: false });
  // On a phone the map stands above the list.
  if (window.matchMedia("(max-width: 767px)").matches) at("stage").scrollIntoView({ block: "center" });
});
// Up and down move among candidates, or among examples; above the first one is the field.
result.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const stops = /** @type {HTMLElement[]} */ ([...result.querySelectorAll(".candidate-go, [data-example]")]);
  const here = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!step || here < 0) return;
  event.preventDefault();
  (stops[here + step] ?? (step < 0 ? field : stops[here])).focus();
});
for (const kind of ["mouseover", "focusin"]) {
  result.addEventListener(kind, (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest(".candidate");
    const pin = pins.get(item?.getAttribute("data-number") ?? "");
    for (const other of pins.values()) other.getElement()?.classList.toggle("is-near", other === pin);
  });
}
table.addEventListener("click", (event) => {
  const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-text]"));
  if (!row) return;
  show(false);
  ask(row.dataset.text ?? "");
});
lines.addEventListener("input", count);
lines.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("read-list").click();
});
at("profile").addEventListener("change", () => {
  if (!at("list").hidden && table.childElementCount) at("read-list").click();
});
at("show-one").addEventListener("click", () => show(false));
at("show-list").addEventListener("click", () => show(true));

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target === form && !field.value.trim()) event.preventDefault();
  if (event.target === at("read-list") && count() > MOST_LINES) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { detail } = /** @type {any} */ (event);
  // A late answer to a text that is no longer there.
  if (detail.elt === form && !field.value.trim()) event.preventDefault();
  // A fault of the server comes as a problem for programs.
  if (!detail.xhr.getResponseHeader("Content-Type")?.startsWith("text/html")) detail.serverResponse = FAILED;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (/** @type {any} */ (event).detail.target === result) {
    status.textContent = result.querySelector(".read")?.getAttribute("data-status") ?? "";
    draw();
  } else if (/** @type {any} */ (event).detail.target === table) table.focus();
});
document.addEventListener("htmx:sendError", (event) => {
  // What was read from another text must not stand as the answer.
  const isOne = /** @type {any} */ (event).detail.elt === form;
  (isOne ? result : table).innerHTML = LOST;
  status.textContent = "";
  if (isOne) draw();
});

showBox(JSON.parse(at("facts").textContent ?? "{}").box);
const kept = window.sessionStorage.getItem(KEPT);
lines.value = window.sessionStorage.getItem(KEPT_LIST) ?? "";
count();
// HTMX listens only after it has read the page, and takes what was typed before for nothing new; so the field is emptied first.
window.addEventListener("load", () => {
  const text = field.value || kept;
  if (!text) return;
  ask("");
  ask(text);
});
fit();
