/** Certifying an address, and taking that back: two acts of their own, never part of saving. */

import { getJson } from "./http.js";
import { act, ask, fieldsOf, newKey, tell } from "./plates_acts.js";
import { sendOver } from "./plates_stale.js";

/** @type {[string, string][]} */
const BASES = [["visit", "现场核实"], ["photo", "上墙照片"], ["decree", "批准文件"]];

/** The fields of a certification; the document is demanded of a decree alone, and the register says so. */
export function basisFields() {
  const [, document, until] = fieldsOf("reason document_number until");
  const basis = { name: "basis", title: "依据", kind: "text", required: true, value: "visit", options: BASES };
  return [basis, document, { ...until, title: "有效至", kind: "date" }];
}

/** @param {string} verb @param {string} id an address @param {object} values @param {string} fault */
async function send(verb, id, values, fault) {
  const answer = await act(`/v1/addresses/actions/${verb}`, { address_ids: [id], ...values });
  if (!answer.ok) tell(`${fault}：${answer.text}`);
  document.dispatchEvent(new Event("plates:changed"));
  return answer.ok;
}

/**
 * One act on the version that was read; a 412 shows both versions.
 * @param {string} verb @param {string} words @param {string} id @param {string} title @param {number | null} version
 * @param {object} values @param {string} key
 */
async function sendSeen(verb, words, id, title, version, values, key) {
  const go = (/** @type {number | null} */ seen, /** @type {string} */ own) =>
    act(`/v1/addresses/actions/${verb}`, { address_ids: [id], ...(seen ? { versions: [seen] } : {}), ...values }, { key: own });
  if (!version) return go(null, key);
  return sendOver({ id, title, version }, words, "addresses", (seen, isAgain) => go(seen, isAgain ? newKey() : key));
}

/** The dialog closes when the reader takes what the register holds. @param {any} answer */
function left(answer) {
  document.dispatchEvent(new Event("plates:changed"));
  return { ...answer, ok: true };
}

/** @param {string} id the address @param {string} title @param {number | null} version */
export function certify(id, title, version) {
  ask({
    title: "认证", object: title, text: "认证说明这个地址的号码与位置已核实，可作凭据；移动或改号后须重新认证。", fields: basisFields(),
    send: async (values, key) => {
      const answer = await sendSeen("certify", "认证", id, title, version, values, key);
      if (!answer.ok) return answer.isLeft ? left(answer) : answer;
      tell(`${title} 已认证`, {
        id, back: () => send("uncertify", id, { reason: "撤销刚才的认证" }, "不能撤销"), again: () => send("certify", id, values, "不能重做"),
      });
      document.dispatchEvent(new Event("plates:changed"));
      return answer;
    },
  });
}

/** @param {string} id the address @param {string} title @param {number | null} version @param {string} basis what it was certified by */
export function uncertify(id, title, version, basis) {
  ask({
    title: "取消认证", object: title, text: "取消后地址仍在使用，但不再作为凭据。", fields: fieldsOf("reason*"),
    send: async (values, key) => {
      const answer = await sendSeen("uncertify", "取消认证", id, title, version, values, key);
      if (!answer.ok) return answer.isLeft ? left(answer) : answer;
      tell(`${title} 已取消认证`, {
        id,
        back: () => send("certify", id, { basis, reason: "撤销刚才的取消认证" }, "不能撤销"),
        again: () => send("uncertify", id, values, "不能重做"),
      });
      document.dispatchEvent(new Event("plates:changed"));
      return answer;
    },
  });
}

/** @param {string} id a plate that was saved just now @param {string} title */
export async function certifyAfter(id, title) {
  const plate = await getJson(`/v1/plates/${id}`);
  if (plate) certify(plate.address_id, title, plate.address_version);
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-certify], [data-uncertify]"));
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  const { address = "", title = "", version = "", basis = "visit" } = button.dataset;
  if (button.dataset.certify !== undefined) certify(address, title, Number(version) || null);
  else uncertify(address, title, Number(version) || null, basis);
});
