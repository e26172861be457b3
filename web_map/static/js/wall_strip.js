/** The strip of the pages at the wall: offline, how many records wait, how many were refused; and what works offline. */

import { own } from "./wall_owner.js";
import { queued, startQueue } from "./wall_queue.js";

const strip = /** @type {HTMLElement} */ (document.getElementById("strip"));

let account = { login: "", name: "" };

/** @param {string} id @param {string} words */
function fill(id, words) {
  const part = /** @type {HTMLElement} */ (document.getElementById(id));
  part.textContent = words;
  part.hidden = words === "";
}

export async function tellStrip() {
  const { waiting, failed, others, isSignedOut, isOther } = await queued();
  const isOff = !navigator.onLine;
  strip.hidden = !isOff && !isSignedOut && waiting.length + failed.length + others.length === 0;
  strip.classList.toggle("has-failed", failed.length > 0);
  fill("strip-line", isOff ? "离线" : isOther ? "已换账号登录" : isSignedOut ? "登录已失效" : waiting.length ? "正在上传" : "");
  fill("strip-waiting", waiting.length ? `待传 ${waiting.length} 条` : "");
  fill("strip-failed", failed.length ? `失败 ${failed.length} 条` : "");
  fill("strip-who", isOff || isSignedOut ? `此页记在${account.name}（${account.login}）名下；不是本人，请联网登录后再记。` : "");
  const theirs = others.map(({ who, count }) => `${who} ${count} 条`).join("、");
  fill("strip-others", theirs ? `本机还有未上传的记录：${theirs}；待其本人登录后上传。` : "");
  /** @type {HTMLElement} */ (document.getElementById("strip-open")).hidden = failed.length === 0;
  const again = /** @type {HTMLAnchorElement} */ (document.getElementById("strip-login"));
  again.hidden = !isSignedOut || isOff;
  again.textContent = isOther ? "打开我的列表" : "重新登录";
  again.href = isOther ? "/plates/install" : "/login?next=/plates/install";
}

/** @param {{login: string, name: string}} who @param {() => void} [more] what the page draws again when a record arrived or was refused */
export function startStrip(who, more = () => {}) {
  account = who;
  own(who.login);
  const tell = () => {
    tellStrip();
    more();
  };
  startQueue(who, tell);
  window.addEventListener("online", tell);
  // What works without the network needs a secure origin; without one the pages work online as ever.
  navigator.serviceWorker?.register("/plates/worker.js", { scope: "/plates/" }).catch(() => {});
}

const [DEPTH, MOST_SPOTS, AROUND] = [17, 60, 0.0005];

/** @param {{lon: number | null, lat: number | null}[]} spots where work waits: their ground is kept for when there is no network */
export async function keepGround(spots) {
  const side = 2 ** DEPTH;
  const known = spots.filter((spot) => spot.lon !== null && spot.lat !== null);
  // The map of a plate shows some fifty metres around it, at the edge of a tile of its neighbours too.
  const corners = known.flatMap(({ lon, lat }) => [-AROUND, AROUND].flatMap((x) => [-AROUND, AROUND].map((y) => [Number(lon) + x, Number(lat) + y])));
  const places = corners.map(([lon, lat]) => {
    const x = Math.floor(((lon + 180) / 360) * side);
    const y = Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * side);
    return `${DEPTH}/${x}/${y}`;
  });
  const ground = [...new Set(places)].slice(0, MOST_SPOTS);
  const tiles = ground.flatMap((place) => ["backdrop", "streets", "buildings"].map((layer) => `/tiles/${layer}/${place}.mvt`));
  const ready = await navigator.serviceWorker?.ready;
  ready?.active?.postMessage({ tiles });
}
