/** 小区房屋表: read a table, put buildings without a place on the map, try, and take it in by one act. */

import { act } from "./act.js";
import { get, getJson } from "./http.js";
import { goTo, onMoved, showBox } from "./map.js";
import { drawPlan, map, ringRow } from "./numbering_map.js";
import { showFaults, showPlan, showUnplaced } from "./estate_report.js";
import { takeBackIntake } from "./numbering_back.js";
import { ask, tell } from "./plates_acts.js";
import { onClick, pointer } from "./plates_map.js";

const KINDS = {
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", csv: "text/csv",
};
// Places of a row as the interface lists them.
const [LINE, BUILDING, ROOM_LON, ROOM_LAT] = [0, 1, 7, 8];
const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const pane = byId("object");
const prompt = byId("plate-prompt");
/** @type {{id: string, name: string, version: number} | null} */
let chosen = null;
let which = "known";
let numbers = "table";
/** @type {[number, number] | null} */
let gate = null;
/** @type {{rows: any[][], faults: any[], ignored: string[], counts: Record<string, number>, sheets: [string, number][]} | null} */
let read = null;
/** @type {Map<string, [number, number]>} */
const places = new Map();
/** @type {any} what the last trial answered */
let tried = null;
/** @type {{line: number, column: string, detail: string, sheet?: string | null}[]} */
let refused = [];
let shown = "faults";
let picking = "";

/** @param {string} words an empty text takes the error away */
function refuse(words) {
  byId("estate-error").textContent = words;
  byId("estate-error").hidden = !words;
  if (words) document.body.classList.add("is-searching");
}

/** @returns {{building: string, units: number}[]} buildings of the table that have no place yet */
function unplaced() {
  /** @type {Map<string, {building: string, units: number, has: boolean}>} */
  const found = new Map();
  for (const row of read?.rows ?? []) {
    const one = found.get(row[BUILDING]) ?? { building: row[BUILDING], units: 0, has: places.has(row[BUILDING]) };
    one.units += 1;
    one.has ||= row[ROOM_LON] !== null && row[ROOM_LAT] !== null;
    found.set(row[BUILDING], one);
  }
  return [...found.values()].filter((one) => !one.has);
}

function show(name = shown) {
  shown = name;
  byId("report").classList.remove("estate-done");
  const open = unplaced();
  const faults = [...(read?.faults ?? []), ...refused];
  const counts = { faults: faults.length, unplaced: open.length, plan: tried?.plan?.length ?? 0 };
  for (const [kind, count] of Object.entries(counts)) /** @type {HTMLElement} */ (pane.querySelector(`[data-count="${kind}"]`)).textContent = String(count);
  for (const button of pane.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.getAttribute("data-show") === name));
  if (name === "faults") showFaults(faults);
  else if (name === "unplaced") showUnplaced(open, picking, choosePlace);
  else showPlan(tried?.plan ?? [], (lon, lat) => {
    ringRow(lon, lat, false);
    goTo(lon, lat, 17.5);
  });
  const told = read?.counts;
  byId("estate-counts").textContent = told ? `共 ${told.lines} 行：可入库 ${told.rows} 行、有误 ${told.faulty} 行 · ${told.buildings} 幢 ${told.entrances} 个单元${read?.ignored.length ? ` · 没有用到的列：${read.ignored.join("、")}` : ""}` : "";
  byId("estate-save").setAttribute("aria-disabled", String(!tried));
  byId("estate-save").title = tried ? "" : "请先试算";
  byId("estate-told").textContent = tried ? `${tried.buildings} 幢 · ${tried.entrances} 单元 · ${tried.units} 套` : open.length ? `${open.length} 幢还没有位置` : "";
}

function draw() {
  const marks = (tried?.plan ?? []).map((/** @type {any} */ one, /** @type {number} */ id) => ({ id, lon: one.lon, lat: one.lat, number: one.number_text, mark: "door" }));
  if (!tried) for (const [building, [lon, lat]] of places) marks.push({ id: marks.length, lon, lat, number: building, mark: "warning" });
  drawPlan(marks);
}

/** @param {File} file */
async function readFile(file) {
  const kind = KINDS[/** @type {keyof typeof KINDS} */ (file.name.toLowerCase().split(".").pop() ?? "")];
  if (!kind) return refuse("请选 xlsx 或 csv 文件");
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  byId("estate-sum").textContent = "正在读表…";
  const reply = await fetch("/v1/estates/table", { method: "POST", headers: { "Content-Type": kind, "X-CSRF-Token": token }, body: file, cache: "no-store" }).catch(() => null);
  const answer = await reply?.json().catch(() => null);
  byId("estate-sum").textContent = "";
  read = tried = null;
  refused = [];
  places.clear();
  if (!reply?.ok) {
    refuse(answer?.errors?.[0]?.detail ?? answer?.detail ?? "连接中断，请检查网络后再试");
    return;
  }
  refuse("");
  read = answer;
  pane.hidden = false;
  document.body.classList.add("has-object");
  show(answer.faults.length ? "faults" : unplaced().length ? "unplaced" : "plan");
  draw();
}

