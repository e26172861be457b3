/** 手工划界: draw, redraw, split and merge, each with what it would do told by the server before it is done. */

import { act, newKey } from "./act.js";
import { post } from "./http.js";
import { boundaryOf, dimBlocks, map } from "./grid_map.js";
import { openPane } from "./grid_panel.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const hint = /** @type {HTMLElement} */ (document.getElementById("draw-hint"));
const HINTS = {
  draw: "沿界线逐点点击，点回第一点完成；靠近邻块界线时自动吸附",
  redraw: "拖动白点改界线，拖动中间的小点加点，右键删点",
  split: "画一条线穿过本块，双击完成；两端要在块外",
};

/** @type {{mode: keyof typeof HINTS | "merge", block: string, version: string, key: string} | null} */
let work = null;
/** @type {any} */
let drawn = null;
/** @type {any} */
let after = null;
let asking = 0;
/** @type {() => string} */
let chosenBlock = () => "";

/** @param {{onChosen: (id: string) => void, chosen: () => string}} given */
export function startDrawing({ onChosen, chosen }) {
  chosenBlock = chosen;
  map.pm?.setLang("zh");
  nameCorners();
  map.on("pm:create", created);
  document.getElementById("draw-new")?.addEventListener("click", () => begin("draw", ""));
  pane.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const mode = target.closest("[data-draw]")?.getAttribute("data-draw");
    if (mode) begin(/** @type {any} */ (mode), chosenBlock());
    if (target.closest("[data-draw-again]") && work) restart();
    if (target.closest("[data-draw-undo]")) undoPoint();
    if (target.closest("[data-draw-cancel]")) {
      const back = work?.block ?? "";
      end();
      onChosen(back);
    }
  });
  pane.addEventListener("submit", (event) => {
    event.preventDefault();
    adopt(new FormData(/** @type {HTMLFormElement} */ (event.target)));
  });
  pane.addEventListener("change", (event) => {
    if (/** @type {HTMLElement} */ (event.target).matches("[name=into_id]")) preview();
  });
  document.addEventListener("keydown", (event) => {
    if (!work || document.querySelector("dialog[open]")) return;
    if (event.key === "Backspace" && event.target === document.body) undoPoint();
    if (event.key === "Escape" && map.pm.globalDrawModeEnabled()) restart();
  });
}

/** The plug-in's corners are buttons without a name: give each one as it comes. */
function nameCorners() {
  const name = () => {
    for (const corner of map.getPanes().markerPane.querySelectorAll(".marker-icon:not([aria-label])")) {
      corner.setAttribute("aria-label", corner.classList.contains("marker-icon-middle") ? "加一个界点" : "界点");
    }
  };
  new MutationObserver(name).observe(map.getPanes().markerPane, { childList: true });
}

/** @param {keyof typeof HINTS | "merge"} mode @param {string} block */
async function begin(mode, block) {
  end();
  const query = new URLSearchParams(block ? { mode, block } : { mode, area: facts().area });
  work = { mode, block, version: "", key: newKey() };
  document.body.classList.add("is-drawing");
  if (!(await openPane(`/panels/grid/drawing?${query}`, `draw-${mode}-${block}`))) {
    end();
    return;
  }
  work.version = pane.querySelector("[data-version]")?.getAttribute("data-version") ?? "";
  dimBlocks(true);
  // Two clicks end a line; they must not bring the map nearer besides.
  map.doubleClickZoom.disable();
  /** @type {HTMLElement | null} */ (pane.querySelector("h2"))?.focus();
  await restart();
}

function facts() {
  return JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
}

/** Begin the shape anew: an empty one, or the block's boundary as it stands. */
async function restart() {
  forget();
  if (!work) return;
  const { mode, block } = work;
  hint.hidden = mode === "merge";
  hint.textContent = mode === "merge" ? "" : HINTS[mode];
  if (mode === "draw") map.pm.enableDraw("Polygon", { snappable: true, snapDistance: 12, allowSelfIntersection: false, finishOn: "dblclick" });
  if (mode === "split") map.pm.enableDraw("Line", { snappable: true, snapDistance: 8, finishOn: "dblclick" });
  if (mode === "redraw") {
    const boundary = await boundaryOf(block);
    if (!boundary || work?.block !== block) return;
    edit(L.geoJSON(boundary).getLayers()[0]);
    map.fitBounds(drawn.getBounds(), { padding: [80, 80], maxZoom: 19, animate: false });
  }
  if (mode === "merge") preview();
  else tell('<p class="hint">画好后，这里显示面积、楼栋、户室与各块负荷的变化。</p>');
}

/** @param {any} shape a polygon whose points may be dragged */
function edit(shape) {
  drawn = shape;
  drawn.setStyle({ color: "#0b5cad", weight: 3, fillColor: "#0b5cad", fillOpacity: 0.08, dashArray: null });
  drawn.addTo(map);
  // Where corners stand close, marks for new ones between them would only be in the way.
  const isDense = drawn.getLatLngs().flat(3).length > 24;
  drawn.pm.enable({ snappable: true, snapDistance: 12, allowSelfIntersection: false, hideMiddleMarkers: isDense });
  // One drag fires `pm:dragend` besides: bound to both, a change would be asked and undone twice.
  drawn.on("pm:edit", preview);
}

