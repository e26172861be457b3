/** One plate at the wall: put it up, or say how it was found. What is recorded is kept on the phone until it arrived. */

import { getJson } from "./http.js";
import { serveMarks } from "./marks.js";
import { startCannot } from "./wall_cannot.js";
import { away, place, startPlace } from "./wall_place.js";
import { drop, queued, record, tryNow } from "./wall_queue.js";
import { codeIn, readPicture } from "./wall_scan.js";
import { keptPlate } from "./wall_store.js";
import { startStrip } from "./wall_strip.js";

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const submit = field("submit");
const [TOLERANCE_M, POOR_M, LONGEST, HEAVY] = [5, 20, 2000, 1 << 20];
/** @type {import("./wall_store.js").Plate | null} */
let plate = null;
let isOnWall = false;
/** @type {Blob | null} */
let photo = null;
let scanned = "";
let isSending = false;

async function begin() {
  plate = facts.plate ?? (await keptPlate(facts.login, window.location.pathname.split("/")[2] ?? "")) ?? null;
  startStrip(facts);
  if (!plate) return tellUnknown();
  isOnWall = facts.on_wall.includes(plate.state);
  const title = `${plate.name} ${isOnWall ? "巡查" : plate.state === "delivered" ? "上墙" : "补装"}`;
  const chip = field("state-chip");
  /** @type {HTMLElement} */ (document.querySelector("h1")).textContent = title;
  document.title = `${title} · 地址与房屋登记`;
  const mark = facts.marks[plate.state] ?? "draft";
  chip.className = `chip chip-${mark}`;
  const sign = /** @type {HTMLTemplateElement | null} */ (document.getElementById(`mark-${mark}`));
  chip.replaceChildren(...(sign ? [sign.content.cloneNode(true)] : []), facts.words[plate.state] ?? "");
  chip.hidden = false;
  const { waiting, failed } = await queued();
  if (waiting.some((entry) => entry.plate === plate?.id)) return tellState("这块门牌已经记下", "等待上传；可回到列表办下一块。");
  if (failed.some((entry) => entry.plate === plate?.id)) return tellState("这块门牌有一条没有传成的记录", "请回到列表，按“处理”。");
  if (!isOnWall && !facts.installable.includes(plate.state)) return tellState("现在不能登记上墙", facts.why_not || "请回到列表重新选择。");
  show();
}

/** @param {string} title @param {string} words */
function tellState(title, words) {
  /** @type {HTMLElement} */ (document.getElementById("wall-state")).hidden = false;
  field("wall-state-title").textContent = title;
  field("wall-state-words").textContent = words;
}

function tellUnknown() {
  tellState("手机里没有这块门牌", "它不在您的任务里；联网后再打开。");
}

function show() {
  if (!plate) return;
  const form = /** @type {HTMLElement} */ (document.getElementById("install-form"));
  form.hidden = false;
  form.dataset.mode = isOnWall ? "inspect" : "install";
  for (const part of form.querySelectorAll("[data-for]")) /** @type {HTMLElement} */ (part).hidden = part.getAttribute("data-for") !== form.dataset.mode;
  field("old-sign").hidden = isOnWall || !plate.old_text;
  field("old-sign-words").textContent = `这块牌上写的是旧名“${plate.old_text}”，现在应为“${plate.name}”。请先不要挂，联系经办换新牌。`;
  field("photo-words").textContent = isOnWall ? "拍照（可不拍）" : "拍下门牌全貌";
  field("submit-words").textContent = isOnWall ? "提交巡查" : "提交上墙";
  if (isOnWall) {
    for (const choice of form.querySelectorAll("input[name=finding]")) choice.addEventListener("change", judge);
  } else {
    const plan = plate.lon === null || plate.lat === null ? null : { lon: plate.lon, lat: plate.lat };
    const { map, layer } = window.townMap;
    map.invalidateSize({ animate: false });
    startPlace(plan, judge);
    if (layer) serveMarks(layer.getMaplibreMap());
  }
  startCannot(plate, place, send);
  judge();
}

/** @param {string} name @param {boolean | null} isGood null says nothing yet @param {string} words */
function mark(name, isGood, words) {
  const row = /** @type {HTMLElement} */ (document.querySelector(`[data-check="${name}"]`));
  row.classList.toggle("is-good", isGood === true);
  row.classList.toggle("is-poor", isGood === false);
  /** @type {HTMLElement} */ (row.querySelector("b")).textContent = words;
}

/** @returns {string} the code that was read from the photo, empty when none was */
const read = () => (scanned ? codeIn(scanned) : "");

/** @returns {string} why it cannot be sent yet */
function judge() {
  const why = isOnWall ? judgeFinding() : judgeInstallation();
  submit.setAttribute("aria-disabled", String(why !== ""));
  submit.title = why || "提交";
  return why;
}

function judgeFinding() {
  const chosen = finding();
  const isGrave = chosen !== "" && chosen !== "in_place";
  /** @type {HTMLElement} */ (field("reason-part")).hidden = !isGrave;
  return chosen ? "" : "请选择看到的情况";
}

/** @returns {string} */
function finding() {
  return /** @type {HTMLInputElement | null} */ (document.querySelector("input[name=finding]:checked"))?.value ?? "";
}

