/** What every page has: account menu, sign-out, key list, toasts. */

/** @param {string} text a short line that goes away by itself */
export function toast(text) {
  const line = document.createElement("p");
  line.className = "toast-line";
  line.textContent = text;
  document.getElementById("toasts")?.append(line);
  window.setTimeout(() => line.remove(), 6000);
}

async function signOut() {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  await fetch("/v1/session", { method: "DELETE", headers: { "X-CSRF-Token": token } });
  // Nothing of this session stays in the browser.
  window.sessionStorage.clear();
  window.localStorage.clear();
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

const welcome = window.sessionStorage.getItem("welcome");
if (welcome && document.getElementById("who")) {
  window.sessionStorage.removeItem("welcome");
  toast(welcome);
}
