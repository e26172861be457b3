/** Whose the pages, plates and tiles are that a phone keeps for the work at the wall: whoever else signs in starts with none of them. */

const OWNER = "wall-login";
const BOUND = /^\/(tiles\/|plates\/install(ing)?$)/;

/** @param {string} login whose work this phone keeps from now on */
export function own(login) {
  window.localStorage.setItem(OWNER, login);
}

/**
 * Clear what is kept for another account; its records that were not sent stay, and wait for it.
 * @param {string} login who has signed in
 */
export async function changeHands(login) {
  const before = window.localStorage.getItem(OWNER);
  if (!login || before === null || before === login) return;
  window.localStorage.removeItem(OWNER);
  const { forgetWork } = await import("./wall_store.js");
  await forgetWork(login);
  if (!("caches" in window)) return;
  await Promise.all((await caches.keys()).filter((name) => name.startsWith("wall-")).map(clear));
  // Scripts and styles stay: they are nobody's. The pages are fetched anew, in the name of who is signed in now.
  (await navigator.serviceWorker?.getRegistration("/plates/"))?.active?.postMessage({ renew: true });
}

/** @param {string} name of a cache */
async function clear(name) {
  const kept = await caches.open(name);
  const bound = (await kept.keys()).filter((one) => BOUND.test(new URL(one.url).pathname));
  await Promise.all(bound.map((one) => kept.delete(one)));
}
