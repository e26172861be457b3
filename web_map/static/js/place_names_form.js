/** A proposal: its fields, the check of the name while it is typed, the axis drawn on the map, and the act. */

import { act, newKey } from "./act.js";
import { getJson, post } from "./http.js";
import { drawAxis, drawnAxis, drawnLength, showAlike } from "./place_names_map.js";

const WAIT_MS = 250;
const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
/** @type {{action: string, case: string, version: string, place: string, axis: any, key: string, parent: string, parents: Map<string, any>, alike: number, isTaken: boolean} | null} */
let work = null;
let clock = 0;
let turn = 0;
/** @type {(id: string, text: string) => void} */
let finished = () => {};

/** @param {string} selector @returns {any} */
const field = (selector) => pane.querySelector(selector);

/** Take over the form that the pane shows. @param {(id: string, text: string) => void} done called with the case that was opened */
export function openForm(done) {
  const head = /** @type {HTMLElement} */ (pane.querySelector("[data-shown-form]"));
  if (!head) return;
  finished = done;
  const { shownForm = "", case: own = "", version = "", place = "", axis } = head.dataset;
  work = { action: shownForm, case: own, version, place, axis: axis ? JSON.parse(axis) : null, key: newKey(), parent: "", parents: new Map(), alike: 0, isTaken: false };
  showKind();
  if (shownForm === "amend" || shownForm === "rename") check();
}

export function closeForm() {
  work = null;
  window.clearTimeout(clock);
  showAlike([]);
}

export function hasForm() {
  return work !== null;
}

/** What the chosen kind asks for: a name above it, an area, its levels. */
function showKind() {
  const kind = field("#name-kind");
  if (!kind) return;
  const { parents = "", levels = "" } = kind.selectedOptions[0].dataset;
  const isBelowName = parents !== "" && !parents.startsWith("area");
  field('[data-when="parent"]').hidden = parents.trim() === "area" || parents === "";
  field('[data-when="area"]').hidden = isBelowName;
  field('[data-when="parent"] em').hidden = !isBelowName;
  field("#levels-told").textContent = levels ? `审批：${levels}` : "这一类不须审批";
}

/** @param {string} text the beginning of the name above */
async function findParents(text) {
  if (!text || !work) return;
  const rows = (await getJson(`/v1/streets?text=${encodeURIComponent(text)}&limit=20`))?.rows ?? [];
  const more = (await getJson(`/v1/lanes?text=${encodeURIComponent(text)}&limit=20`))?.rows ?? [];
  if (!work) return;
  const found = [...rows, ...more].filter((one) => one.state === "current");
  work.parents = new Map(found.map((one) => [one.full_name, one]));
  field("#parent-list")?.replaceChildren(...found.map((one) => new Option(one.full_name)));
  takeParent();
}

function takeParent() {
  if (!work) return;
  const typed = field("#parent-text").value.trim();
  const found = work.parents.get(typed);
  work.parent = found?.id ?? "";
  field("#parent-told").textContent = !typed ? "" : found ? `已选 ${found.full_name}` : "请从列出的地名中选";
  field("#parent-told").classList.toggle("is-good", Boolean(found));
  ask();
}

function ask() {
  window.clearTimeout(clock);
  clock = window.setTimeout(check, WAIT_MS);
}

/** Ask which names are alike; only the latest answer counts. */
async function check() {
  const place = field("#alike");
  if (!work || !place) return;
  const mine = (turn += 1);
  const values = { kind: field("[name=kind]")?.value ?? "", name: field("#name-text").value, area_id: areaId(), parent_id: work.parent, axis: JSON.stringify(drawnAxis() ?? work.axis) };
  for (const one of pane.querySelectorAll("[data-check]")) Object.assign(values, { [one.getAttribute("data-check") ?? ""]: /** @type {HTMLInputElement} */ (one).value });
  const answer = await post("/panels/place-names/check", values);
  if (mine !== turn || !work) return;
  place.innerHTML = answer.html;
  const told = /** @type {HTMLElement | null} */ (place.querySelector("[data-marks]"));
  work.alike = Number(told?.dataset.alike ?? 0);
  work.isTaken = told?.dataset.taken === "1";
  showAlike(JSON.parse(told?.dataset.marks ?? "[]"));
  const reason = field("#reason-part");
  if (reason && work.action !== "retire") reason.hidden = work.isTaken || work.alike === 0;
}

function areaId() {
  const part = field('[data-when="area"]');
  return part && !part.hidden && !work?.parent ? field("#name-area").value : "";
}

