/** Records of the wall on their way: kept on the phone when they are made, sent once each, told when they are refused. */

import { act, newKey } from "./act.js";
import { changeHands } from "./wall_owner.js";
import { changePlate, countEntries, dropEntry, entriesOfOthers, keepEntry, keptEntries } from "./wall_store.js";

/** @typedef {import("./wall_store.js").Entry} Entry */

const WAITS = [2, 5, 15, 30, 60];
const TARGETS = { install: "installed", "report-damage": "damaged", "report-missing": "missing", replace: "replaced" };
let login = "";
let who = "";
let tries = 0;
let timer = 0;
let isSignedOut = false;
/** Another account that this browser is signed in as. */
let other = "";
/** @type {() => void} */
let changed = () => {};

/** @param {{login: string, name: string}} account whose records these are @param {() => void} tell called when their fate changes */
export function startQueue(account, tell) {
  login = account.login;
  who = account.name;
  changed = tell;
  window.addEventListener("online", () => flush());
  window.addEventListener("offline", told);
  document.addEventListener("visibilitychange", () => document.hidden || flush());
  told();
  checkOwner();
}

/** A page that was kept for another account gives way to the own one, unless something was entered in it: then the strip tells. */
async function checkOwner() {
  let isEntered = false;
  document.addEventListener("input", () => (isEntered = true), { once: true });
  await flush();
  if (!other || isEntered) return;
  await changeHands(other);
  window.location.reload();
}

/** @returns {Promise<{waiting: Entry[], failed: Entry[], others: {who: string, count: number}[], isSignedOut: boolean, isOther: boolean}>} */
export async function queued() {
  const all = await keptEntries(login);
  return {
    waiting: all.filter((entry) => entry.state === "waiting"),
    failed: all.filter((entry) => entry.state === "failed"),
    others: await entriesOfOthers(login),
    isSignedOut,
    isOther: other !== "",
  };
}

/** @param {Pick<Entry, "plate" | "name" | "verb" | "was" | "version" | "body" | "photo">} made @returns {Promise<Entry>} */
export async function record(made) {
  /** @type {Entry} */
  const entry = {
    ...made, key: newKey(), login, who, at: new Date().toISOString(), sha256: "", state: "waiting", status: 0, problem: "", field: "", now: null,
  };
  await keepEntry(entry);
  // Where the browser lets it, what waits is not cleared away when the phone runs short of room.
  navigator.storage?.persist?.().catch(() => {});
  await told();
  return entry;
}

/** @param {Entry} entry @returns {Promise<Entry | null>} null when the register has it, else as it is kept */
export async function tryNow(entry) {
  await flush(true);
  return (await keptEntries(login)).find((one) => one.key === entry.key) ?? null;
}

/** @param {Entry} entry */
export async function drop(entry) {
  await dropEntry(entry.key);
  await told();
}

/** @param {Entry} entry @param {Record<string, any>} more @param {number} version a changed record is another act: with a key of its own */
export async function resend(entry, more, version) {
  const body = { ...entry.body, ...more };
  // First kept anew, then dropped: whatever stops the page between, nothing is lost.
  await keepEntry({ ...entry, key: newKey(), body, version, state: "waiting", status: 0, problem: "", field: "", now: null });
  await dropEntry(entry.key);
  await told();
  await flush();
}

async function told() {
  // What another page asks before it signs out: the records of all accounts that share this phone.
  window.localStorage.setItem("wall-waiting", String(await countEntries()));
  changed();
}

/** @param {boolean} isPatient whether to wait for another tab that sends; of several tabs one sends, oldest first */
export async function flush(isPatient = false) {
  window.clearTimeout(timer);
  if (!navigator.onLine) return;
  if (!navigator.locks) await sendAll();
  else await navigator.locks.request("wall", { ifAvailable: !isPatient }, async (lock) => lock && sendAll());
}

async function sendAll() {
  const waiting = (await keptEntries(login)).filter((entry) => entry.state === "waiting");
  if (!(await isOwn())) return;
  for (const entry of waiting) {
    const fate = await send(entry);
    if (fate === "later") {
      timer = window.setTimeout(() => flush(), WAITS[Math.min(tries, WAITS.length - 1)] * 1000);
      tries += 1;
      return;
    }
    tries = 0;
    await told();
  }
}

/** @returns {Promise<boolean>} whether the account of these records is signed in; the page takes the token of the session */
async function isOwn() {
  try {
    const reply = await fetch("/v1/session", { cache: "no-store" });
    const session = await reply.json();
    const wasSignedOut = isSignedOut;
    other = reply.ok && session.login !== login ? session.login : "";
    isSignedOut = reply.status === 401 || other !== "";
    if (isSignedOut || wasSignedOut) await told();
    if (!reply.ok || isSignedOut) return false;
    document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", session.csrf_token);
    return true;
  } catch {
    timer = window.setTimeout(() => flush(), WAITS[Math.min(tries, WAITS.length - 1)] * 1000);
    tries += 1;
    return false;
  }
}

/** @param {number} status */
const isPassing = (status) => status === 0 || status === 401 || status === 429 || status >= 500;

/** @param {Entry} entry @returns {Promise<"done" | "later" | "refused">} */
async function send(entry) {
  if (entry.photo && !entry.sha256) {
    const kept = await upload(entry.photo);
    if (isPassing(kept.status)) return "later";
    if (!kept.sha256) return refused(entry, kept.status, kept.text, "photo");
    entry.sha256 = kept.sha256;
    await keepEntry(entry);
  }
  const body = entry.sha256 ? { ...entry.body, photo: entry.sha256 } : entry.body;
  const isReport = entry.verb === "report";
  const url = isReport ? "/v1/plate-reports" : `/v1/plates/${entry.plate}/actions/${entry.verb}`;
  const answer = await act(url, body, { version: isReport ? null : entry.version, key: entry.key });
  if (isPassing(answer.status)) return "later";
  if (!answer.ok) return refused(entry, answer.status, answer.text, answer.field);
  const state = TARGETS[/** @type {keyof typeof TARGETS} */ (entry.verb)];
  if (!isReport) await changePlate(entry.plate, state ? { state, version: answer.body.version } : { version: answer.body.version });
  await dropEntry(entry.key);
  return "done";
}

/** @param {Blob} photo @returns {Promise<{status: number, sha256?: string, text: string}>} the same picture twice is one */
async function upload(photo) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const reply = await fetch("/v1/photos", { method: "POST", body: photo, headers: { "Content-Type": photo.type, "X-CSRF-Token": token } });
    const told = await reply.json().catch(() => ({}));
    return { status: reply.status, sha256: told.sha256, text: told.errors?.[0]?.detail ?? told.detail ?? "照片没有传成，请重拍" };
  } catch {
    return { status: 0, text: "" };
  }
}

/** @param {Entry} entry @param {number} status @param {string} problem @param {string} field @returns {Promise<"refused">} */
async function refused(entry, status, problem, field) {
  const reply = await fetch(`/v1/plates/${entry.plate}`, { cache: "no-store" }).catch(() => null);
  const now = reply?.ok ? await reply.json() : null;
  await keepEntry({ ...entry, state: "failed", status, problem, field, now });
  return "refused";
}
