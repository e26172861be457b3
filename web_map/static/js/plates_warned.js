/** Warnings of addresses: one is accepted with a reason, or asked about again. */

import { act, ask, fieldsOf, tell } from "./plates_acts.js";

/** @param {string} address @param {string} kind @param {string} verb @param {object} values @param {string} [key] */
function send(address, kind, verb, values, key) {
  return act(`/v1/address-warnings/${address}/${kind}/actions/${verb}`, values, key ? { key } : {});
}

/** @param {string} address @param {string} kind @param {string} verb @param {object} values */
async function again(address, kind, verb, values) {
  const answer = await send(address, kind, verb, values);
  if (!answer.ok) tell(`不能办理：${answer.text}`);
  document.dispatchEvent(new Event("plates:changed"));
  return answer.ok;
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = /** @type {HTMLElement | null} */ (target.closest("[data-accept], [data-reopen]"));
  if (!button) return;
  const { accept, reopen, address = "", title = "" } = button.dataset;
  const kind = accept ?? reopen ?? "";
  if (reopen !== undefined) {
    again(address, kind, "reopen", { reason: "重新提示" }).then((isDone) => isDone && tell("已重新提示"));
    return;
  }
  ask({
    title: "接受提示", object: title, text: "写明为什么这样是对的；以后不再提示，仍可重新打开。", fields: fieldsOf("reason*"),
    send: async (values, key) => {
      const answer = await send(address, kind, "accept", values, key);
      if (!answer.ok) return answer;
      tell(`${title}：提示已接受`, {
        id: address, back: () => again(address, kind, "reopen", { reason: "撤销接受" }), again: () => again(address, kind, "accept", values),
      });
      document.dispatchEvent(new Event("plates:changed"));
      return answer;
    },
  });
});
