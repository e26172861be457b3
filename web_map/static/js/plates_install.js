/** 上墙: photo, position, checks, one act. What fails is told in words and nothing typed is lost. */

import { act, newKey } from "./act.js";
import { serveMarks } from "./marks.js";

const { map, layer } = window.townMap;
const page = /** @type {HTMLElement} */ (document.getElementById("main"));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const fault = field("install-error");
const submit = field("submit");
const plan = page.dataset.lon ? { lon: Number(page.dataset.lon), lat: Number(page.dataset.lat) } : null;
const [NEAR_M, FAR_M] = [Number(page.dataset.near), Number(page.dataset.far)];
const [TOLERANCE_M, POOR_M, FIXES, WAIT_MS] = [5, 20, 8, 20000];
/** @type {{lon: number, lat: number, accuracy: number | null} | null} */
let found = null;
/** @type {{lon: number, lat: number, accuracy: number}[]} */
let fixes = [];
let watch = 0;
/** @type {File | null} */
let photo = null;
/** @type {string} */
let stored = "";
let key = newKey();
let isSending = false;
/** @type {any} */
let dot = null;

function begin() {
  if (layer) {
    layer.addTo(map);
    serveMarks(layer.getMaplibreMap());
    layer.getMaplibreMap().on("error", () => {});
  }
  for (const [name, title] of [["in", "放大"], ["out", "缩小"]]) {
    const button = document.querySelector(`.leaflet-control-zoom-${name}`);
    button?.setAttribute("title", title);
    button?.setAttribute("aria-label", title);
  }
  if (plan) {
    const square = window.L.divIcon({ className: "plan-mark", iconSize: [14, 14] });
    window.L.marker([plan.lat, plan.lon], { icon: square, interactive: false, keyboard: false }).addTo(map);
    const ring = { radius: TOLERANCE_M, color: "#1b2530", weight: 1.5, dashArray: "4 3", fill: false, interactive: false };
    window.L.circle([plan.lat, plan.lon], ring).addTo(map);
  }
  map.on("click", (/** @type {any} */ event) => byHand(event.latlng.lng, event.latlng.lat));
  locate();
  judge();
}

/** @param {number} lon @param {number} lat */
function byHand(lon, lat) {
  navigator.geolocation?.clearWatch(watch);
  found = { lon, lat, accuracy: null };
  field("place-words").textContent = "手工标定";
  show();
}

function locate() {
  navigator.geolocation?.clearWatch(watch);
  fixes = [];
  if (!navigator.geolocation) {
    say("这台设备不能定位，请在图上点出门牌所在");
    return;
  }
  say("正在定位…");
  watch = navigator.geolocation.watchPosition(average, refused, { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 0 });
}

/** @param {GeolocationPosition} fix the mean of up to eight fixes steadies the position */
function average({ coords }) {
  fixes.push({ lon: coords.longitude, lat: coords.latitude, accuracy: coords.accuracy });
  const mean = (/** @type {"lon" | "lat"} */ name) => fixes.reduce((sum, one) => sum + one[name], 0) / fixes.length;
  const best = Math.min(...fixes.map((one) => one.accuracy));
  found = { lon: mean("lon"), lat: mean("lat"), accuracy: best };
  say(`均值 ${fixes.length} 次 · ±${best.toFixed(1)} m`);
  if (fixes.length >= FIXES) navigator.geolocation.clearWatch(watch);
  show();
}

/** @param {GeolocationPositionError} error */
function refused(error) {
  if (found) return;
  say(error.code === 1 ? "没有定位权限" : "暂时不能定位");
  field("place-hint").textContent =
    error.code === 1 ? "请在浏览器设置中允许定位，或在图上点出门牌所在。" : "请到开阔处按“重新定位”，或在图上点出门牌所在。";
}

/** @param {string} words */
function say(words) {
  field("place-words").textContent = words;
}

function show() {
  if (!found) return;
  dot?.remove();
  const icon = window.L.divIcon({ className: "found-mark", iconSize: [16, 16] });
  const above = { icon, interactive: false, keyboard: false, zIndexOffset: 100 };
  dot = window.L.marker([found.lat, found.lon], above).addTo(map);
  if (!map.getBounds().pad(-0.1).contains([found.lat, found.lon])) {
    const both = plan ? [[plan.lat, plan.lon], [found.lat, found.lon]] : [[found.lat, found.lon]];
    map.fitBounds(both, { padding: [30, 30], maxZoom: 19, animate: false });
  }
  judge();
}

/** @returns {number | null} */
function away() {
  return plan && found ? map.distance([plan.lat, plan.lon], [found.lat, found.lon]) : null;
}

