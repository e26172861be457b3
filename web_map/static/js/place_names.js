/** 地名: cases and names at the left, the map between, one case, name or proposal at the right. */

import { act, newKey } from "./act.js";
import { get } from "./http.js";
import { onMoved } from "./map.js";
import { closeForm, hasForm, openForm, startForm } from "./place_names_form.js";
import { drawAxis, drawnAxis, forgetDrawn, isDrawing, say, showAxis, startMap } from "./place_names_map.js";
import { startTyped } from "./place_names_typed.js";
import { toast } from "./shell.js";
import { onReturn, remember } from "./state.js";

const pane = /** @type {HTMLElement} */ (document.getElementById("object"));
const list = /** @type {HTMLElement} */ (document.getElementById("list"));
const find = /** @type {HTMLInputElement} */ (document.getElementById("names-text"));
const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("act"));
const BARS = '<div class="bars" role="status" aria-label="正在读取"><i></i><i></i><i></i><i></i></div>';
const ID = /^[0-9a-f-]{36}$/;
const FIELDS = {
  note: ["意见", "textarea"], decree_number: ["批准文号", "text"], decree_on: ["批准文件的日期", "date"],
  effective_on: ["生效日期", "date"], name: ["更正后的名称", "text"],
};
const view = { tab: "cases", state: "", shown: "" };
/** @type {{url: string, version: string, key: string, fields: string[], done: string, axis?: any} | null} */
let wanted = null;
let turn = 0;
let clock = 0;

function readAddress() {
  const asked = new URLSearchParams(window.location.search);
  view.tab = asked.get("t") === "places" ? "places" : "cases";
  view.state = /^[a-z_]{1,20}$/.test(asked.get("s") ?? "") ? (asked.get("s") ?? "") : "";
  for (const kind of ["case", "place"]) if (ID.test(asked.get(kind) ?? "")) view.shown = `${kind}=${asked.get(kind)}`;
}

async function loadList(more = "") {
  for (const button of document.querySelectorAll("[data-tab]")) button.setAttribute("aria-pressed", String(button.getAttribute("data-tab") === view.tab));
  const mine = (turn += 1);
  const query = new URLSearchParams({ text: find.value.trim() });
  if (view.tab === "cases") query.set("state", view.state);
  if (more) query.set("after", more);
  const answer = await get(`/panels/place-names/${view.tab === "cases" ? "list" : "places"}?${query}`);
  if (mine !== turn) return;
  if (more) {
    list.querySelector("[data-more]")?.parentElement?.remove();
    list.querySelector("ul.names-cards")?.insertAdjacentHTML("beforeend", answer.html);
  } else list.innerHTML = answer.html;
  markChosen();
}

function markChosen() {
  const [kind, id] = view.shown.split("=");
  for (const card of list.querySelectorAll(".names-card")) {
    card.setAttribute("aria-pressed", String(Boolean(id) && card.getAttribute(`data-${kind}`) === id));
  }
}

/** @param {string} url @param {boolean} [comes] whether the map moves to what is shown */
async function openPane(url, comes = true) {
  closeForm();
  forgetDrawn();
  document.body.classList.add("has-object");
  document.body.classList.remove("is-searching");
  pane.hidden = false;
  pane.innerHTML = BARS;
  const answer = await get(url);
  pane.innerHTML = answer.html;
  const head = /** @type {HTMLElement | null} */ (pane.querySelector(".object-head"));
  showAxis(head?.dataset.axis ? JSON.parse(head.dataset.axis) : null, comes);
  /** @type {HTMLElement | null} */ (pane.querySelector("h2"))?.focus({ preventScroll: true });
  return answer.ok;
}

/** @param {"case" | "place"} kind @param {string} id @param {boolean} [isStep] */
async function open(kind, id, isStep = true) {
  view.shown = `${kind}=${id}`;
  remember({ case: null, place: null, [kind]: id }, isStep);
  markChosen();
  await openPane(`/panels/place-names/${kind}s/${id}`);
}

