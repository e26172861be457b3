/** A new plate: one click on the map, a proposed number, a live preview, one act. */

import { get } from "./http.js";
import { act, newKey, tell, versionOf } from "./plates_acts.js";
import { dropMarker, flag, middle, nudge, placeMarker, setMarker } from "./plates_map.js";
import { isTyping } from "./shell.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const TYPING_MS = 220;
/** @type {{lon: number, lat: number, street: string} | null} */
let spot = null;
let isOn = false;
let timer = 0;
let turn = 0;
let key = "";
let isSaving = false;

export function isPlacing() {
  return isOn;
}

export function startNew() {
  isOn = true;
  key = newKey();
}

export function cancelNew() {
  isOn = false;
  spot = null;
  turn += 1;
  window.clearTimeout(timer);
  dropMarker();
  if (pane.querySelector("#new-form")) {
    pane.hidden = true;
    pane.replaceChildren();
    document.body.classList.remove("has-object");
  }
}

/** @param {number} lon @param {number} lat @param {string} street the chosen street; empty takes the nearest one */
export async function place(lon, lat, street) {
  spot = { lon, lat, street };
  placeMarker(lon, lat, "新门牌的位置，可拖动", (east, north) => shift(east, north));
  if (pane.querySelector("#new-form")) {
    preview();
    return;
  }
  const mine = (turn += 1);
  const answer = await get(`/panels/plates/new?${query()}`);
  if (mine !== turn || !isOn) return;
  pane.innerHTML = answer.html;
  pane.hidden = false;
  document.body.classList.add("has-object");
  setMarker(spot.lon, spot.lat);
  window.townMap.map.invalidateSize({ pan: false });
  const at = window.townMap.map;
  if (!at.getBounds().pad(-0.05).contains([spot.lat, spot.lon])) at.panTo([spot.lat, spot.lon], { animate: false });
  adopt();
  const number = /** @type {HTMLInputElement | null} */ (pane.querySelector("#new-number"));
  number?.focus({ preventScroll: true });
  number?.select();
}

/** @param {number} lon @param {number} lat */
function shift(lon, lat) {
  if (!spot) return;
  Object.assign(spot, { lon, lat });
  preview();
}

/** @returns {string} */
function value(name) {
  return /** @type {HTMLInputElement | null} */ (pane.querySelector(`#new-${name}`))?.value.trim() ?? "";
}

/** Whether the reader has typed a number: then none is proposed any more. */
function typed() {
  return pane.querySelector("#new-number")?.hasAttribute("data-typed") ?? false;
}

function query() {
  const asked = new URLSearchParams({ lon: String(spot?.lon.toFixed(7)), lat: String(spot?.lat.toFixed(7)) });
  const street = value("street") || spot?.street;
  if (street) asked.set("street", street);
  if (value("kind")) asked.set("kind", value("kind"));
  if (typed() && value("number")) asked.set("number", value("number"));
  return asked;
}

async function preview() {
  const mine = (turn += 1);
  const answer = await get(`/panels/plates/preview?${query()}`);
  const into = pane.querySelector("#new-preview");
  if (mine !== turn || !into || !isOn) return;
  const reason = value("reason");
  into.innerHTML = answer.html;
  const field = /** @type {HTMLInputElement | null} */ (pane.querySelector("#new-reason"));
  if (field && reason) field.value = reason;
  adopt();
}

/** Take over what the preview proposes. */
function adopt() {
  const told = /** @type {HTMLElement | null} */ (pane.querySelector("[data-proposed]"));
  const number = /** @type {HTMLInputElement | null} */ (pane.querySelector("#new-number"));
  if (told && number && !typed()) number.value = told.dataset.proposed ?? "";
  const street = /** @type {HTMLSelectElement | null} */ (pane.querySelector("#new-street"));
  if (told && street && !street.value) street.value = told.dataset.street ?? "";
  flag(told?.dataset.flag ? told.dataset.flag.split("\n") : []);
  judge();
}

