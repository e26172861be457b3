/** The work list of warnings and the bin: an act is done in place, and the list is asked for again. */

import { get, getJson } from "./http.js";
import { act, onUndoable, redo, tell, undo } from "./plates_acts.js";
import "./plates_warned.js";
import { isTyping } from "./shell.js";

const work = /** @type {HTMLElement} */ (document.getElementById("work"));

document.addEventListener("plates:changed", async () => {
  const answer = await get(window.location.pathname + window.location.search);
  if (answer.ok) work.innerHTML = answer.html;
});

/** @param {string} kind @param {string} id @param {string} verb @param {string} reason */
async function send(kind, id, verb, reason) {
  const isPlate = kind === "plate";
  const now = isPlate ? await getJson(`/v1/plates/${id}`) : null;
  const answer = isPlate
    ? await act(`/v1/plates/${id}/actions/${verb === "remove" ? "cancel" : verb}`, { reason }, { version: now?.version ?? 0 })
    : await act(`/v1/addresses/actions/${verb}`, { address_ids: [id], reason });
  if (!answer.ok) tell(`不能办理：${answer.text}`);
  document.dispatchEvent(new Event("plates:changed"));
  return answer.ok;
}

work.addEventListener("click", async (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-restore]"));
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const { restore: kind = "", id = "", title = "" } = button.dataset;
  button.setAttribute("aria-disabled", "true");
  if (!(await send(kind, id, "restore", "从回收站恢复"))) return;
  tell(`${title} 已恢复`, {
    id, back: () => send(kind, id, "remove", "撤销恢复"), again: () => send(kind, id, "restore", "重做恢复"),
  });
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  (event.shiftKey ? redo : undo)();
});
onUndoable(() => {});
