/** 拆分: chosen dwellings of the person shown belong to somebody else; proposed here, approved by another account. */

import { act, newKey } from "./act.js";
import { purposeNow } from "./look.js";
import { toast } from "./shell.js";

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("split"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("split-form"));
const homes = /** @type {HTMLElement} */ (document.getElementById("split-homes"));
const type = /** @type {HTMLSelectElement} */ (document.getElementById("split-type"));
const number = /** @type {HTMLInputElement} */ (document.getElementById("split-number"));
const reason = /** @type {HTMLTextAreaElement} */ (document.getElementById("split-reason"));
const result = /** @type {HTMLElement} */ (document.getElementById("person-result"));
const FIELDS = /** @type {Record<string, HTMLElement>} */ ({ id_number: number, id_type: number, to_id: number, reason });

/** @param {string} field @param {string} text say it beside the field, or below all of them */
function say(field, text) {
  const lines = /** @type {HTMLElement[]} */ ([...form.querySelectorAll("[data-for]")]);
  for (const line of lines) line.hidden = true;
  if (!text) return;
  const own = FIELDS[field] === number ? "id_number" : field;
  const line = lines.find((one) => one.dataset.for === own) ?? lines.find((one) => !one.dataset.for);
  if (line) {
    line.textContent = text;
    line.hidden = false;
  }
  (FIELDS[field] ?? homes.querySelector("input"))?.focus();
}

/** @returns {string[]} the residences that are ticked */
const chosen = () => [...homes.querySelectorAll("input:checked")].map((box) => /** @type {HTMLInputElement} */ (box).value);

/** @returns {string} who is shown */
const shownPerson = () => /** @type {HTMLElement | null} */ (result.querySelector(".person-card"))?.dataset.person ?? "";

function open() {
  form.reset();
  say("", "");
  const rows = /** @type {HTMLElement[]} */ ([...result.querySelectorAll("[data-residence]")]);
  homes.replaceChildren(
    ...rows.map((row) => {
      const item = document.createElement("li");
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.value = row.dataset.residence ?? "";
      const text = document.createElement("span");
      text.textContent = [...row.querySelectorAll(".dwelling-text > b, .dwelling-text > span:first-of-type")].map((one) => one.textContent).join("　");
      label.append(box, text);
      item.append(label);
      return item;
    }),
  );
  dialog.showModal();
  homes.querySelector("input")?.focus();
}

async function propose() {
  const residences = chosen();
  if (!residences.length) return say("residence_ids", "请勾选属于另一人的住处");
  if (!number.value.trim()) return say("id_number", "请填写另一人的证件号码");
  if (reason.value.trim().length < 4) return say("reason", "请写明事由，4 至 200 个字");
  const purpose = purposeNow();
  if (!purpose) return say("", "许可已到时，请关闭后重新查询");
  const found = await act("/v1/persons/lookup", { id_type: type.value, id_number: number.value.trim() }, { purpose });
  if (!found.ok) return say(found.field || "id_number", found.text);
  const other = found.body.person?.person_id;
  if (other === shownPerson()) return say("id_number", "这是同一条记录的证件；曾经归并的，请在“重复人员”中撤销归并");
  const body = { kind: "split", from_id: shownPerson(), to_id: other, residence_ids: residences, reason: reason.value.trim() };
  const answer = await act("/v1/lineages", body, { key: newKey() });
  if (!answer.ok) return say(answer.field, answer.text);
  dialog.close();
  toast("拆分已提出，由另一人在“重复人员”中批准");
  return undefined;
}

result.addEventListener("click", (event) => {
  if (/** @type {HTMLElement} */ (event.target).closest("[data-split]")) open();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  button.disabled = true;
  await propose();
  button.disabled = false;
});
// Nothing of a person stays behind a closed dialog.
dialog.addEventListener("close", () => {
  form.reset();
  homes.replaceChildren();
});
