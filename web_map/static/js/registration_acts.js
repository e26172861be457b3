/** The acts of reviewers on a case: who judges takes it first, and what was read is what is judged. */

import { act, newKey } from "./act.js";

/** @typedef {import("./act.js").Answer} Answer */

/**
 * @param {any} row the case as it was read; its version follows
 * @param {string} name take, pass, return or void @param {object} [body] @returns {Promise<Answer>}
 */
async function once(row, name, body = {}) {
  const answer = await act(`/v1/registrations/${row.id}/actions/${name}`, body, { version: row.version, key: newKey() });
  if (answer.ok) row.version = answer.body.version;
  return answer;
}

/** @param {any} row @param {string} name @param {object} [body] @returns {Promise<Answer>} */
export async function decide(row, name, body = {}) {
  if (["pass", "return"].includes(name) && !row.may?.includes(name) && row.may?.includes("take")) {
    const taken = await once(row, "take");
    if (!taken.ok) return taken;
    row.may = ["pass", "return"];
  }
  return once(row, name, body);
}