/** @param {string} name @param {boolean | null} isGood null says nothing yet @param {string} words */
function mark(name, isGood, words) {
  const row = /** @type {HTMLElement} */ (document.querySelector(`[data-check="${name}"]`));
  row.classList.toggle("is-good", isGood === true);
  row.classList.toggle("is-poor", isGood === false);
  /** @type {HTMLElement} */ (row.querySelector("b")).textContent = words;
}

function judge() {
  const metres = away();
  const needsReason = metres !== null && metres > NEAR_M;
  const time = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  mark("photo", photo ? true : null, photo ? `已拍 ${time}` : "未拍");
  const far = metres === null ? (found && !plan ? "没有计划位置" : "—") : `${metres.toFixed(1)} m（宜 ≤ ${TOLERANCE_M} m）`;
  mark("distance", metres === null ? null : metres <= TOLERANCE_M, far);
  const exact = found?.accuracy ?? null;
  mark("accuracy", exact === null ? null : exact <= POOR_M, found ? (exact === null ? "手工标定" : `±${exact.toFixed(1)} m`) : "—");
  /** @type {HTMLElement} */ (field("reason-part")).hidden = !needsReason;
  const why = !photo ? "请先拍照" : !found ? "请先定位，或在图上点出位置"
    : metres !== null && metres > FAR_M ? `距计划位置超过 ${FAR_M} 米，请核对门牌`
      : needsReason && !field("reason").value.trim() ? `距计划位置超过 ${NEAR_M} 米，请写明原因` : "";
  submit.setAttribute("aria-disabled", String(why !== ""));
  submit.title = why || "提交上墙记录";
}

/** @param {string} words */
function refuse(words) {
  fault.textContent = words;
  fault.hidden = false;
  fault.scrollIntoView({ block: "center" });
}

/** @returns {Promise<string>} the hash of the stored photo; empty when it was refused, and then told */
async function upload() {
  if (stored || !photo) return stored;
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const headers = { "Content-Type": photo.type, "X-CSRF-Token": token, "Idempotency-Key": newKey() };
    const reply = await fetch("/v1/photos", { method: "POST", body: photo, headers });
    const told = await reply.json().catch(() => ({}));
    if (reply.ok) stored = told.sha256;
    else refuse(told.errors?.[0]?.detail ?? told.detail ?? "照片没有传成，请再试");
  } catch {
    refuse("照片没有传成：连接中断，请检查网络后再试");
  }
  return stored;
}

async function send() {
  if (isSending || !found) return;
  isSending = true;
  fault.hidden = true;
  submit.setAttribute("aria-busy", "true");
  const sha = await upload();
  if (sha) {
    const reason = field("reason").value.trim();
    const answer = await act(`/v1/plates/${page.dataset.plate}/actions/install`, {
      photo: sha, lon: Number(found.lon.toFixed(7)), lat: Number(found.lat.toFixed(7)),
      ...(found.accuracy === null ? {} : { accuracy_m: Number(Math.min(Math.max(found.accuracy, 0.1), 999.9).toFixed(1)) }),
      ...(reason ? { reason } : {}),
    }, { version: page.dataset.version, key });
    if (answer.ok) {
      window.sessionStorage.setItem("welcome", `${document.querySelector("h1")?.textContent ?? ""}：已登记，待他人核验`);
      window.location.assign("/plates/install");
      return;
    }
    if (answer.status !== 0) key = newKey();
    refuse(answer.status === 412 ? "这块门牌刚被他人改过，请返回列表重新打开" : answer.text);
  }
  isSending = false;
  submit.removeAttribute("aria-busy");
}

field("photo").addEventListener("change", () => {
  photo = field("photo").files?.[0] ?? null;
  stored = "";
  const shown = /** @type {HTMLImageElement} */ (document.getElementById("photo-shown"));
  if (shown.src) URL.revokeObjectURL(shown.src);
  shown.hidden = !photo;
  if (photo) shown.src = URL.createObjectURL(photo);
  document.getElementById("photo-frame")?.classList.toggle("has-photo", photo !== null);
  field("photo-words").textContent = photo ? "重拍" : "拍下门牌全貌";
  fault.hidden = true;
  judge();
});
field("reason").addEventListener("input", judge);
field("again").addEventListener("click", locate);
field("at-plan").addEventListener("click", () => {
  if (plan) byHand(plan.lon, plan.lat);
});
document.getElementById("install-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  if (submit.getAttribute("aria-disabled") === "true") refuse(submit.title);
  else send();
});
begin();
