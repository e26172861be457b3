/** 查看复核: one after another, by keys; after each judgement the next one comes. */

import { isTyping } from "./shell.js";

const links = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("#queue a")]);
const here = links.findIndex((link) => link.hasAttribute("aria-current"));

/** @param {number} step */
function move(step) {
  const next = links[here + step];
  if (next) window.location.assign(next.href);
}

document.addEventListener("done", (event) => {
  event.preventDefault();
  const { target } = event;
  window.sessionStorage.setItem("welcome", /** @type {HTMLElement} */ (target).dataset.done ?? "");
  const address = new URL(window.location.href);
  address.searchParams.delete("review");
  window.location.assign(address);
});

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  const opened = { s: "unclear", r: "unjustified" }[key];
  if (key === "a") /** @type {HTMLFormElement | null} */ (document.getElementById("decide-justified"))?.requestSubmit();
  else if (opened) /** @type {HTMLDialogElement | null} */ (document.getElementById(`act-${opened}`))?.showModal();
  else if (key === "arrowup") move(-1);
  else if (key === "arrowdown") move(1);
  else return;
  event.preventDefault();
});