/** The button says why it waits. */
function judge() {
  const button = /** @type {HTMLElement | null} */ (pane.querySelector("#new-save"));
  if (!button) return;
  const told = /** @type {HTMLElement | null} */ (pane.querySelector("[data-proposed]"));
  const errors = pane.querySelectorAll("#new-preview .check-error").length;
  const needsReason = pane.querySelector("#new-reason") !== null && !value("reason");
  const why = !told ? "预览还没有结果" : errors ? "请先改正上面的错误" : needsReason ? "请为提示写明原因" : "";
  button.setAttribute("aria-disabled", String(why !== ""));
  button.title = why || "保存为草拟门牌（Ctrl+S）";
}

export async function saveNew() {
  const button = pane.querySelector("#new-save");
  if (!spot || !button || isSaving) return;
  if (button.getAttribute("aria-disabled") === "true") {
    tell(`还不能保存：${/** @type {HTMLElement} */ (button).title}`);
    return;
  }
  const form = /** @type {HTMLElement} */ (pane.querySelector("#new-form"));
  const told = /** @type {HTMLElement} */ (pane.querySelector("[data-proposed]"));
  isSaving = true;
  const body = {
    place_name_id: told.dataset.street, number: value("number"), kind: value("kind"),
    lon: Number(spot.lon.toFixed(7)), lat: Number(spot.lat.toFixed(7)),
    ...(value("reason") ? { reason: value("reason") } : {}),
  };
  const answer = await act(form.dataset.url ?? "/v1/plates", body, { key });
  isSaving = false;
  if (!answer.ok) {
    if (answer.status !== 0) key = newKey();
    const fault = /** @type {HTMLElement} */ (pane.querySelector("#new-error"));
    fault.textContent = answer.text;
    fault.hidden = false;
    return;
  }
  const { id, version } = answer.body;
  const title = told.dataset.title ?? "";
  cancelNew();
  document.dispatchEvent(new Event("plates:idle"));
  document.dispatchEvent(new CustomEvent("plates:open", { detail: id }));
  document.dispatchEvent(new Event("plates:changed"));
  tell(`${title} 已保存`, () => takeBack(id, version));
}

/** @param {string} id @param {number} version */
async function takeBack(id, version) {
  const answer = await act(`/v1/plates/${id}/actions/cancel`, { reason: "撤销刚才的新增" }, { version: versionOf(id, version) });
  if (!answer.ok) tell(`不能撤销：${answer.text}`);
  document.dispatchEvent(new Event("plates:changed"));
  return answer.ok;
}

pane.addEventListener("input", (event) => {
  const field = /** @type {HTMLElement} */ (event.target);
  if (!field.closest("#new-form")) return;
  const fault = /** @type {HTMLElement | null} */ (pane.querySelector("#new-error"));
  if (fault) fault.hidden = true;
  if (field.id === "new-number") field.toggleAttribute("data-typed", /** @type {HTMLInputElement} */ (field).value.trim() !== "");
  if (field.id === "new-reason") {
    judge();
    return;
  }
  window.clearTimeout(timer);
  timer = window.setTimeout(preview, TYPING_MS);
});
pane.addEventListener("submit", (event) => {
  if (!(/** @type {HTMLElement} */ (event.target).closest("#new-form"))) return;
  event.preventDefault();
  saveNew();
});
pane.addEventListener("click", (event) => {
  if (/** @type {HTMLElement} */ (event.target).closest("#new-save")) saveNew();
});
document.addEventListener("keydown", (event) => {
  if (!isOn || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && !spot && !(/** @type {HTMLElement} */ (event.target).closest("button, a, summary"))) {
    const { lon, lat } = middle();
    place(lon, lat, new URLSearchParams(window.location.search).get("s") ?? "");
  }
  if (!spot || !event.key.startsWith("Arrow")) return;
  const at = nudge(event.key, event.shiftKey);
  if (!at) return;
  event.preventDefault();
  event.stopPropagation();
  window.clearTimeout(timer);
  Object.assign(spot, at);
  timer = window.setTimeout(preview, TYPING_MS);
}, true);
