/** Records that the register refused: what was recorded beside what the register has now, and what can be done. */

import { drop, resend } from "./wall_queue.js";

/** @typedef {import("./wall_store.js").Entry} Entry */

const ACTS = { install: "上墙", inspect: "巡查", "report-damage": "报损", "report-missing": "报失", replace: "更换", report: "报不能安装" };
const FULL = "没有存下：手机空间不足，或浏览器不许存储；请清理后再按一次。";
/** @type {string[]} */
let pictures = [];

/** @param {string} tag @param {string} words @param {string} [name] */
function line(tag, words, name = "") {
  const made = document.createElement(tag);
  made.textContent = words;
  made.className = name;
  return made;
}

/** @param {string} at */
const when = (at) => new Date(at).toLocaleString("zh-CN", { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });

/** @typedef {{lon: number | null, lat: number | null}} Spot */

/** @param {Spot} one @param {Spot} other @returns {string} */
function apart(one, other) {
  if (one.lon === null || one.lat === null || other.lon === null || other.lat === null) return "—";
  const east = (one.lon - other.lon) * 111320 * Math.cos((one.lat * Math.PI) / 180);
  return `${Math.round(Math.hypot(east, (one.lat - other.lat) * 110950))} m`;
}

/** @param {Entry} entry @param {Record<string, string>} words */
function sides(entry, words) {
  const box = document.createElement("div");
  box.className = "wall-sides";
  const mine = document.createElement("div");
  const verb = ACTS[/** @type {keyof typeof ACTS} */ (entry.verb)] ?? entry.verb;
  mine.append(line("h4", "手机上记的"), line("p", `${verb} · ${when(entry.at)}`), line("p", `依据第 ${entry.version} 版（${words[entry.was.state] ?? ""}）`));
  if (entry.body.lon !== undefined) mine.append(line("p", `离当时的计划位置 ${apart(entry.was, entry.body)}`));
  if (entry.photo) {
    const picture = document.createElement("img");
    picture.alt = "当时拍的照片";
    picture.src = URL.createObjectURL(entry.photo);
    pictures.push(picture.src);
    mine.append(picture);
  }
  const now = document.createElement("div");
  now.append(line("h4", "登记处现在"));
  if (entry.now) {
    now.append(line("p", `第 ${entry.now.version} 版（${words[entry.now.state] ?? ""}）`));
    if (apart(entry.was, entry.now) !== "0 m") now.append(line("p", `计划位置移了 ${apart(entry.was, entry.now)}`));
    if (entry.body.lon !== undefined) now.append(line("p", `离现在的计划位置 ${apart(entry.now, entry.body)}`));
    const hung = entry.now.installation;
    if (hung) now.append(line("p", `${hung.installer} ${when(hung.installed_at)} 上墙`));
  } else now.append(line("p", "查不到这块门牌"));
  box.append(mine, now);
  return box;
}

/** @param {string} words @param {string} look @param {() => void} press */
function button(words, look, press) {
  const made = line("button", words, `btn ${look}`);
  made.setAttribute("type", "button");
  made.addEventListener("click", press);
  return made;
}

/** @param {Entry} entry @param {Record<string, string>} words */
function card(entry, words) {
  const made = document.createElement("article");
  made.className = "wall-fault";
  made.dataset.plate = entry.plate;
  const why = entry.status === 412 ? "记下之后，这块门牌在登记处改过；请对照两边再决定。" : entry.problem;
  const told = line("p", why, "field-error");
  made.append(line("h3", entry.name), sides(entry, words), told);
  const acts = document.createElement("div");
  acts.className = "act-list";
  const needsReason = entry.field === "reason";
  const reason = document.createElement("input");
  if (needsReason) {
    reason.className = "form-control";
    reason.maxLength = 200;
    reason.placeholder = "原因，如：门已改到侧墙";
    reason.setAttribute("aria-label", `${entry.name}的原因`);
    made.append(reason);
  }
  const version = entry.now?.version ?? entry.version;
  const go = entry.status === 412 ? "仍按手机上的提交" : needsReason ? "补原因再传" : "再试一次";
  acts.append(
    button(go, "btn-solid", () => {
      if (needsReason && !reason.value.trim()) reason.focus();
      else resend(entry, needsReason ? { reason: reason.value.trim() } : {}, version).catch(() => (told.textContent = FULL));
    }),
  );
  const away = button("放弃这条", "", () => {
    if (away.dataset.sure) drop(entry);
    away.dataset.sure = "1";
    away.textContent = "确认放弃";
  });
  acts.append(away);
  made.append(acts);
  return made;
}

/** @param {Entry[]} failed @param {Record<string, string>} words the states of plates */
export function showFaults(failed, words) {
  const list = /** @type {HTMLElement} */ (document.getElementById("faults-list"));
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("faults"));
  const keys = failed.map((entry) => entry.key).join();
  // What is being typed stays while other records come and go.
  if (list.dataset.keys === keys) return;
  list.dataset.keys = keys;
  pictures.forEach((url) => URL.revokeObjectURL(url));
  pictures = [];
  list.replaceChildren(...failed.map((entry) => card(entry, words)));
  if (!failed.length && dialog.open) dialog.close();
}