function closePane() {
  closeForm();
  forgetDrawn();
  showAxis(null);
  view.shown = "";
  remember({ case: null, place: null });
  pane.hidden = true;
  pane.replaceChildren();
  document.body.classList.remove("has-object");
  markChosen();
}

/** @param {string} action */
async function propose(action) {
  const head = /** @type {HTMLElement | null} */ (pane.querySelector(".object-head"));
  const query = new URLSearchParams({ action });
  if (action === "amend") query.set("case", head?.dataset.shownCase ?? "");
  else if (action !== "name") query.set("place", head?.dataset.shownPlace ?? "");
  if (!(await openPane(`/panels/place-names/form?${query}`, action !== "name"))) return;
  openForm(async (id, text) => {
    toast(text);
    view.tab = "cases";
    view.state = "";
    await Promise.all([loadList(), open("case", id)]);
  });
}

/** Ask for what a step needs, and whether it is meant. @param {HTMLElement} button */
function askStep(button) {
  const head = /** @type {HTMLElement} */ (pane.querySelector(".object-head"));
  const { step = "", title = "", text = "", fields = "", from = "", today = "" } = button.dataset;
  wanted = { url: `/v1/naming-cases/${head.dataset.shownCase}/actions/${step}`, version: head.dataset.version ?? "", key: newKey(), fields: fields.split(" ").filter(Boolean), done: `已${title}` };
  fillDialog(title, pane.querySelector("h2")?.textContent ?? "", text, { effective_on: today });
  const day = /** @type {HTMLInputElement | null} */ (dialog.querySelector("[name=effective_on], [name=decree_on]"));
  if (day && from) day.min = from;
  if (day && today) day.max = today;
}

/** @param {string} title @param {string} object @param {string} text @param {Record<string, string>} values */
function fillDialog(title, object, text, values) {
  const set = (/** @type {string} */ id, /** @type {string} */ told) => { /** @type {HTMLElement} */ (document.getElementById(id)).textContent = told; };
  set("act-title", title);
  set("act-object", object);
  set("act-text", text);
  set("act-submit", title);
  sayInDialog("");
  const place = /** @type {HTMLElement} */ (document.getElementById("act-fields"));
  place.replaceChildren();
  for (const asked of wanted?.fields ?? []) {
    const name = /** @type {keyof typeof FIELDS} */ (asked.replace("!", ""));
    const [word, type] = FIELDS[name];
    const label = document.createElement("label");
    label.htmlFor = `act-${name}`;
    label.append(word);
    if (asked.endsWith("!")) label.append(" ", Object.assign(document.createElement("em"), { textContent: "必填" }));
    const input = /** @type {HTMLInputElement} */ (document.createElement(type === "textarea" ? "textarea" : "input"));
    if (type !== "textarea") input.type = type;
    Object.assign(input, { id: `act-${name}`, name, className: "form-control", maxLength: name === "note" ? 500 : 100, value: values[name] ?? "" });
    input.required = asked.endsWith("!");
    place.append(label, input);
  }
  dialog.showModal();
  /** @type {HTMLElement | null} */ (place.querySelector("input, textarea"))?.focus();
}

/** @param {string} text */
function sayInDialog(text) {
  const error = /** @type {HTMLElement} */ (document.getElementById("act-error"));
  error.hidden = text === "";
  error.textContent = text;
}

async function takeStep() {
  if (!wanted) return;
  /** @type {Record<string, any>} */
  const body = wanted.axis ? { axis: wanted.axis } : {};
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (dialog.querySelectorAll("#act-fields [name]"))) {
    const value = input.value.trim();
    if (input.required && !value) {
      input.focus();
      return sayInDialog(`请填写${FIELDS[/** @type {keyof typeof FIELDS} */ (input.name)][0]}`);
    }
    if (value) body[input.name] = value;
  }
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("act-submit"));
  button.disabled = true;
  const answer = await act(wanted.url, body, { version: wanted.version, key: wanted.key });
  button.disabled = false;
  if (!answer.ok) {
    if (answer.status !== 0) wanted.key = newKey();
    return sayInDialog(answer.status === 412 ? "刚被他人办理过，请关闭后看现在的状态再办" : answer.text);
  }
  dialog.close();
  toast(wanted.done);
  const [kind, id] = view.shown.split("=");
  wanted = null;
  await Promise.all([loadList(), open(/** @type {"case" | "place"} */ (kind), id, false)]);
}

