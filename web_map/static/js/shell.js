/** What every page has: account menu, sign-out, key list, toasts. */

import { foldTabs } from "./tabs.js";
import { changeHands } from "./wall_owner.js";

/** @param {string} text a short line that goes away by itself */
export function toast(text) {
  const line = document.createElement("p");
  line.className = "toast-line";
  line.textContent = text;
  document.getElementById("toasts")?.append(line);
  window.setTimeout(() => line.remove(), 6000);
}

/**
 * Pages, tiles, tasks and records that a phone keeps for the work at the wall.
 * @param {any} store the kept records, when there are any @param {string} login who leaves
 * @returns {Promise<number>} the records that other accounts still have to send: they stay
 */
async function wipeKept(store, login) {
  const workers = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(workers.map((one) => one.unregister()));
  if ("caches" in window) await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
  if (store) return store.leave(login);
  await new Promise((done) => {
    const gone = window.indexedDB.deleteDatabase("wall");
    for (const name of ["success", "error", "blocked"]) gone.addEventListener(name, () => done(null));
  });
  return 0;
}

async function signOut() {
  const login = document.getElementById("who")?.dataset.login ?? "";
  const store = Number(window.localStorage.getItem("wall-waiting") ?? 0) ? await import("./wall_store.js") : null;
  const waiting = store ? (await store.keptEntries(login)).length : 0;
  if (waiting && !window.confirm(`还有 ${waiting} 条上墙记录没有上传，退出后会丢失。仍要退出吗？`)) return;
  const left = await wipeKept(store, login).catch(() => 0);
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  await fetch("/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": token } });
  // Nothing of this session stays in the browser.
  window.sessionStorage.clear();
  window.localStorage.clear();
  if (left) window.localStorage.setItem("wall-waiting", String(left));
  window.location.replace("/login");
}

/** @param {EventTarget | null} target whether keys belong to a field there */
export function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const who = document.getElementById("who");
  if (who?.hasAttribute("open") && !who.contains(target)) who.removeAttribute("open");
  if (target.closest("[data-sign-out]")) signOut();
  const opener = target.closest("[data-open]");
  if (opener) {
    who?.removeAttribute("open");
    /** @type {HTMLDialogElement} */ (document.getElementById(opener.getAttribute("data-open") ?? ""))?.showModal();
  }
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
});

// On pages without a map a search opens the map; the text waits in the tab, not in the address.
document.getElementById("search-elsewhere")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = /** @type {HTMLInputElement} */ (document.getElementById("search")).value.trim();
  if (!text) return;
  window.sessionStorage.setItem("search", text);
  window.location.assign("/");
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !document.querySelector("dialog[open]")) {
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById("search"));
    event.preventDefault();
    field?.focus();
    field?.select();
  }
  if (event.key === "?") /** @type {HTMLDialogElement} */ (document.getElementById("keys"))?.showModal();
  if (event.key === "Escape") document.getElementById("who")?.removeAttribute("open");
});

/** A form that was half typed when the session ran out names people: the tab keeps it for who typed it alone. @param {string} login who is signed in */
function keepOwn(login) {
  const before = window.sessionStorage.getItem("login");
  if (!login || before === login) return;
  if (before !== null) {
    for (const kept of Object.keys(window.sessionStorage)) if (kept.startsWith("registration:")) window.sessionStorage.removeItem(kept);
  }
  window.sessionStorage.setItem("login", login);
}

const { login = "" } = document.getElementById("who")?.dataset ?? {};
keepOwn(login);
changeHands(login).catch(() => {});

const tabs = /** @type {HTMLElement | null} */ (document.querySelector(".regnav"));
if (tabs) foldTabs(tabs);

const welcome = window.sessionStorage.getItem("welcome");
if (welcome && document.getElementById("who")) {
  window.sessionStorage.removeItem("welcome");
  toast(welcome);
}
