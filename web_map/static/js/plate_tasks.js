/** Giving installation tasks out: a batch by townships, another installer, or back again. */

import { act, newKey } from "./act.js";
import { ask, fieldsOf } from "./plates_acts.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("give"));
let key = newKey();

/** @param {Record<string, string>} values leaves out what is empty @returns {Record<string, string>} */
const filled = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));

/** @param {string} words */
function afterwards(words) {
  window.sessionStorage.setItem("welcome", words);
  window.location.reload();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fault = /** @type {HTMLElement} */ (document.getElementById("give-error"));
  fault.hidden = true;
  const values = filled(/** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form))));
  const answer = await act("/v1/plate-tasks", values, { key });
  if (answer.ok) {
    afterwards(`已派 ${answer.body.tasks} 个任务，共 ${answer.body.plates} 块门牌`);
    return;
  }
  if (answer.status !== 0) key = newKey();
  fault.textContent = answer.text;
  fault.hidden = false;
});

/** @param {HTMLElement} button */
function change(button) {
  const { id = "", version = null, title = "", taskAct = "", installer = "", due = "" } = button.dataset;
  const isAssigning = taskAct === "assign";
  const names = /** @type {HTMLSelectElement | null} */ (document.getElementById("give-installer"));
  const people = [...(names?.options ?? [])].map((one) => /** @type {[string, string]} */ ([one.value, one.text]));
  const day = { name: "due_on", title: "期限", kind: "date", required: false, value: due, options: /** @type {[string, string][]} */ ([]) };
  const who = { name: "installer_id", title: "安装员", kind: "text", required: false, value: installer, options: people };
  ask({
    title: isAssigning ? "改派任务" : "取消任务",
    object: title,
    text: isAssigning ? "" : "还没有上墙的门牌回到待派；已上墙的照旧。",
    fields: isAssigning ? [...(people.length ? [who] : []), day] : fieldsOf("reason*"),
    send: async (values, given) => {
      const answer = await act(`/v1/plate-tasks/${id}/actions/${taskAct}`, filled(values), { version, key: given });
      if (answer.ok) afterwards(isAssigning ? "任务已改派" : "任务已取消");
      return answer;
    },
  });
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-task-act]"));
  if (button) change(button);
});
