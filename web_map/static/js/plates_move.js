/** Moving a plate: one drag is one act on the version that was read; it can be undone; a 412 shows both versions. */

import { getJson } from "./http.js";
import { act, newKey, noteVersion, tell, versionOf } from "./plates_acts.js";
import { dropMarker, nudge, placeMarker, setMarker } from "./plates_map.js";
import { isTyping } from "./shell.js";

const WAIT_MS = 700;

/** @typedef {{id: string, title: string, version: number, lon: number, lat: number}} Moved */
/** @type {Moved | null} */
let plate = null;
let waiting = 0;

export function isMoving() {
  return plate !== null;
}

/** @param {Moved} chosen */
export function startMove(chosen) {
  plate = { ...chosen };
  placeMarker(plate.lon, plate.lat, `${plate.title}，可拖动`, (lon, lat) => save(lon, lat));
}

export function cancelMove() {
  window.clearTimeout(waiting);
  plate = null;
  dropMarker();
}

/** @param {number} lon @param {number} lat */
async function save(lon, lat) {
  // A drag that ends after Esc is not wanted any more.
  if (!plate) return;
  const from = { ...plate };
  const answer = await send(from, lon, lat, from.version);
  if (!answer.ok) {
    if (plate?.id === from.id) setMarker(from.lon, from.lat);
    if (answer.status === 412) showBoth(from, lon, lat);
    else tell(`没有移动：${answer.text}`);
    return;
  }
  settled(from, lon, lat, answer.body.version);
}

/** @param {Moved} from @param {number} lon @param {number} lat @param {number} version @param {string} [reason] */
function send(from, lon, lat, version, reason = "图上移动门牌位置") {
  const body = { lon: Number(lon.toFixed(7)), lat: Number(lat.toFixed(7)), reason };
  return act(`/v1/plates/${from.id}/actions/move`, body, { version, key: newKey() });
}

/** @param {Moved} from @param {number} lon @param {number} lat @param {number} version what the register holds now */
function settled(from, lon, lat, version) {
  if (plate?.id === from.id) Object.assign(plate, { lon, lat, version });
  noteVersion(from.id, version);
  const metres = window.townMap.map.distance([from.lat, from.lon], [lat, lon]);
  tell(`${from.title} 已移动 ${metres.toFixed(1)} m，已保存`, async () => {
    const back = await send(from, from.lon, from.lat, versionOf(from.id, version), "撤销图上移动");
    if (!back.ok) tell(`不能撤销：${back.text}`);
    else {
      noteVersion(from.id, back.body.version);
      if (plate?.id === from.id) Object.assign(plate, { lon: from.lon, lat: from.lat, version: back.body.version });
      setMarker(from.lon, from.lat);
      document.dispatchEvent(new Event("plates:changed"));
    }
    return back.ok;
  });
  document.dispatchEvent(new Event("plates:changed"));
}

/** @param {Moved} from what the reader saw @param {number} lon @param {number} lat where it was to go */
async function showBoth(from, lon, lat) {
  const now = await getJson(`/v1/plates/${from.id}`);
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("stale"));
  if (!now || !dialog) return;
  const put = (/** @type {string} */ name, /** @type {string} */ words) => {
    /** @type {HTMLElement} */ (dialog.querySelector(`[data-stale="${name}"]`)).textContent = words;
  };
  const at = (/** @type {any} */ x, /** @type {any} */ y) => (x == null ? "未定位" : `${Number(x).toFixed(6)}, ${Number(y).toFixed(6)}`);
  const states = JSON.parse(dialog.dataset.states ?? "{}");
  put("title", from.title);
  put("mine", `第 ${from.version} 版 · ${at(from.lon, from.lat)}`);
  put("wanted", at(lon, lat));
  put("now", `第 ${now.version} 版 · ${states[now.state] ?? now.state} · ${at(now.lon, now.lat)}`);
  dialog.showModal();
  dialog.addEventListener("close", async () => {
    if (dialog.returnValue === "mine") {
      const answer = await send(from, lon, lat, now.version);
      if (answer.ok) settled({ ...from, lon: now.lon, lat: now.lat }, lon, lat, answer.body.version);
      else tell(`没有移动：${answer.text}`);
    } else {
      if (plate?.id === from.id) Object.assign(plate, { lon: now.lon, lat: now.lat, version: now.version });
      setMarker(now.lon, now.lat);
      document.dispatchEvent(new Event("plates:changed"));
    }
  }, { once: true });
}

document.addEventListener("keydown", (event) => {
  if (!plate || isTyping(event.target) || !event.key.startsWith("Arrow")) return;
  const at = nudge(event.key, event.shiftKey);
  if (!at) return;
  event.preventDefault();
  event.stopPropagation();
  // Steps that follow one another are one move.
  window.clearTimeout(waiting);
  waiting = window.setTimeout(() => save(at.lon, at.lat), WAIT_MS);
}, true);
