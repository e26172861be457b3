/** One batch: acts on it, plates ticked for scrapping, the sheet on paper. */

import { act, ask, fieldsOf } from "./plates_acts.js";

/** @returns {HTMLInputElement[]} */
function boxes() {
  return /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[data-tick]:not(:disabled)")]);
}

function count() {
  const some = boxes().filter((box) => box.checked).length;
  const scrap = /** @type {HTMLElement | null} */ (document.getElementById("scrap"));
  const all = /** @type {HTMLInputElement | null} */ (document.getElementById("tick-all"));
  if (all) all.checked = some > 0 && some === boxes().length;
  if (!scrap) return;
  scrap.setAttribute("aria-disabled", String(some === 0));
  scrap.title = some ? `报废 ${some} 块` : "请先勾选已下单、已制作或已送达的门牌";
}

/** @param {HTMLElement} button */
function askFor(button) {
  const { url = "", version = null, title = "", text = "", fields = "", object = "" } = button.dataset;
  const isScrap = button.dataset.act === "scrap";
  const chosen = boxes().filter((box) => box.checked);
  ask({
    title: isScrap ? `报废 ${chosen.length} 块` : title,
    object, text, fields: fieldsOf(fields),
    send: async (values, key) => {
      const answer = isScrap ? await scrap(chosen, values) : await act(url, values, { version, key });
      if (answer.ok) window.location.reload();
      return answer;
    },
  });
}

/** @param {HTMLInputElement[]} chosen @param {Record<string, string>} values one act a plate; the first refusal stops */
async function scrap(chosen, values) {
  let answer = { ok: true, status: 200, text: "", field: "" };
  for (const box of chosen.filter((one) => one.checked)) {
    answer = await act(`/v1/plates/${box.value}/actions/scrap`, values, { version: box.dataset.version });
    if (!answer.ok) return { ...answer, text: `${box.dataset.text}：${answer.text}` };
    // What is done is not done again when the rest is tried once more.
    box.checked = false;
  }
  return answer;
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-act]"));
  if (button && button.getAttribute("aria-disabled") !== "true") askFor(button);
  if (target.closest("#print-sheet")) window.print();
});
document.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  if (box.id === "tick-all") for (const one of boxes()) one.checked = box.checked;
  count();
});
