/** The places of an address beside its main one: seen, added, moved, made the main one, ended. */

import { act, ask, fieldsOf, newKey, noteVersion, tell, versionOf } from "./plates_acts.js";
import { dropMarker, flag, placeMarker, showPlate } from "./plates_map.js";
import { sendOver } from "./plates_stale.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const { map } = window.townMap;
const shown = window.L.layerGroup([], { pmIgnore: true }).addTo(map);
const WORDS = { end: "停用点位", main: "设为主点位" };
/** @type {((lon: number, lat: number) => void) | null} */
let wanted = null;

/** Draw the further places of the open plate, each with what stands there. */
export function drawPlaces() {
  shown.clearLayers();
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll("[data-place]"))) {
    if (!row.dataset.place) continue;
    const text = document.createElement("span");
    text.textContent = row.querySelector("[data-see]")?.textContent ?? "";
    const icon = window.L.divIcon({ className: "place-mark", html: text, iconSize: [12, 12] });
    window.L.marker([Number(row.dataset.lat), Number(row.dataset.lon)], { icon, interactive: false, keyboard: false, pmIgnore: true }).addTo(shown);
  }
}

export function leavePlaces() {
  wanted = null;
  shown.clearLayers();
}

/** @returns {boolean} whether the next click says where a place is */
export function isPlacingSpot() {
  return wanted !== null;
}

/** @param {number} lon @param {number} lat a click on the map that was waited for */
export function putSpot(lon, lat) {
  const put = wanted;
  wanted = null;
  put?.(lon, lat);
}

export function cancelSpot() {
  wanted = null;
  dropMarker();
}

function head() {
  return /** @type {HTMLElement} */ (pane.querySelector("[data-plate]")).dataset;
}

/** What the reader sees of the address of the open plate, with what is to be done to it. */
function seenNow() {
  const { address = "", addressVersion = "0", title = "" } = head();
  const main = /** @type {HTMLElement | null} */ (pane.querySelector('[data-place=""]'))?.dataset;
  return { id: address, title, version: Number(addressVersion), lon: Number(main?.lon ?? Number.NaN), lat: Number(main?.lat ?? Number.NaN) };
}

/**
 * One act on a place, on the version that was read; a 412 shows both versions. What our own act made is noted.
 * @param {any} seen @param {string} path @param {object} body @param {string} wanted what is to be done @param {string} [key]
 */
async function send(seen, path, body, wanted, key = newKey()) {
  const answer = await sendOver(seen, wanted, "addresses", (version, isAgain) =>
    act(`/v1/addresses/${seen.id}/positions${path}`, body, { version, key: isAgain ? newKey() : key }));
  if (answer.ok) noteVersion(seen.id, answer.body.version);
  return answer;
}

/** The same for one that is done at once: what was refused is told. @param {any} seen */
async function sendNow(seen, path, body, wanted, fault) {
  const answer = await send(seen, path, body, wanted);
  if (!answer.ok && !answer.isLeft) tell(`${fault}：${answer.text}`);
  document.dispatchEvent(new Event("plates:changed"));
  return answer;
}

/** What was done last by ourselves is what a way back starts from. @param {any} seen */
const since = (seen) => ({ ...seen, version: versionOf(seen.id, seen.version), lon: undefined, lat: undefined });

/** @param {string} kind @param {string} title */
function add(kind, title) {
  const seen = seenNow();
  document.dispatchEvent(new CustomEvent("plates:say", { detail: `点一下地图放“${title}”` }));
  wanted = async (lon, lat) => {
    const body = { kind, lon: Number(lon.toFixed(7)), lat: Number(lat.toFixed(7)), reason: "图上加点位" };
    const answer = await sendNow(seen, "", body, `加点位“${title}”`, "没有加上");
    document.dispatchEvent(new Event("plates:idle"));
    if (!answer.ok) return;
    let id = answer.body.position_id;
    tell(`已加点位：${title}`, {
      id: seen.id,
      back: async () => (await sendNow(since(seen), `/${id}/actions/end`, { reason: "撤销加点位" }, "撤销加点位", "不能撤销")).ok,
      again: async () => {
        const again = await sendNow(since(seen), "", body, `加点位“${title}”`, "不能重做");
        id = again.body.position_id ?? id;
        return again.ok;
      },
    });
  };
}

/** @param {HTMLElement} row @param {string} verb */
function change(row, verb) {
  const seen = seenNow();
  const { place: id = "", lon, lat } = row.dataset;
  const title = row.querySelector("[data-see]")?.textContent ?? "";
  if (verb === "move") {
    moveSpot(seen, id, title, Number(lon), Number(lat));
    return;
  }
  ask({
    title: WORDS[verb], object: `${seen.title} · ${title}`, fields: fieldsOf("reason"),
    text: verb === "main" ? "与原主点位对调；门牌的计划位置不变。" : "停用的点位留在历史中。",
    send: async (values, key) => {
      const answer = await send(seen, `/${id}/actions/${verb}`, values, `${WORDS[verb]}：${title}`, key);
      if (!answer.ok && !answer.isLeft) return answer;
      if (answer.ok) tell(`${WORDS[verb]}：${title}`, verb === "main" ? {
        id: seen.id,
        back: async () => (await sendNow(since(seen), `/${answer.body.position_id}/actions/main`, { reason: "撤销" }, "换回主点位", "不能撤销")).ok,
        again: null,
      } : null);
      document.dispatchEvent(new Event("plates:changed"));
      return { ...answer, ok: true };
    },
  });
}

/** @param {any} seen @param {string} id @param {string} title @param {number} lon @param {number} lat where it is now */
function moveSpot(seen, id, title, lon, lat) {
  const go = async (/** @type {any} */ from, /** @type {number} */ east, /** @type {number} */ north, /** @type {string} */ reason) =>
    (await sendNow(from, `/${id}/actions/move`, { lon: Number(east.toFixed(7)), lat: Number(north.toFixed(7)), reason }, `移动点位“${title}”`, "没有移动")).ok;
  placeMarker(lon, lat, `${title}，可拖动`, async (east, north) => {
    dropMarker();
    if (!(await go(seen, east, north, "图上移动点位"))) return;
    tell(`点位“${title}”已移动`, {
      id: seen.id,
      back: () => go(since(seen), lon, lat, "撤销移动点位"),
      again: () => go(since(seen), east, north, "重做移动点位"),
    });
  });
  flag([title, "拖动后松开即保存"]);
}

pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const row = /** @type {HTMLElement | null} */ (target.closest("[data-place]"));
  if (target.closest("[data-see]") && row) showPlate(Number(row.dataset.lon), Number(row.dataset.lat));
  const verb = target.closest("[data-place-act]")?.getAttribute("data-place-act");
  if (verb && row) change(row, verb);
  if (target.closest("[data-place-new]")) {
    const kind = /** @type {HTMLSelectElement} */ (pane.querySelector("#place-kind"));
    add(kind.value, kind.selectedOptions[0].text);
  }
});