/** @returns {Record<string, unknown> | null} the act's body; what is missing is told */
function asked() {
  const name = /** @type {HTMLInputElement} */ (byId("estate-name")).value.trim();
  const area = /** @type {HTMLSelectElement} */ (byId("estate-area")).value;
  const paper = /** @type {HTMLInputElement} */ (byId("estate-document")).value.trim();
  if (which === "known" && !chosen) refuse("请先选小区（或弄、路）");
  else if (which === "new" && !name) refuse("请填写新小区的名称");
  else if (which === "new" && !chosen && !area) refuse("请选新小区所在的路弄或居委");
  else if (which === "new" && !paper) refuse("请填写小区命名的批准文号，或先在“地名”中提出");
  else if (!read) refuse("请先选房屋表");
  else if (!read.rows.length) refuse("表中没有能入库的行，请按右侧的提示改好再选");
  else if (unplaced().length) {
    refuse(`还有 ${unplaced().length} 幢没有位置：请在表中填经度、纬度，或在图上点出`);
    show("unplaced");
  } else {
    refuse("");
    const estate = { name, ...(chosen ? { parent_id: chosen.id } : { area_id: area }) };
    return {
      rows: read.rows, ...(which === "known" ? { place_name_id: chosen?.id, version: chosen?.version } : { estate, document_number: paper }),
      places: [...places].map(([building, [lon, lat]]) => ({ building, lon, lat })), numbers,
      plates: /** @type {HTMLInputElement} */ (byId("estate-plates")).checked ? "draft" : "none",
      ...(gate && numbers === "s_shape" ? { gate: { lon: gate[0], lat: gate[1] } } : {}),
    };
  }
  return null;
}

/** @param {number} place @returns {string | null} the sheet of a row: rows follow each other sheet by sheet */
function sheetOf(place) {
  let last = 0;
  return read?.sheets.find(([, rows]) => (last += rows) > place)?.[0] ?? null;
}

/** @param {any} answer take what was refused row by row into the report */
function refuseRows(answer) {
  const faults = (answer.body.errors ?? []).filter((/** @type {any} */ one) => one.pointer.includes("rows/"));
  refused = faults.map((/** @type {any} */ one) => {
    const [, place = "", column = ""] = /rows\/(\d+)\/?(\w*)/.exec(one.pointer) ?? [];
    return { sheet: sheetOf(Number(place)), line: read?.rows[Number(place)]?.[LINE] ?? 0, column: { building: "楼栋", room: "室号", floor: "楼层", lon: "经度" }[column] ?? "", detail: one.detail };
  });
  if (!refused.length) refuse(answer.text);
  else show("faults");
}

async function tryOut() {
  const body = asked();
  if (!body) return;
  byId("estate-sum").textContent = "正在试算…";
  const answer = await act("/v1/estates/intake", { ...body, dry_run: true });
  byId("estate-sum").textContent = "";
  tried = answer.ok ? answer.body : null;
  refused = [];
  if (!answer.ok) refuseRows(answer);
  else {
    document.body.classList.remove("is-searching");
    show("plan");
    const [lons, lats] = [tried.plan.map((/** @type {any} */ one) => one.lon), tried.plan.map((/** @type {any} */ one) => one.lat)];
    map.invalidateSize({ pan: false });
    showBox([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)], false);
  }
  draw();
}

function save() {
  const body = asked();
  if (!body || !tried) {
    tell("请先试算");
    return;
  }
  const faulty = read?.counts.faulty ?? 0;
  const field = (/** @type {string} */ name, /** @type {string} */ title, /** @type {string} */ kind, /** @type {boolean} */ required) => ({ name, title, kind, required, value: "", options: [] });
  ask({
    title: `入库 ${tried.buildings} 幢 ${tried.units} 套`, object: which === "new" ? /** @type {string} */ (/** @type {any} */ (body.estate).name) : (chosen?.name ?? ""),
    text: `${tried.entrances} 个单元，楼牌 ${tried.plates} 块。要么全部存下，要么一行不存。${faulty ? `有误的 ${faulty} 行不在其中。` : ""}`,
    fields: [...(which === "known" ? [field("document_number", "文号", "text", false)] : []), field("reason", faulty ? "有误的行不入库，请说明理由" : "事由", "textarea", faulty > 0)],
    send: async (values, key) => {
      const answer = await act("/v1/estates/intake", { ...body, ...values }, { key });
      if (answer.ok) done(answer.body, which === "new" ? /** @type {any} */ (body.estate).name : (chosen?.name ?? ""));
      else refuseRows(answer);
      return answer;
    },
  });
}