/** @param {any} event a shape was finished */
function created(event) {
  if (!work) {
    event.layer.remove();
    return;
  }
  hint.textContent = work.mode === "split" ? "划分线已画好；不合意可重画" : HINTS.redraw;
  edit(event.layer);
  if (work.mode === "split") drawn.setStyle({ fill: false });
  preview();
}

function undoPoint() {
  const shape = work?.mode === "split" ? map.pm.Draw.Line : map.pm.Draw.Polygon;
  if (map.pm.globalDrawModeEnabled()) shape._removeLastVertex();
}

function forget() {
  map.pm.disableDraw();
  drawn?.pm?.disable();
  drawn?.remove();
  after?.remove();
  drawn = after = null;
}

function end() {
  forget();
  work = null;
  hint.hidden = true;
  dimBlocks(false);
  map.doubleClickZoom.enable();
  document.body.classList.remove("is-drawing");
}

/** @param {string} html a piece that the server has escaped */
function tell(html) {
  const place = pane.querySelector("#preview");
  if (place) place.innerHTML = html;
}

function shapeText() {
  if (!drawn) return "";
  const geometry = drawn.toGeoJSON(8).geometry;
  return JSON.stringify(geometry);
}

function intoId() {
  return /** @type {HTMLSelectElement | null} */ (pane.querySelector("[name=into_id]"))?.value ?? "";
}

/** Ask the server what the drawing would do; only the latest answer counts. */
function preview() {
  window.clearTimeout(asking);
  asking = window.setTimeout(async () => {
    if (!work || (work.mode === "merge" ? !intoId() : !drawn)) return;
    const turn = asking;
    const values = { mode: work.mode, block: work.block, area: facts().area ?? "", shape: shapeText(), into: intoId() };
    const answer = await post("/panels/grid/preview", values);
    if (turn !== asking || !work) return;
    tell(answer.html);
    say("form", "");
    showAfter();
    const adopting = pane.querySelector("#adopt");
    if (answer.ok) adopting?.removeAttribute("aria-disabled");
    else adopting?.setAttribute("aria-disabled", "true");
  }, 200);
}

/** Draw how the blocks would lie. */
function showAfter() {
  after?.remove();
  const text = pane.querySelector("#preview [data-shapes]")?.getAttribute("data-shapes");
  if (!text) return;
  after = L.geoJSON(JSON.parse(text), { interactive: false, pmIgnore: true, snapIgnore: true, style: { color: "#0b5cad", weight: 2, dashArray: "5 4", fillColor: "#0b5cad", fillOpacity: 0.3 } });
  after.addTo(map);
}

/** @param {string} name @param {string} text an empty text takes the errors away */
function say(name, text) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll(".field-error[data-for]"))) {
    const isHere = text !== "" && place.dataset.for === name;
    place.hidden = !isHere;
    place.textContent = isHere ? text : "";
    const input = /** @type {HTMLElement | null} */ (pane.querySelector(`[name="${place.dataset.for}"]`));
    if (isHere) {
      input?.setAttribute("aria-invalid", "true");
      input?.focus();
    } else input?.removeAttribute("aria-invalid");
  }
}

/** @param {FormData} data what was typed @returns {{url: string, body: Record<string, unknown>}} the act */
function actOf(data) {
  /** @type {Record<string, unknown>} */
  const body = {};
  for (const [name, value] of data) if (String(value).trim()) body[name] = String(value).trim();
  const { mode, block } = /** @type {NonNullable<typeof work>} */ (work);
  if (mode === "draw") return { url: "/v1/blocks", body: { ...body, boundary: JSON.parse(shapeText()) } };
  if (mode === "redraw") return { url: `/v1/blocks/${block}/actions/redraw`, body: { ...body, boundary: JSON.parse(shapeText()) } };
  if (mode === "split") return { url: `/v1/blocks/${block}/actions/split`, body: { ...body, line: JSON.parse(shapeText()) } };
  return { url: `/v1/blocks/${block}/actions/merge`, body };
}

/** @param {FormData} data */
async function adopt(data) {
  if (!work) return;
  if (work.mode !== "merge" && !drawn) return say("form", "请先在图上画好界线");
  for (const name of ["into_id", "name", "document_number", "reason"]) {
    const input = /** @type {HTMLInputElement | null} */ (pane.querySelector(`[name="${name}"]`));
    if (input?.required && !input.value.trim()) return say(name, input.dataset.missing ?? "必填");
  }
  if (pane.querySelector("#adopt")?.getAttribute("aria-disabled") === "true") return say("form", "请先按上面的提示改好界线，再采纳");
  say("", "");
  const button = /** @type {HTMLButtonElement} */ (pane.querySelector("#adopt"));
  button.disabled = true;
  const { url, body } = actOf(data);
  const answer = await act(url, body, { version: work.version || null, key: work.key });
  button.disabled = false;
  if (answer.ok) {
    const done = { draw: "已划定", redraw: "已调整界线", split: "已划分", merge: "已合并" }[work.mode];
    window.sessionStorage.setItem("welcome", `${done}，地图与负荷已更新`);
    const query = new URLSearchParams(window.location.search);
    query.set("block", work.mode === "merge" ? intoId() : (work.block || answer.body.id));
    window.location.assign(`/grid?${query}`);
    return;
  }
  if (answer.status !== 0) work.key = newKey();
  const isKnown = pane.querySelector(`.field-error[data-for="${CSS.escape(answer.field)}"]`) !== null;
  say(isKnown ? answer.field : "form", answer.text);
}
