/** The draft of a case: what is complete goes to the register by itself, the rest waits in the tab; a reload loses nothing. */

import { act, newKey } from "./act.js";
import { facts, pathOf } from "./registration_parts.js";

const WAIT_MS = 700;
const RETRY_MS = 5000;

/** @typedef {Record<string, string>} Values */
/** @typedef {{forms: Values[], ready: number[]}} Draft all rows, and which of them the register can keep */

/** @type {{id: string, version: number, serial: string} | null} */
let kept = null;
let clock = 0;
let isDirty = false;
/** @type {Promise<boolean> | null} */
let running = null;
/** @type {() => Draft} */
let collect = () => ({ forms: [], ready: [] });
/** @type {(state: "saving" | "saved" | "waiting" | "refused" | "stale", text: string, path: string) => void} */
let told = () => {};
/** @type {(forms: {id: string, turn: number}[], ready: number[], warnings: any[]) => void} */
let stored = () => {};

/** @param {string} id @returns {string} where the tab keeps what is not complete yet */
const place = (id) => `registration:${facts.account}:${id}`;

/**
 * @param {{id: string, version: number, serial: string}} found
 * @param {{collect: () => Draft, told: typeof told, stored: typeof stored}} how
 */
export function keep(found, how) {
  kept = found;
  ({ collect, told, stored } = how);
  isDirty = false;
}

/** @returns {{id: string, version: number, serial: string} | null} the case that is being entered */
export const current = () => kept;

/** @param {string} id @returns {Values[] | null} what the tab kept of a case */
export function remembered(id) {
  try {
    return JSON.parse(window.sessionStorage.getItem(place(id)) ?? "null");
  } catch {
    return null;
  }
}

/** Nothing of the case stays in the tab. */
export function forget() {
  window.clearTimeout(clock);
  if (kept) window.sessionStorage.removeItem(place(kept.id));
  kept = null;
  isDirty = false;
}

/** Something was typed: remember at once, save soon. */
export function touch() {
  if (!kept) return;
  isDirty = true;
  window.sessionStorage.setItem(place(kept.id), JSON.stringify(collect().forms));
  window.clearTimeout(clock);
  clock = window.setTimeout(save, WAIT_MS);
}

/** @returns {Promise<boolean>} whether the register holds all that is complete */
export async function save() {
  window.clearTimeout(clock);
  while (running) await running;
  if (!kept || !isDirty) return true;
  running = once();
  const isDone = await running;
  running = null;
  return isDone;
}

async function once() {
  const found = kept;
  if (!found) return true;
  const { forms, ready } = collect();
  if (!ready.length) return true;
  isDirty = false;
  told("saving", "", "");
  const body = { forms: ready.map((at) => sendable(forms[at])) };
  const answer = await act(`/v1/registrations/${found.id}/actions/fill`, body, { version: found.version, key: newKey() });
  if (kept !== found) return true;
  if (answer.ok) {
    found.version = answer.body.version;
    stored(answer.body.forms ?? [], ready, answer.body.warnings ?? []);
    told("saved", ready.length < forms.length ? `已存 ${ready.length} 人，另有 ${forms.length - ready.length} 人未录全` : "", "");
    return true;
  }
  isDirty = true;
  if (answer.status === 0 || answer.status >= 500 || answer.status === 429) {
    told("waiting", answer.text, "");
    clock = window.setTimeout(save, RETRY_MS);
  } else if (answer.status === 412) told("stale", answer.text, "");
  else told("refused", answer.text, rowPath(pathOf(answer), ready));
  return false;
}

/** What belongs together goes together: the place of a hukou is its code and its address. @param {Values} form @returns {Values} */
function sendable(form) {
  const { hukou_code, hukou_address, ...others } = form;
  return hukou_code && hukou_address && !form.hukou_unit_id ? form : others;
}

/** @param {string} path counts the forms that were sent, from 1 @param {number[]} ready @returns {string} counts the rows, from 0 */
function rowPath(path, ready) {
  return path.replace(/^forms\.(\d+)/, (_, turn) => `forms.${ready[Number(turn) - 1] ?? 0}`);
}

/** @param {any} answer @param {number[]} ready @returns {string} */
export function pathInRows(answer, ready) {
  return rowPath(pathOf(answer), ready);
}