/** @param {any} made @param {string} name of the estate */
function done(made, name) {
  tell(`已入库 ${made.buildings} 幢、${made.units} 套`);
  tried = null;
  read = null;
  places.clear();
  /** @type {HTMLInputElement} */ (byId("estate-file")).value = "";
  byId("file-name").textContent = "xlsx 或 csv";
  const link = document.createElement("a");
  link.className = "btn";
  link.href = `/plates/numbering?s=${encodeURIComponent(made.id)}`;
  link.textContent = "看这个小区的编号";
  show("plan");
  const back = document.createElement("button");
  back.type = "button";
  back.className = "btn";
  back.id = "take-back-intake";
  back.textContent = "撤回入库";
  back.addEventListener("click", () => takeBackIntake({ street: made.id, name, version: made.version }, (/** @type {any} */ undone) => {
    if (chosen?.id === made.id) chosen = { id: made.id, name, version: undone.version };
    const next = document.createElement("p");
    next.className = "quiet";
    next.textContent = "已撤回。小区名称保留：再次入库请选“已有地名”。";
    back.replaceWith(next);
  }));
  byId("report").replaceChildren(link, back);
  byId("report").classList.add("estate-done");
  draw();
}

/** @param {string} building */
function choosePlace(building) {
  picking = picking === building ? "" : building;
  say(picking ? `点一下 ${picking} 的位置 · Esc 取消` : "");
  show("unplaced");
}

/** @param {string} words */
function say(words) {
  prompt.hidden = !words;
  prompt.textContent = words;
  pointer(words ? "crosshair" : "");
  if (words) document.body.classList.remove("is-searching", "is-table");
}

/** @param {string} id @param {string} name */
async function choose(id, name) {
  const found = await getJson(`/v1/lanes/${encodeURIComponent(id)}`);
  if (!found) return refuse("没有读到这个地名，请重选");
  chosen = { id, name, version: found.version };
  tried = null;
  byId("estate-found").hidden = true;
  byId("estate-chosen").textContent = `${which === "new" ? "上级：" : "已选："}${name}`;
  show();
}

let finding = 0;
byId("estate-find").addEventListener("input", (event) => {
  window.clearTimeout(finding);
  const text = /** @type {HTMLInputElement} */ (event.target).value.trim();
  finding = window.setTimeout(async () => {
    const list = byId("estate-found");
    list.hidden = !text;
    if (text) list.innerHTML = (await get(`/panels/numbering/streets?${new URLSearchParams({ text })}`)).html;
  }, 200);
});
byId("estate-file").addEventListener("change", (event) => {
  const file = /** @type {HTMLInputElement} */ (event.target).files?.[0];
  byId("file-name").textContent = file?.name ?? "xlsx 或 csv";
  if (file) readFile(file);
});
byId("estate-form").addEventListener("submit", (event) => {
  event.preventDefault();
  tryOut();
});
byId("estate-plates").addEventListener("change", () => {
  tried = null;
  show();
});
document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const street = target.closest("button[data-street]");
  if (street) choose(street.getAttribute("data-street") ?? "", street.querySelector(".street-name")?.textContent ?? "");
  const kind = target.closest("[data-which]");
  if (kind) {
    which = kind.getAttribute("data-which") ?? "known";
    chosen = null;
    byId("estate-chosen").textContent = "";
    byId("find-label").textContent = which === "new" ? "所在的路或弄" : "小区、弄或路";
    for (const one of document.querySelectorAll("[data-which]")) one.setAttribute("aria-pressed", String(one === kind));
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-which-only]"))) one.hidden = one.dataset.whichOnly !== which;
  }
  const form = target.closest("[data-numbers]");
  if (form) {
    numbers = form.getAttribute("data-numbers") ?? "table";
    tried = null;
    byId("pick-gate").hidden = numbers !== "s_shape";
    for (const one of document.querySelectorAll("[data-numbers]")) one.setAttribute("aria-pressed", String(one === form));
    show();
  }
  if (target.closest("#pick-gate")) {
    picking = "\u0000gate";
    say("点一下小区的出入口 · Esc 取消");
  }
  const part = target.closest("[data-show]");
  if (part) show(part.getAttribute("data-show") ?? "faults");
  if (target.closest("#estate-save")) save();
  if (target.closest("#show-map, #show-table")) {
    const isTable = target.closest("#show-table") !== null;
    document.body.classList.toggle("is-table", isTable);
    byId("show-map").setAttribute("aria-pressed", String(!isTable));
    byId("show-table").setAttribute("aria-pressed", String(isTable));
  }
  if (target.closest("#left-open")) document.body.classList.add("is-searching");
  if (target.closest("#left-close")) document.body.classList.remove("is-searching");
});
onClick(({ lng, lat }) => {
  if (!picking) return;
  tried = null;
  if (picking === "\u0000gate") {
    gate = [lng, lat];
    picking = "";
    ringRow(lng, lat, false);
  } else {
    places.set(picking, [Number(lng.toFixed(7)), Number(lat.toFixed(7))]);
    picking = unplaced()[0]?.building ?? "";
  }
  say(picking ? `点一下 ${picking} 的位置 · Esc 取消` : "");
  show();
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  picking = "";
  say("");
  show();
  document.body.classList.remove("is-searching");
});
onMoved(() => {});
if (window.matchMedia("(max-width: 767px)").matches) document.body.classList.add("is-searching");