/** Draw the axis of a name in force anew; saved by the button that comes with the drawing. */
function redrawAxis() {
  const head = /** @type {HTMLElement} */ (pane.querySelector("[data-shown-place]"));
  const axis = head.dataset.axis ? JSON.parse(head.dataset.axis) : null;
  showAxis(null);
  drawAxis(axis, () => {
    const foot = pane.querySelector(".names-foot");
    if (foot && !foot.querySelector("[data-save-axis]")) {
      const save = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-solid", textContent: "保存中心线" });
      save.setAttribute("data-save-axis", "");
      foot.append(save);
    }
  });
}

/** @param {boolean} isAxis */
function askCorrection(isAxis) {
  const head = /** @type {HTMLElement} */ (pane.querySelector("[data-shown-place]"));
  const url = `/v1/${head.dataset.kind}/${head.dataset.shownPlace}/actions/correct`.replace("/lanes/", "/streets/");
  wanted = { url, version: head.dataset.version ?? "", key: newKey(), fields: isAxis ? [] : ["name!"], done: isAxis ? "中心线已保存" : "已更正", axis: isAxis ? drawnAxis() : undefined };
  const text = isAxis ? "地名本身不变，已编的号不动。" : "只改写错的字，至多三成；改动更多属于更名，须经审批。更正不留曾用名。";
  fillDialog(isAxis ? "保存中心线" : "更正错字", pane.querySelector("h2")?.textContent ?? "", text, { name: head.dataset.name ?? "" });
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const at = (/** @type {string} */ selector) => /** @type {HTMLElement | null} */ (target.closest(selector));
  const tab = at("[data-tab]");
  if (tab) {
    view.tab = tab.dataset.tab ?? "cases";
    remember({ t: view.tab === "places" ? "places" : null });
    loadList();
  }
  const state = at("[data-state]");
  if (state) {
    view.state = state.dataset.state ?? "";
    remember({ s: view.state || null });
    loadList();
  }
  const card = at("button[data-case], button[data-place]");
  if (card) open(card.dataset.case ? "case" : "place", card.dataset.case ?? card.dataset.place ?? "");
  const form = at("[data-form]");
  if (form) propose(form.dataset.form ?? "name");
  const step = at("[data-step]");
  if (step) askStep(step);
  if (at("[data-more]")) loadList(at("[data-more]")?.dataset.more ?? "");
  if (at("[data-axis-edit]")) redrawAxis();
  if (at("[data-correct]")) askCorrection(false);
  if (at("[data-save-axis]")) askCorrection(true);
  if (at("[data-close-pane]")) {
    const [kind, id] = view.shown.split("=");
    if (hasForm() && id) open(/** @type {"case" | "place"} */ (kind), id, false);
    else closePane();
  }
  if (at("#left-open")) document.body.classList.add("is-searching");
  if (at("#left-close")) document.body.classList.remove("is-searching");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !pane.hidden && !isDrawing() && !hasForm() && !document.querySelector("dialog[open]")) closePane();
});
find.addEventListener("input", () => {
  window.clearTimeout(clock);
  clock = window.setTimeout(loadList, 250);
});
document.getElementById("act-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  takeStep();
});

readAddress();
startMap();
startForm();
startTyped();
onMoved(() => {});
say("");
loadList();
const [first, firstId] = view.shown.split("=");
if (firstId) open(/** @type {"case" | "place"} */ (first), firstId, false);
onReturn(() => {
  view.shown = "";
  readAddress();
  const [kind, id] = view.shown.split("=");
  if (id) open(/** @type {"case" | "place"} */ (kind), id, false);
  else closePane();
  loadList();
});
