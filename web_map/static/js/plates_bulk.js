/** Acts on many plates that are chosen: a dry run first, then the act on those that allow it. */

import { getJson, post } from "./http.js";
import { act, ask, fieldsOf, forget, newKey, noteVersion, tell, tellProgress, versionOf } from "./plates_acts.js";
import { basisFields } from "./plates_certify.js";
import { finalWords } from "./plates_final.js";
import { clearSelection, selected, selectedAddresses } from "./plates_selection.js";
import { report } from "./plates_trial.js";

// So many plates are read at once on the way back.
const SLICE = 20;
/**
 * @typedef {object} Many
 * @property {string} title
 * @property {string} url
 * @property {string} ids the name of the list of ids
 * @property {string} done
 * @property {() => import("./plates_acts.js").Field[]} fields
 */
/** @type {Record<string, Many>} */
const ACTS = {
  approve: { title: "批准", url: "/v1/plates/actions/approve", ids: "plate_ids", done: "已批准", fields: () => fieldsOf("document_number reason") },
  cancel: { title: "取消", url: "/v1/plates/actions/cancel", ids: "plate_ids", done: "已取消", fields: () => fieldsOf("reason*") },
  certify: { title: "认证", url: "/v1/addresses/actions/certify", ids: "address_ids", done: "已认证", fields: basisFields },
  "to-building": { title: "吸附到楼栋", url: "/v1/plates/actions/move-to-building", ids: "plate_ids", done: "已移到楼栋", fields: () => fieldsOf("reason") },
};

/** @param {string} verb */
async function trialOf(verb) {
  const { url, ids } = ACTS[verb];
  const asked = ids === "plate_ids" ? selected() : selectedAddresses();
  // The basis of a trial bars nothing that the reader could not still choose.
  const body = { [ids]: asked, dry_run: true, ...(verb === "certify" ? { basis: "visit" } : {}), ...(verb === "cancel" ? { reason: "试运行" } : {}) };
  return act(url, body, { key: newKey() });
}

/** @param {string} verb */
async function tryFirst(verb) {
  if (verb === "order") return tryOrder();
  if (verb === "give") return tryGive();
  const { title, url, ids, done, fields } = ACTS[verb];
  const trial = await trialOf(verb);
  if (!trial.ok) {
    tell(`试运行没有结果：${trial.text}`);
    return;
  }
  const { ready, moves = [] } = trial.body;
  ask({
    title: ready.length ? `${title} ${ready.length} 块` : `不能${title}`,
    object: "试运行结果，尚未写入登记", text: ready.length ? "" : "所选门牌都不能办理，原因见下。",
    piece: report(trial.body, title), fields: ready.length ? fields() : [],
    send: async (values, key) => {
      if (!ready.length) return { ok: true, status: 200, text: "", field: "" };
      const before = verb === "to-building" ? await placesOf(moves) : [];
      const fresh = verb === "certify" ? await uncertified(ready) : [];
      const seen = before.length === ready.length ? { versions: before.map((one) => one.version) } : {};
      const answer = await act(url, { [ids]: ready, ...seen, ...values }, { key });
      if (!answer.ok) return answer;
      for (const one of before) noteVersion(one.id, one.version + 1);
      forget(...(verb === "approve" || verb === "cancel" ? ready : []));
      tell(`${done} ${ready.length} 块${finalWords(verb)}`, wayBack(verb, verb === "certify" ? fresh : ready, before, values));
      clearSelection();
      document.dispatchEvent(new Event("plates:changed"));
      return answer;
    },
  });
}

/** @param {{id: string}[]} moves @returns {Promise<any[]>} where the plates stand before they are moved */
async function placesOf(moves) {
  return readAll(moves.map(({ id }) => id));
}

/** @param {string[]} ids @returns {Promise<string[]>} addresses that were not certified before: of these alone a certification is taken back */
async function uncertified(ids) {
  const trial = await act("/v1/addresses/actions/uncertify", { address_ids: ids, dry_run: true }, { key: newKey() });
  const held = new Set(trial.ok ? trial.body.ready : ids);
  return ids.filter((id) => !held.has(id));
}

/** @param {string[]} ids @returns {Promise<any[]>} the plates as the register holds them, read a slice at a time */
async function readAll(ids) {
  const found = [];
  for (let from = 0; from < ids.length; from += SLICE) {
    found.push(...(await Promise.all(ids.slice(from, from + SLICE).map((id) => getJson(`/v1/plates/${id}`)))));
  }
  return found.filter(Boolean);
}

/**
 * Do one act on each of many plates, a slice at a time; what was refused is told once.
 * @param {string} words @param {string[]} list @param {string} path @param {(id: string) => object} body
 */
