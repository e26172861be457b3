/** Visits on their way to the register: each has a key of its own and waits in the tab until it is acknowledged. */

import { act, newKey } from "./act.js";

/** @typedef {{key: string, unit: string, outcome: string, visited_at: string, failed: string}} Visit */

const WAITS = [2, 5, 15, 30, 60];
let place = "";
/** @type {Visit[]} */
let queue = [];
let isSending = false;
let tries = 0;
let timer = 0;
/** @type {(visit: Visit, state: "done" | "waiting" | "failed") => void} */
let told = () => {};

/** @param {string} account whose visits these are @param {typeof told} tell called when the fate of a visit changes */
export function startQueue(account, tell) {
  place = `visits:${account}`;
  told = tell;
  try {
    queue = JSON.parse(window.sessionStorage.getItem(place) ?? "[]");
  } catch {
    queue = [];
  }
  for (const visit of queue) told(visit, visit.failed ? "failed" : "waiting");
  window.addEventListener("online", flush);
  window.addEventListener("pagehide", keep);
  flush();
}

function keep() {
  if (queue.length) window.sessionStorage.setItem(place, JSON.stringify(queue));
  else window.sessionStorage.removeItem(place);
}

/** @returns {{waiting: number, failed: number}} */
export function counts() {
  const failed = queue.filter((visit) => visit.failed).length;
  return { waiting: queue.length - failed, failed };
}

/** @param {string} unit @returns {Visit | undefined} the unit's visit that is not acknowledged yet */
export function waitingFor(unit) {
  return queue.find((visit) => visit.unit === unit);
}

/** @param {string} unit @param {string} outcome */
export function record(unit, outcome) {
  // A visit that was refused is replaced; one on its way stays, and a second touch adds nothing.
  if (queue.some((visit) => visit.unit === unit && !visit.failed && visit.outcome === outcome)) return;
  queue = queue.filter((visit) => !(visit.unit === unit && visit.failed));
  queue.push({ key: newKey(), unit, outcome, visited_at: new Date().toISOString(), failed: "" });
  keep();
  told(queue[queue.length - 1], "waiting");
  flush();
}

/** Send what waits, oldest first, one at a time; what the register refuses stays apart with its reason. */
export async function flush() {
  window.clearTimeout(timer);
  if (isSending) return;
  isSending = true;
  for (let visit = next(); visit; visit = next()) {
    const { key, outcome, visited_at } = visit;
    const answer = await act(`/v1/housing-units/${visit.unit}/visits`, { outcome, visited_at }, { key });
    if (answer.ok) {
      tries = 0;
      queue = queue.filter((one) => one !== visit);
      keep();
      told(visit, "done");
    } else if (answer.status === 0 || answer.status === 401 || answer.status === 429 || answer.status >= 500) {
      keep();
      told(visit, "waiting");
      timer = window.setTimeout(flush, WAITS[Math.min(tries, WAITS.length - 1)] * 1000);
      tries += 1;
      break;
    } else {
      visit.failed = answer.text;
      keep();
      told(visit, "failed");
    }
  }
  isSending = false;
}

function next() {
  return queue.find((visit) => !visit.failed);
}

/** Try those again that were refused. */
export function retry() {
  for (const visit of queue) visit.failed = "";
  tries = 0;
  flush();
}
