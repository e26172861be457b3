/** Moving a plate: one drag is one act on the version that was read; it can be undone; a 412 shows both versions. */

import { act, ask, fieldsOf, newKey, noteVersion, tell, versionOf } from "./plates_acts.js";
import { dropMarker, nudge, placeMarker, setMarker } from "./plates_map.js";
import { compare, placeWords } from "./plates_stale.js";
import { isTyping } from "./shell.js";

const WAIT_MS = 700;

/** @typedef {{id: string, title: string, version: number, lon: number, lat: number, state?: string, isCertified?: boolean}} Moved */
/** @type {any} */
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
  if (from.isCertified && !from.reason) {
    askReason(from, lon, lat);
    return;
  }
  const answer = await send(from, lon, lat, from.version);
  if (answer.ok) settled(from, lon, lat, answer.body.version);
  else await refused(from, lon, lat, answer);
}

/** A certified address is moved for a reason only, and loses its certification. */
function askReason(/** @type {any} */ from, /** @type {number} */ lon, /** @type {number} */ lat) {
  let isDone = false;
  ask({
    title: "移动已认证的门牌", object: from.title, text: "移动后认证随之取消，须重新认证。", fields: fieldsOf("reason*"),
    send: async (values, key) => {
      const answer = await send({ ...from, reason: values.reason }, lon, lat, from.version, key);
      isDone = answer.ok;
      if (answer.ok) {
        if (plate?.id === from.id) plate.isCertified = false;
        settled(from, lon, lat, answer.body.version);
      }
      return answer;
    },
    leave: () => {
      if (!isDone && plate?.id === from.id) setMarker(from.lon, from.lat);
    },
  });
}

/** @param {Moved} from @param {number} lon @param {number} lat @param {{status: number, text: string, field: string}} answer */
async function refused(from, lon, lat, answer) {
  if (plate?.id === from.id) setMarker(from.lon, from.lat);
  if (answer.field === "reason") askReason(from, lon, lat);
  else if (answer.status === 412) await showBoth(from, lon, lat);
  else tell(`没有移动：${answer.text}`);
}

/** @param {any} from @param {number} lon @param {number} lat @param {number} version @param {string} [key] */
function send(from, lon, lat, version, key = newKey()) {
  // A reason is a person's own: without it nothing that was certified meanwhile is moved.
  const body = { lon: Number(lon.toFixed(7)), lat: Number(lat.toFixed(7)), reason: from.reason };
  return act(`/v1/plates/${from.id}/actions/move`, body, { version, key });
}

/** @param {Moved} from @param {number} lon @param {number} lat @param {number} version what the register holds now */
function settled(from, lon, lat, version) {
  if (plate?.id === from.id) Object.assign(plate, { lon, lat, version });
  noteVersion(from.id, version);
  const metres = window.townMap.map.distance([from.lat, from.lon], [lat, lon]);
  tell(`${from.title} 已移动 ${metres.toFixed(1)} m，已保存`, {
    id: from.id,
    back: () => moveTo(from, from.lon, from.lat, "不能撤销"),
    again: () => moveTo(from, lon, lat, "不能重做"),
  });
  document.dispatchEvent(new Event("plates:changed"));
}

/**
 * Put a plate somewhere on the version that our own last act gave it.
 * @param {any} from @param {number} lon @param {number} lat @param {string} fault what to say when it fails
 */
export async function moveTo(from, lon, lat, fault) {
  const answer = await send(from, lon, lat, versionOf(from.id, from.version));
  if (!answer.ok) {
    tell(`${fault}：${answer.text}`);
    return false;
  }
  noteVersion(from.id, answer.body.version);
  if (plate?.id === from.id) {
    Object.assign(plate, { lon, lat, version: answer.body.version });
    setMarker(lon, lat);
  }
  document.dispatchEvent(new Event("plates:changed"));
  return true;
}

/** @param {Moved} from what the reader saw @param {number} lon @param {number} lat where it was to go */
async function showBoth(from, lon, lat) {
  const chosen = await compare(from, `移动到 ${placeWords(lon, lat)}`);
  if (!chosen) return;
  const { isMine, now } = chosen;
  if (isMine) {
    const answer = await send(from, lon, lat, now.version);
    if (answer.ok) settled({ ...from, lon: now.lon, lat: now.lat }, lon, lat, answer.body.version);
    else tell(`没有移动：${answer.text}`);
    return;
  }
  if (plate?.id === from.id) Object.assign(plate, { lon: now.lon, lat: now.lat, version: now.version });
  setMarker(now.lon, now.lat);
  document.dispatchEvent(new Event("plates:changed"));
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