/** The axis tells in which area the name lies. @param {any} axis */
async function takeArea(axis) {
  const select = field("#name-area");
  const line = axis.type === "LineString" ? axis.coordinates : axis.coordinates[0];
  if (!select || !line?.length) return;
  const [lon, lat] = line[Math.floor(line.length / 2)];
  const found = (await getJson(`/v1/areas/containing?lon=${lon}&lat=${lat}`)) ?? [];
  const ids = new Set([...select.options].map((one) => one.value));
  const fits = (found.rows ?? found).filter((/** @type {any} */ one) => ids.has(one.id) && one.level !== "community").at(-1);
  if (fits) select.value = fits.id;
}

/** @param {any} axis */
async function drawnOne(axis) {
  const told = field("#axis-told");
  if (told) told.textContent = `${Math.round(drawnLength())} m`;
  await takeArea(axis);
  ask();
}

/** @param {string} name @param {string} text an empty text takes the errors away */
function sayAt(name, text) {
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

/** @returns {boolean} whether what must be filled is; the first one missing is told */
function isComplete() {
  const keeps = field("#only-reserve")?.checked;
  const needed = [["name", "#name-text", true], ["reason", "#name-reason", !field("#reason-part")?.hidden], ["reserve_until", "#reserve-until", keeps]];
  for (const [name, selector, isAsked] of needed) {
    const input = field(/** @type {string} */ (selector));
    if (isAsked && input && !input.value.trim()) {
      sayAt(/** @type {string} */ (name), input.dataset.missing ?? "必填");
      return false;
    }
  }
  const needsParent = field('[data-when="parent"] em');
  if (needsParent && !needsParent.hidden && !field('[data-when="parent"]').hidden && !work?.parent) {
    sayAt("parent_id", "请选上级地名");
    field("#parent-text").focus();
    return false;
  }
  return true;
}

/** @returns {Record<string, unknown>} */
function bodyOf() {
  /** @type {Record<string, unknown>} */
  const body = {};
  const { action, place, parent } = /** @type {NonNullable<typeof work>} */ (work);
  for (const name of ["name", "meaning"]) {
    const value = field(`[name=${name}]`)?.value.trim();
    if (value) body[name] = value;
  }
  if (!field("#reason-part")?.hidden && field("#name-reason")?.value.trim()) body.reason = field("#name-reason").value.trim();
  if (drawnAxis()) body.axis = drawnAxis();
  if (action === "amend") return body;
  if (field("#only-reserve")?.checked) body.reserve_until = field("#reserve-until").value;
  body.action = action;
  if (action !== "name") return { ...body, place_name_id: place };
  body.kind = field("#name-kind").value;
  if (parent) body.parent_id = parent;
  else body.area_id = areaId();
  return body;
}

async function propose() {
  if (!work) return;
  sayAt("", "");
  if (!isComplete()) return;
  if (work.isTaken) {
    sayAt("name", "这个名称已不能使用，请另选");
    return;
  }
  const button = /** @type {HTMLButtonElement} */ (field("#propose"));
  button.disabled = true;
  const isAmended = work.action === "amend";
  const url = isAmended ? `/v1/naming-cases/${work.case}/actions/submit` : "/v1/naming-cases";
  const answer = await act(url, bodyOf(), { version: isAmended ? work.version : null, key: work.key });
  button.disabled = false;
  if (!work) return;
  if (answer.ok) {
    finished(answer.body.id, field("#only-reserve")?.checked ? "已预留" : "已提出");
    return;
  }
  if (answer.status !== 0) work.key = newKey();
  if (answer.field === "reason") field("#reason-part").hidden = false;
  const isKnown = pane.querySelector(`.field-error[data-for="${CSS.escape(answer.field)}"]`) !== null;
  sayAt(isKnown ? answer.field : "form", answer.text);
}

export function startForm() {
  pane.addEventListener("submit", (event) => {
    event.preventDefault();
    propose();
  });
  pane.addEventListener("input", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!work) return;
    if (target.id === "name-text") ask();
    if (target.id === "parent-text") {
      takeParent();
      findParents(/** @type {HTMLInputElement} */ (target).value.trim());
    }
  });
  pane.addEventListener("change", (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    if (!work) return;
    if (target.id === "name-kind") {
      showKind();
      ask();
    }
    if (target.id === "name-area") ask();
    if (target.id === "only-reserve") {
      field("#reserve-part").hidden = !target.checked;
      field("#propose").textContent = target.checked ? "预留" : "提出审批";
    }
  });
  pane.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!work) return;
    if (target.closest("[data-draw-axis]")) {
      drawAxis(drawnAxis() ?? work.axis, drawnOne);
    }
  });
}