function judgeInstallation() {
  const metres = away();
  const found = place();
  const isOther = read() !== "" && read() !== plate?.code;
  const isFar = metres !== null && metres > facts.near_m;
  const needsReason = isFar || Boolean(plate?.old_text);
  const time = new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit" });
  mark("photo", photo ? true : null, photo ? `已拍 ${time}` : "未拍");
  mark("code", isOther ? false : read() ? true : null, isOther ? "是另一块门牌" : read() ? plate?.text ?? "" : photo ? "照片里没有认出" : "—");
  const far = metres === null ? (found && plate?.lon === null ? "没有计划位置" : "—") : `${metres.toFixed(1)} m（宜 ≤ ${TOLERANCE_M} m）`;
  mark("distance", metres === null ? null : metres <= TOLERANCE_M, far);
  const exact = found?.accuracy ?? null;
  mark("accuracy", exact === null ? null : exact <= POOR_M, found ? (exact === null ? "手工标定" : `±${exact.toFixed(1)} m`) : "—");
  /** @type {HTMLElement} */ (field("reason-part")).hidden = !needsReason;
  if (!photo) return "请先拍照";
  if (isOther) return "照片里的二维码是另一块门牌，请核对手中的牌";
  if (!found) return "请先定位，或在图上点出位置";
  if (metres !== null && metres > facts.far_m) return `距计划位置超过 ${facts.far_m} 米，请核对门牌`;
  if (!needsReason || field("reason").value.trim()) return "";
  return isFar ? `距计划位置超过 ${facts.near_m} 米，请写明原因` : "这是旧名牌；仍要挂的，请写明原因";
}

/** @param {string} words */
function refuse(words) {
  const fault = field("install-error");
  fault.textContent = words;
  fault.hidden = false;
  fault.scrollIntoView({ block: "center" });
}

/** @returns {{verb: string, body: Record<string, any>}} */
function asked() {
  const reason = field("reason").value.trim();
  const more = reason ? { reason } : {};
  const at = new Date().toISOString();
  if (isOnWall) {
    const seen = finding();
    const verb = { damaged: "report-damage", missing: "report-missing" }[seen] ?? "inspect";
    return { verb, body: { inspected_at: at, ...(verb === "inspect" ? { finding: seen } : {}), ...more } };
  }
  const found = /** @type {import("./wall_place.js").Found} */ (place());
  const exact = found.accuracy === null ? {} : { accuracy_m: Number(Math.min(Math.max(found.accuracy, 0.1), 999.9).toFixed(1)) };
  const sign = read() ? { scanned } : {};
  return { verb: "install", body: { lon: Number(found.lon.toFixed(7)), lat: Number(found.lat.toFixed(7)), installed_at: at, ...exact, ...sign, ...more } };
}

/** @param {{verb: string, body: Record<string, any>}} wish */
async function send({ verb, body }) {
  if (isSending || !plate) return;
  isSending = true;
  field("install-error").hidden = true;
  submit.setAttribute("aria-busy", "true");
  const made = { plate: plate.id, name: plate.name, verb, was: plate, version: plate.version, body, photo };
  const entry = await record(made).catch(() => null);
  const left = entry && (await tryNow(entry));
  if (!entry) refuse("没有存下：手机空间不足，或浏览器不许存储；请清理后再按一次，或联网用另一台设备登记");
  else if (left?.state === "failed") {
    await drop(left);
    await againFrom(left);
  } else {
    const done = verb === "install" ? "已登记，待他人核验" : "已记录";
    window.sessionStorage.setItem("welcome", `${plate.name}：${left ? "已存在手机里，联网后自动上传" : done}`);
    window.location.assign("/plates/install");
    return;
  }
  isSending = false;
  submit.removeAttribute("aria-busy");
}

/** @param {import("./wall_store.js").Entry} left what was refused at once: nothing typed is lost, and it is sent on what is now */
async function againFrom(left) {
  if (left.status === 412 && left.now) {
    const now = await getJson(`/v1/plate-tasks/plate?text=${left.now.code}`);
    if (now && plate) {
      const words = `这块门牌刚被改过：打开时为第 ${plate.version} 版（${facts.words[plate.state]}），现为第 ${now.version} 版（${facts.words[now.state]}）；核对后可再按提交`;
      plate = now;
      refuse(words);
      return;
    }
  }
  refuse(left.problem);
}

/** @param {File} file @returns {Promise<Blob>} a picture of a size that can be kept and sent in the street */
async function lighter(file) {
  if (file.size <= HEAVY) return file;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.88));
  return small && small.size < file.size ? small : file;
}

field("photo").addEventListener("change", async () => {
  const file = field("photo").files?.[0] ?? null;
  [photo, scanned] = [file && (await lighter(file)), ""];
  const shown = /** @type {HTMLImageElement} */ (document.getElementById("photo-shown"));
  if (shown.src) URL.revokeObjectURL(shown.src);
  shown.hidden = !photo;
  if (photo) shown.src = URL.createObjectURL(photo);
  document.getElementById("photo-frame")?.classList.toggle("has-photo", photo !== null);
  field("photo-words").textContent = photo ? "重拍" : "拍下门牌全貌";
  field("install-error").hidden = true;
  judge();
  if (!file) return;
  const text = await readPicture(file);
  // What is no code of a plate says nothing about the sign.
  scanned = codeIn(text) && text.includes("/") ? text : "";
  field("photo-code").hidden = scanned === "";
  field("photo-code-words").textContent = scanned ? `已识别 P ${codeIn(scanned).replace(/(.{4})(?=.)/g, "$1-")}` : "";
  judge();
});
field("reason").addEventListener("input", judge);
document.getElementById("install-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const why = judge();
  if (why) refuse(why);
  else send(asked());
});
begin();
