/** What is opened by a look: a piece of the server, in full, until the page is left; and the dwelling it belongs to. */

import { getJson, post } from "./http.js";

const WAIT_MS = 200;
const place = document.getElementById("opened");

/** @param {HTMLElement} button what it looks at, why, and under which number */
async function look(button) {
  const target = document.getElementById(button.dataset.into ?? "opened");
  if (!target) return;
  /** @type {Record<string, string>} */
  const values = { purpose: button.dataset.purpose ?? "", case_number: button.dataset.case ?? "" };
  if (button.dataset.after) values.after = button.dataset.after;
  const form = button.closest("form");
  if (form) for (const [name, value] of new FormData(form)) values[name] = String(value);
  button.setAttribute("aria-disabled", "true");
  const answer = await post(button.dataset.look ?? "", values);
  button.removeAttribute("aria-disabled");
  if (button.dataset.after) {
    button.closest(".intake-more")?.remove();
    target.insertAdjacentHTML("beforeend", answer.html);
  } else target.innerHTML = answer.html;
  /** @type {HTMLElement | null} */ (target.querySelector("select, input:not([type=hidden]), button"))?.focus();
}

/** @param {HTMLInputElement} field find dwellings for the select it names */
async function find(field) {
  const select = /** @type {HTMLSelectElement | null} */ (document.getElementById(field.dataset.findUnit ?? ""));
  const text = field.value.trim();
  if (!select || !text) return;
  const told = await getJson(`/v1/addresses/search?q=${encodeURIComponent(text)}&limit=20`);
  if (text !== field.value.trim()) return;
  const units = (told?.hits ?? []).filter((/** @type {any} */ hit) => hit.kind === "unit");
  const options = units.map((/** @type {any} */ hit) => new Option(hit.text, hit.id));
  select.replaceChildren(...(options.length ? options : [new Option(`没有找到“${text}”的户室`, "")]));
}

let clock = 0;
document.addEventListener("input", (event) => {
  const field = /** @type {HTMLInputElement} */ (event.target);
  if (!field.dataset.findUnit) return;
  window.clearTimeout(clock);
  clock = window.setTimeout(() => find(field), WAIT_MS);
});

/** @param {HTMLElement} button fill the dialog it opens with what stands in its row */
function prepare(button) {
  const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById(button.dataset.fill ?? ""));
  const form = dialog?.querySelector("form");
  if (!dialog || !form) return;
  form.reset();
  for (const place of form.querySelectorAll("[data-for]")) /** @type {HTMLElement} */ (place).hidden = true;
  if (button.dataset.url) form.dataset.url = button.dataset.url;
  form.dataset.version = button.dataset.version ?? "";
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[data-from]"))) field.value = button.dataset[field.dataset.from ?? ""] ?? "";
  const about = dialog.querySelector("[data-about]");
  if (about) about.textContent = button.dataset.about ?? "";
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const looker = /** @type {HTMLElement | null} */ (target.closest("[data-look]"));
  if (looker && looker.getAttribute("aria-disabled") !== "true") look(looker);
  const filler = /** @type {HTMLElement | null} */ (target.closest("[data-fill]"));
  if (filler) prepare(filler);
});

// Neither a kept page nor the way back shows persons again.
window.addEventListener("pagehide", () => place?.replaceChildren());
