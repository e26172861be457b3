/** The right pane: the chosen block with who answers for it, warnings, and the hand-over. */

import { act, newKey } from "./act.js";
import { get } from "./http.js";
import { toast } from "./shell.js";

const BARS = '<div class="bars" role="status" aria-label="正在读取"><i></i><i></i><i></i><i></i></div>';
const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("handover"));
const form = /** @type {HTMLFormElement | null} */ (dialog?.querySelector("form") ?? null);
let opened = "";
let key = "";

/** @type {{onClose: () => void, onPlace: (place: any) => void, onBlock: (id: string) => void}} */
let handlers;

/** @param {typeof handlers} given */
export function startPanel(given) {
  handlers = given;
}

/** @param {string} address @param {string} name what the pane shows, to drop late answers */
export async function openPane(address, name) {
  opened = name;
  pane.hidden = false;
  pane.innerHTML = BARS;
  document.body.classList.add("has-object");
  const answer = await get(address);
  if (opened !== name) return false;
  pane.innerHTML = answer.html;
  if (!answer.ok) {
    pane.querySelector(".state")?.insertAdjacentHTML("beforeend", '<button type="button" class="btn btn-bar" data-close-object>关闭</button>');
  }
  return answer.ok;
}

/** @param {string} id */
export function openBlock(id) {
  return openPane(`/panels/grid/blocks/${encodeURIComponent(id)}`, id);
}

export function openWarnings() {
  return openPane(`/panels/grid/warnings?area=${encodeURIComponent(facts.area)}`, "warnings");
}

/** Count what is open, for the line above the cards. */
export async function countWarnings() {
  const line = document.getElementById("warnings-text");
  if (!line || !facts.area) return;
  const answer = await get(`/panels/grid/warnings?area=${encodeURIComponent(facts.area)}`);
  const found = new DOMParser().parseFromString(answer.html, "text/html").querySelector("[data-warnings]");
  if (!found) return;
  line.textContent = found.getAttribute("data-warnings");
  document.getElementById("warnings")?.classList.toggle("has-warnings", found.getAttribute("data-open") !== "0");
}

export function closePanel() {
  opened = "";
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object");
}

/** @returns {HTMLElement | null} */
function blockHead() {
  return pane.querySelector("[data-panel-block]");
}

/** @param {string} field @param {string} text an empty text takes the errors away */
function say(field, text) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (dialog?.querySelectorAll(".field-error") ?? [])) {
    const isHere = text !== "" && place.dataset.for === field;
    place.hidden = !isHere;
    place.textContent = isHere ? text : "";
    const input = /** @type {HTMLElement | null} */ (form?.querySelector(`[name="${place.dataset.for}"]`) ?? null);
    if (isHere) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
    if (isHere) input?.focus();
  }
}

function openHandover() {
  const head = blockHead();
  if (!dialog || !form || !head) return;
  form.reset();
  say("", "");
  key = newKey();
  const now = head.dataset.coordinator ?? "";
  /** @type {HTMLElement} */ (document.getElementById("handover-block")).textContent = now ? `${head.dataset.name}，现由 ${now} 负责` : `${head.dataset.name}，现无责任人`;
  for (const option of /** @type {NodeListOf<HTMLOptionElement>} */ (form.querySelectorAll("option"))) {
    option.disabled = option.value !== "" && option.value === head.dataset.account;
  }
  dialog.showModal();
}

/** @param {FormData} data @returns {[string, string] | null} field and words of what is missing */
function missing(data) {
  if (!data.get("account_id")) return ["account_id", "请选择接任的协管员"];
  if (!data.get("starts_on")) return ["starts_on", "请填写交接日期"];
  if (!String(data.get("document_number")).trim()) return ["document_number", "请填写文号，交接须有依据"];
  if (!String(data.get("reason")).trim()) return ["reason", "请填写交接原因"];
  return null;
}

/** @param {FormData} data */
async function handOver(data) {
  const head = blockHead();
  if (!head || !form) return;
  const fault = missing(data);
  if (fault) {
    say(...fault);
    return;
  }
  say("", "");
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  button.disabled = true;
  const body = Object.fromEntries([...data].map(([name, value]) => [name, String(value).trim()]));
  const answer = await act(`/v1/blocks/${head.dataset.panelBlock}/actions/assign`, body, { version: head.dataset.version, key });
  button.disabled = false;
  if (!answer.ok) {
    const known = ["account_id", "starts_on", "document_number", "reason"];
    say(known.includes(answer.field) ? answer.field : "form", answer.text);
    if (answer.status !== 0) key = newKey();
    return;
  }
  dialog?.close();
  window.sessionStorage.setItem("welcome", `已交接：${head.dataset.name}`);
  window.location.reload();
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  handOver(new FormData(form));
});
pane.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("[data-close-object]")) handlers.onClose();
  if (target.closest("[data-handover]")) openHandover();
  const block = /** @type {HTMLElement | null} */ (target.closest("[data-open-block]"));
  if (block) handlers.onBlock(block.dataset.openBlock ?? "");
  const place = /** @type {HTMLElement | null} */ (target.closest("[data-lon]"));
  if (place) {
    const shape = place.dataset.shape ? JSON.parse(place.dataset.shape) : undefined;
    handlers.onPlace({ lon: Number(place.dataset.lon), lat: Number(place.dataset.lat), shape });
    toast(`已在图上标出：${place.dataset.title ?? ""}`);
  }
});
