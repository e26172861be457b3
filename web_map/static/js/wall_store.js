/** What the phone keeps of the work at the wall: plates of the own tasks, and records on their way to the register. */

// @ts-ignore
import { deleteDB, openDB } from "/static/vendor/idb/build/index.js";

/**
 * @typedef {object} Plate
 * @property {string} id @property {string} code @property {string} kind @property {string} text @property {string} state
 * @property {string} name @property {number} version @property {number | null} lon @property {number | null} lat
 * @property {string | null} task_id @property {string | null} [old_text] what the sign says when its address has another name by now
 */
/**
 * @typedef {object} Task
 * @property {string} id @property {string} number @property {string} title @property {string | null} township
 * @property {string | null} installer @property {string | null} due_on @property {boolean} is_late
 * @property {number} plates @property {number} hung @property {number} waiting
 */
/**
 * @typedef {object} Entry a record that is not acknowledged yet
 * @property {string} key the key of its act: whoever sends it twice has done it once
 * @property {string} login @property {string} who the name of the account
 * @property {string} plate @property {string} name @property {string} verb
 * @property {Plate} was the plate as it was when it was recorded @property {number} version @property {string} at
 * @property {Record<string, any>} body @property {Blob | null} photo @property {string} sha256
 * @property {"waiting" | "failed"} state @property {number} status @property {string} problem @property {string} field
 * @property {any} now the plate as the register has it, when it differs
 */

const opened = openDB("wall", 1, {
  upgrade(/** @type {any} */ base) {
    base.createObjectStore("plates", { keyPath: "id" }).createIndex("code", "code");
    base.createObjectStore("queue", { keyPath: "key" });
    base.createObjectStore("meta");
  },
  // Whoever signs out wipes the store; an open page must not hold it up.
  blocking(/** @type {any} */ _old, /** @type {any} */ _new, /** @type {any} */ event) {
    event.target.close();
  },
});

/** @param {{login: string, told_at: string, tasks: Task[], plates: Plate[]}} work replaces what was kept before */
export async function keepWork({ login, told_at, tasks, plates }) {
  const step = (await opened).transaction(["plates", "meta"], "readwrite");
  await step.objectStore("plates").clear();
  plates.forEach((plate, order) => step.objectStore("plates").put({ ...plate, order }));
  step.objectStore("meta").put({ login, told_at, tasks }, "work");
  await step.done;
}

/** @param {string} login @returns {Promise<{told_at: string, tasks: Task[], plates: Plate[]}>} empty when nothing is kept */
export async function keptWork(login) {
  const base = await opened;
  const told = await base.get("meta", "work");
  if (!told || told.login !== login) return { told_at: "", tasks: [], plates: [] };
  const plates = await base.getAll("plates");
  return { ...told, plates: plates.sort((/** @type {any} */ one, /** @type {any} */ other) => one.order - other.order) };
}

/** @param {string} login who signed in: plates and tasks of another account go */
export async function forgetWork(login) {
  const step = (await opened).transaction(["plates", "meta"], "readwrite");
  const told = await step.objectStore("meta").get("work");
  if (told && told.login !== login) {
    step.objectStore("plates").clear();
    step.objectStore("meta").clear();
  }
  await step.done;
}

/** @param {string} login @returns {Promise<boolean>} whether the plates kept here are the account's own */
async function isOwner(login) {
  return (await (await opened).get("meta", "work"))?.login === login;
}

/** @param {string} login @param {string} id @returns {Promise<Plate | undefined>} */
export async function keptPlate(login, id) {
  return (await isOwner(login)) ? (await opened).get("plates", id) : undefined;
}

/** @param {string} login @param {string} code @returns {Promise<Plate | undefined>} */
export async function plateByCode(login, code) {
  return (await isOwner(login)) ? (await opened).getFromIndex("plates", "code", code) : undefined;
}

/** @param {string} id @param {Partial<Plate>} changes what the register has acknowledged */
export async function changePlate(id, changes) {
  const base = await opened;
  const plate = await base.get("plates", id);
  if (plate) await base.put("plates", { ...plate, ...changes });
}

/** @param {string} login @returns {Promise<Entry[]>} the account's own records, oldest first */
export async function keptEntries(login) {
  const found = (await (await opened).getAll("queue")).filter((/** @type {Entry} */ one) => one.login === login);
  return found.sort((/** @type {Entry} */ one, /** @type {Entry} */ other) => (one.at < other.at ? -1 : 1));
}

/** @param {string} login @returns {Promise<{who: string, count: number}[]>} what other accounts of this phone still have to send */
export async function entriesOfOthers(login) {
  const others = (await (await opened).getAll("queue")).filter((/** @type {Entry} */ one) => one.login !== login);
  /** @type {Map<string, {who: string, count: number}>} */
  const found = new Map();
  for (const one of others) {
    const who = one.who ? `${one.who}（${one.login}）` : one.login;
    found.set(one.login, { who, count: (found.get(one.login)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

/** @returns {Promise<number>} the records of all accounts */
export async function countEntries() {
  return (await opened).count("queue");
}

/** @param {string} login who signs out: nothing of theirs stays @returns {Promise<number>} what other accounts still have to send */
export async function leave(login) {
  const base = await opened;
  const step = base.transaction(["plates", "queue", "meta"], "readwrite");
  const queue = step.objectStore("queue");
  const all = /** @type {Entry[]} */ (await queue.getAll());
  const own = all.filter((one) => one.login === login);
  await Promise.all([step.objectStore("plates").clear(), step.objectStore("meta").clear(), ...own.map((one) => queue.delete(one.key))]);
  await step.done;
  if (all.length > own.length) return all.length - own.length;
  base.close();
  await new Promise((done) => deleteDB("wall", { blocked: () => done(null) }).then(done, done));
  return 0;
}

/** @param {Entry} entry */
export async function keepEntry(entry) {
  await (await opened).put("queue", entry);
}

/** @param {string} key */
export async function dropEntry(key) {
  await (await opened).delete("queue", key);
}
