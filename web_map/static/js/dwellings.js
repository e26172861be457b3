/** 核实、线索、单位: the choice of a dwelling, acts of one press, statements, advice, and the proof on paper. */

import { act, newKey } from "./act.js";
import { el, read } from "./registration_parts.js";
import { chooseUnit } from "./registration_search.js";
import { toast } from "./shell.js";

/** @param {HTMLElement} place @param {string} url @param {object} body @param {string} done */
async function once(place, url, body, done) {
  const buttons = /** @type {HTMLButtonElement[]} */ (place instanceof HTMLButtonElement ? [place] : [...place.querySelectorAll("button")]);
  for (const button of buttons) button.disabled = true;
  const answer = await act(url, body, { version: place.dataset.version ?? null });
  for (const button of buttons) button.disabled = false;
  if (answer.ok) {
    window.sessionStorage.setItem("welcome", done);
    window.location.reload();
    return;
  }
  const text = answer.status === 412 ? `${answer.text}。请刷新页面后再办。` : answer.text;
  const fault = /** @type {HTMLElement | null} */ (place.querySelector(".field-error"));
  if (!fault) {
    toast(text);
    return;
  }
  fault.textContent = text;
  fault.hidden = false;
}

/** @param {HTMLElement} opener a button that says what the dialog it opens is about */
function prepare(opener) {
  const form = document.querySelector(`#${opener.dataset.open} form`);
  if (!(form instanceof HTMLFormElement)) return;
  form.reset();
  form.dataset.url = opener.dataset.actOn;
  form.dataset.version = opener.dataset.version;
  delete form.dataset.key;
  for (const told of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) told.hidden = true;
  const about = form.querySelector("[data-told]");
  if (about) about.textContent = opener.dataset.about ?? "";
}

/** @param {HTMLFormElement} form */
async function advise(form) {
  const list = /** @type {HTMLElement} */ (document.getElementById("advice-told"));
  const rooms = Number(/** @type {HTMLInputElement} */ (form.elements.namedItem("rooms")).value) || null;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  const answer = await act(form.dataset.act ?? "", { rooms }, { purpose: `04; case=${form.dataset.case}` });
  button.disabled = false;
  if (!answer.ok) {
    list.replaceChildren(el("li.field-error", {}, answer.text));
    return;
  }
  const lacking = answer.body.unknown.map((/** @type {string} */ one) => ({ rooms: "居室数", area_m2: "建筑面积" })[one] ?? one);
  list.replaceChildren(
    el("li", {}, el("span", {}, `在册 ${answer.body.persons} 人`), el("span.quiet", {}, answer.body.source)),
    ...answer.body.findings.map((/** @type {any} */ one) =>
      el("li", {}, el(`span.chip.chip-${one.is_over ? "warning" : "ok"}`, {}, one.is_over ? "超出" : "未超出"), el("span", {}, one.sentence))),
    ...(lacking.length ? [el("li.quiet", {}, `缺 ${lacking.join("、")}，相应规定未比对`)] : []),
  );
}

/** @param {HTMLButtonElement} button */
async function print(button) {
  button.disabled = true;
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const headers = { "Content-Type": "application/json", "X-CSRF-Token": token, "Idempotency-Key": newKey() };
    const reply = await fetch(button.dataset.url ?? "", { method: "POST", headers, body: "{}", cache: "no-store" });
    if (!reply.ok) throw new Error((await reply.json()).detail);
    const link = /** @type {HTMLAnchorElement} */ (el("a"));
    link.href = URL.createObjectURL(await reply.blob());
    link.download = button.dataset.name ?? "";
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    window.sessionStorage.setItem("welcome", "证明已生成，打印次数已登记");
    window.setTimeout(() => window.location.reload(), 400);
  } catch (error) {
    toast((error instanceof TypeError ? "" : /** @type {Error} */ (error).message) || "连接中断，请检查网络后再试");
  }
  button.disabled = false;
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const opener = /** @type {HTMLElement | null} */ (target.closest("[data-act-on]"));
  if (opener) prepare(opener);
  const button = /** @type {HTMLButtonElement | null} */ (target.closest("button[data-act]"));
  if (button) once(button, button.dataset.act ?? "", {}, button.dataset.done ?? "已办理");
  const proof = /** @type {HTMLButtonElement | null} */ (target.closest("#print-proof"));
  if (proof) print(proof);
}, true);

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.id === "advice") {
    event.preventDefault();
    advise(form);
  } else if (form.matches(".dw-statement")) {
    event.preventDefault();
    const pressed = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    const speaker = new FormData(form).get("speaker");
    once(form, form.dataset.act ?? "", { speaker, lives_there: pressed?.value === "true" }, "陈述已记录");
  }
});

for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-find-unit], [data-find-building]"))) {
  const form = /** @type {HTMLFormElement} */ (field.closest("form"));
  const list = /** @type {HTMLElement} */ (document.getElementById(field.getAttribute("aria-controls") ?? ""));
  const unit = /** @type {HTMLInputElement} */ (form.querySelector("[name=unit_id]"));
  const building = /** @type {HTMLInputElement | null} */ (form.querySelector("[name=building_id]"));
  const isBuilding = field.hasAttribute("data-find-building");
  // What was typed anew is not what was chosen.
  field.addEventListener("input", () => {
    unit.value = "";
    if (building) building.value = "";
  });
  chooseUnit(field, list, async (found) => {
    unit.value = found.kind === "unit" ? found.id : "";
    if (!isBuilding || !building) return;
    building.value = found.kind === "building" ? found.id : (await read(`/v1/housing-units/${found.id}`)).body.building_id ?? "";
  }, isBuilding);
}

const follows = document.getElementById("refuse-follows");
const refusal = /** @type {HTMLSelectElement | null} */ (document.getElementById("refuse-refusal"));
function showFollows() {
  if (follows && refusal) follows.textContent = refusal.selectedOptions[0]?.dataset.follows ?? "";
}
refusal?.addEventListener("change", showFollows);
showFollows();

// A dwelling that another page names stands in the dialog already.
async function startWith() {
  const id = new URLSearchParams(window.location.search).get("unit");
  const dialog = document.getElementById(`act-${window.location.hash.slice(1)}`);
  if (!id || !(dialog instanceof HTMLDialogElement)) return;
  const found = await read(`/v1/housing-units/${encodeURIComponent(id)}`);
  if (!found.ok) return;
  /** @type {HTMLInputElement} */ (dialog.querySelector("[name=unit_id]")).value = found.body.id;
  /** @type {HTMLInputElement} */ (dialog.querySelector("[data-find-unit]")).value = found.body.full_text ?? "";
  dialog.showModal();
  // Once is enough: the page that comes back after the act opens nothing.
  window.history.replaceState(null, "", window.location.pathname);
}
startWith();

const opening = /** @type {HTMLFormElement | null} */ (document.querySelector("#act-open form"));
if (opening) opening.dataset.go = "/verifications/";