async function each(words, list, path, body) {
  let done = 0;
  let fault = "";
  for (let from = 0; from < list.length; from += SLICE) {
    if (list.length > SLICE) tellProgress(words, from, list.length);
    for (const now of await readAll(list.slice(from, from + SLICE))) {
      // A way back starts from where our own move left the plate: where somebody else has moved it since, it stays.
      const version = path === "move" ? versionOf(now.id, now.version) : now.version;
      const answer = await act(`/v1/plates/${now.id}/actions/${path}`, body(now.id), { version });
      if (answer.ok) {
        done += 1;
        noteVersion(now.id, answer.body.version);
      } else fault = fault || answer.text;
    }
  }
  if (done < list.length) tell(`${words}：办了 ${done} 块，另 ${list.length - done} 块没有办${fault ? `（${fault}）` : ""}`);
  document.dispatchEvent(new Event("plates:changed"));
  return done === list.length;
}

/** How an act on many is taken back; an approval cannot be. */
function wayBack(/** @type {string} */ verb, /** @type {string[]} */ ready, /** @type {any[]} */ before, /** @type {object} */ values) {
  if (verb === "certify") {
    if (!ready.length) return null;
    const send = async (/** @type {string} */ path, /** @type {object} */ body) => {
      const answer = await act(`/v1/addresses/actions/${path}`, { address_ids: ready, ...body });
      if (!answer.ok) tell(`不能办理：${answer.text}`);
      document.dispatchEvent(new Event("plates:changed"));
      return answer.ok;
    };
    return { id: ready[0], back: () => send("uncertify", { reason: "撤销成批认证" }), again: () => send("certify", values) };
  }
  if (verb === "cancel") {
    return {
      id: ready[0], back: () => each("正在撤销取消", ready, "restore", () => ({ reason: "撤销成批取消" })),
      again: () => each("正在重做取消", ready, "cancel", () => values),
    };
  }
  if (!before.length) return null;
  const old = new Map(before.map((one) => [one.id, { lon: one.lon, lat: one.lat, reason: "撤销成批移动" }]));
  return { id: ready[0], back: () => each("正在撤销移动", [...old.keys()], "move", (id) => old.get(id) ?? {}), again: null };
}

/** @param {string} verb @returns {Promise<{piece: string, good: string[]} | null>} null when there was no answer, which is told */
async function trialPiece(verb) {
  const answer = await post("/panels/plates/trial", { verb, ids: selected().join(",") });
  const box = document.createElement("div");
  box.innerHTML = answer.html;
  const told = /** @type {HTMLElement | null} */ (box.querySelector("[data-trial]"));
  if (!told) tell(box.textContent?.trim() || "试运行没有结果，请再试");
  return told && { piece: answer.html, good: (told.dataset.ids ?? "").split(",").filter(Boolean) };
}

/** Give chosen plates to an installer: no batch is asked for. */
async function tryGive() {
  const [found, people] = await Promise.all([trialPiece("install"), getJson("/v1/plate-tasks/installers")]);
  if (!found) return;
  const { good, piece } = found;
  const plain = { kind: "text", required: false, value: "", options: /** @type {[string, string][]} */ ([]) };
  const names = (people ?? []).map((/** @type {{id: string, name: string}} */ one) => [one.id, one.name]);
  const who = { ...plain, name: "installer_id", title: "安装员", options: /** @type {[string, string][]} */ ([["", "本地任何安装员"], ...names]) };
  const fields = [{ ...plain, name: "task", title: "任务名称", required: true }, who, { ...plain, name: "due_on", title: "期限", kind: "date" }];
  ask({
    title: good.length ? `派任务 ${good.length} 块` : "不能派任务",
    object: "试运行结果，尚未写入登记", text: good.length ? "" : "所选门牌都不能办理，原因见下。",
    piece, fields: good.length ? fields : [],
    send: async ({ task, ...values }, key) => {
      if (!good.length) return { ok: true, status: 200, text: "", field: "" };
      const answer = await act("/v1/plate-tasks", { plate_ids: good, title: task, ...values }, { key });
      if (!answer.ok) return { ...answer, field: answer.field === "title" ? "task" : answer.field };
      tell(`已派 ${answer.body.tasks} 个任务，共 ${answer.body.plates} 块门牌；不能撤销，派错了到“上墙”页取消任务`);
      clearSelection();
      document.dispatchEvent(new Event("plates:changed"));
      return answer;
    },
  });
}

async function tryOrder() {
  const found = await trialPiece("order");
  if (!found) return;
  const { good, piece } = found;
  ask({
    title: good.length ? `下单制作 ${good.length} 块` : "不能下单制作",
    object: "试运行结果，尚未写入登记", text: good.length ? "" : "所选门牌都不能办理，原因见下。",
    piece, fields: good.length ? fieldsOf("number* maker* due_on document_number") : [],
    send: async (values, key) => {
      if (!good.length) return { ok: true, status: 200, text: "", field: "" };
      const done = await act("/v1/plate-batches", { plate_ids: good, ...values }, { key });
      if (done.ok) {
        window.sessionStorage.setItem("welcome", `已下单 ${good.length} 块${finalWords("order")}`);
        window.location.assign(`/plates/batches/${done.body.id}`);
      }
      return done;
    },
  });
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const button = target.closest("[data-bulk]");
  if (button && button.getAttribute("aria-disabled") !== "true" && selected().length) tryFirst(button.getAttribute("data-bulk") ?? "");
  if (target.closest("[data-untick]")) clearSelection();
});
