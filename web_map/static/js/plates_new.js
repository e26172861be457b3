/** A new plate: one click on the map, a proposed number, a live preview, save and certify as two acts. */

import { get } from "./http.js";
import { act, newKey, noteVersion, tell } from "./plates_acts.js";
import { certifyAfter } from "./plates_certify.js";
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

/** @param {string} name @returns {string} */
function value(name) {
  return /** @type {HTMLInputElement | null} */ (pane.querySelector(`#new-${name}`))?.value.trim() ?? "";
}

/** @returns {DOMStringMap | null} what the preview says of the plate, null while it says nothing */
function told() {
  return /** @type {HTMLElement | null} */ (pane.querySelector("[data-proposed]"))?.dataset ?? null;
}

/** Whether the reader has typed a number: then none is proposed any more. */
function typed() {
  return pane.querySelector("#new-number")?.hasAttribute("data-typed") ?? false;
}

/** The number as it is written: the sub-number behind its mark, a letter without one. */
function written() {
  const sub = value("sub");
  const joint = /** @type {HTMLElement | null} */ (pane.querySelector("#new-form"))?.dataset.joint ?? "-";
  return value("number") + (/^\d/.test(sub) ? joint : "") + sub;
}

function query() {
  const asked = new URLSearchParams({ lon: String(spot?.lon.toFixed(7)), lat: String(spot?.lat.toFixed(7)) });
  const street = value("street") || spot?.street;
  if (street) asked.set("street", street);
  if (value("kind")) asked.set("kind", value("kind"));
  if (typed() && value("number")) asked.set("number", written());
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
  const found = told();
  const put = (/** @type {string} */ name, /** @type {string} */ text) => {
    const field = /** @type {HTMLInputElement | null} */ (pane.querySelector(`#new-${name}`));
    if (field) field.value = text;
  };
  if (found && !typed()) {
    const [, number = "", sub = ""] = /^(\D*\d+)(?:号)?[-之附]?(.*)$/.exec(found.proposed ?? "") ?? [];
    put("number", number);
    put("sub", sub);
  }
  if (found) put("side", found.side ?? "");
  if (found && !value("street")) put("street", found.street ?? "");
  flag(found?.flag ? found.flag.split("\n") : []);
  judge();
}

/** The buttons say why they wait. */
function judge() {
  const errors = pane.querySelectorAll("#new-preview .check-error").length;
  const needsReason = pane.querySelector("#new-reason") !== null && !value("reason");
  const why = !told() ? "预览还没有结果" : errors ? "请先改正上面的错误" : needsReason ? "请为提示写明原因" : "";
  for (const [id, ready] of [["new-save", "保存为草拟门牌（Ctrl+S）"], ["new-certify", "先保存，再认证（Ctrl+Enter）"]]) {
    const button = /** @type {HTMLElement | null} */ (pane.querySelector(`#${id}`));
    button?.setAttribute("aria-disabled", String(why !== ""));
    if (button) button.title = why || ready;
  }
}

/** @param {boolean} [certifies] certify what was saved, as a second act */
export async function saveNew(certifies = false) {
  const button = /** @type {HTMLElement | null} */ (pane.querySelector("#new-save"));
  if (!spot || !button || isSaving) return;
  if (button.getAttribute("aria-disabled") === "true") {
    tell(`还不能保存：${button.title}`);
    return;
  }
  const found = told();
  isSaving = true;
  const body = {
    place_name_id: found?.street, number: written(), kind: value("kind"), state: "draft",
    lon: Number(spot.lon.toFixed(7)), lat: Number(spot.lat.toFixed(7)),
    ...(value("reason") ? { reason: value("reason") } : {}),
  };
  const answer = await act("/v1/plates", body, { key });
  if (!answer.ok) {
    isSaving = false;
    if (answer.status !== 0) key = newKey();
    const fault = /** @type {HTMLElement} */ (pane.querySelector("#new-error"));
    fault.textContent = answer.text;
    fault.hidden = false;
    return;
  }
  const { id, version } = answer.body;
  const title = found?.title ?? "";
  const kind = value("position");
  cancelNew();
  isSaving = false;
  noteVersion(id, version);
  document.dispatchEvent(new Event("plates:idle"));
  document.dispatchEvent(new CustomEvent("plates:open", { detail: id }));
  document.dispatchEvent(new Event("plates:changed"));
  tell(`${title} 已保存`, await wayBack(id, kind));
  if (certifies) certifyAfter(id, title);
}

/**
 * A new door leaves as a whole: its address goes to the bin with the plate, and comes back with it.
 * @param {string} id the plate @param {string} kind what stands at its place, when that is not an entrance
 */
async function wayBack(id, kind) {
  const reply = await fetch(`/v1/plates/${id}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  const plate = reply?.ok ? await reply.json() : null;
  if (!plate) return null;
  if (kind && kind !== "entrance") {
    const body = { lon: plate.lon, lat: plate.lat, position_kind: kind, reason: "位置类型" };
    await act(`/v1/addresses/${plate.address_id}/actions/correct`, body, { version: plate.address_version });
  }
  const send = async (/** @type {string} */ verb, /** @type {string} */ reason, /** @type {string} */ fault) => {
    const answer = await act(`/v1/addresses/actions/${verb}`, { address_ids: [plate.address_id], reason });
    if (!answer.ok) tell(`${fault}：${answer.text}`);
    document.dispatchEvent(new Event("plates:changed"));
    return answer.ok;
  };
  return {
    id, back: () => send("remove", "撤销刚才的新增", "不能撤销"), again: () => send("restore", "重做刚才的新增", "不能重做"),
  };
}

/** @param {HTMLElement} button a cure that the preview offers: put the plate where it says */
function cure({ dataset }) {
  if (!spot) return;
  Object.assign(spot, { lon: Number(dataset.lon), lat: Number(dataset.lat) });
  setMarker(spot.lon, spot.lat);
  preview();
}

pane.addEventListener("input", (event) => {
  const field = /** @type {HTMLElement} */ (event.target);
  if (!field.closest("#new-form")) return;
  const fault = /** @type {HTMLElement | null} */ (pane.querySelector("#new-error"));
  if (fault) fault.hidden = true;
  if (field.id === "new-number" || field.id === "new-sub") {
    // A sub-number was proposed together with its number, and goes with it.
    if (field.id === "new-number" && !typed()) /** @type {HTMLInputElement} */ (pane.querySelector("#new-sub")).value = "";
    pane.querySelector("#new-number")?.toggleAttribute("data-typed", value("number") !== "");
  }
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
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("#new-save")) saveNew();
  if (target.closest("#new-certify")) saveNew(true);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-cure=snap]"));
  if (button && isOn) cure(button);
});
document.addEventListener("keydown", (event) => {
  if (!isOn || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    saveNew(true);
    return;
  }
  if (isTyping(event.target)) return;
  if (event.key.toLowerCase() === "g" && spot) /** @type {HTMLElement | null} */ (pane.querySelector("[data-cure=snap]"))?.click();
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
