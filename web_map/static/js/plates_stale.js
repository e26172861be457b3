/** What somebody else has changed meanwhile: both versions side by side, and one question. */

import { getJson } from "./http.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("stale"));

/**
 * @typedef {object} Seen what the reader saw: a plate, an address with its place, or a street with its count of addresses
 * @property {string} id
 * @property {string} title
 * @property {number} version
 * @property {string} [state] in words
 * @property {number | null} [lon]
 * @property {number | null} [lat]
 * @property {number} [addresses]
 */

/** @param {number | null} lon @param {number | null} lat */
export function placeWords(lon, lat) {
  return lon === null || lat === null || Number.isNaN(lon) ? "未定位" : `${Number(lon).toFixed(6)}, ${Number(lat).toFixed(6)}`;
}

/** @param {any} one @param {string} kind @param {string | undefined} state @returns {string} */
function versionWords(one, kind, state) {
  const rest = kind === "streets" ? (one.addresses === undefined ? "" : `现行地址 ${one.addresses}`) : one.lon === undefined ? "" : placeWords(one.lon, one.lat);
  return [`第 ${one.version} 版`, one.standard_text, state, rest].filter(Boolean).join(" · ");
}

/**
 * @param {Seen} seen what the reader saw @param {string} wanted what was to be done, in words
 * @param {"plates" | "addresses" | "streets"} [kind]
 * @returns {Promise<{isMine: boolean, now: any} | null>} whether to do it all the same, and what the register holds
 */
export async function compare(seen, wanted, kind = "plates") {
  const now = await getJson(`/v1/${kind}/${seen.id}`);
  if (!now) return null;
  const states = JSON.parse(dialog.dataset[kind] ?? "{}");
  const put = (/** @type {string} */ name, /** @type {string} */ words) => {
    /** @type {HTMLElement} */ (dialog.querySelector(`[data-stale="${name}"]`)).textContent = words;
  };
  put("title", seen.title);
  put("mine", versionWords(seen, kind, seen.state));
  put("wanted", wanted);
  put("now", versionWords(kind === "addresses" ? now : { ...now, standard_text: "" }, kind, states[now.state] ?? now.state));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return { isMine: dialog.returnValue === "mine", now };
}

/**
 * Do an act on the version that was read; when somebody was faster, show both and do it on theirs only if that is wanted.
 * @param {Seen} seen @param {string} wanted @param {"plates" | "addresses" | "streets"} kind
 * @param {(version: number, isAgain: boolean) => Promise<import("./act.js").Answer>} send
 * @returns {Promise<import("./act.js").Answer & {isLeft?: boolean}>} `isLeft`: the reader takes what the register holds
 */
export async function sendOver(seen, wanted, kind, send) {
  const answer = await send(seen.version, false);
  if (answer.status !== 412) return answer;
  const found = await compare(seen, wanted, kind);
  if (!found) return answer;
  return found.isMine ? send(found.now.version, true) : { ...answer, isLeft: true };
}
