/** The warning while one types: whether the person is registered or under entry already. One look a number, on the record. */

import { look, words } from "./registration_parts.js";
import { all, fill, input, tell, untell } from "./registration_rows.js";
import { plain } from "./registration_reader.js";

const WAIT_MS = 250;

/** @typedef {import("./registration_rows.js").Row} Row */

/** @type {{id: string, serial: string, action: string} | null} */
let found = null;
/** @type {Map<string, Promise<import("./act.js").Answer>>} */
let asked = new Map();
/** @type {WeakMap<Row, {clock: number, key: string}>} */
let waiting = new WeakMap();

/** @param {{id: string, serial: string, action: string} | null} one the case under which numbers are looked up */
export function checkUnder(one) {
  found = one;
  asked = new Map();
  waiting = new WeakMap();
}

/** @param {Row} row @param {string} number @param {string} type */
export function check(row, number, type) {
  const key = `${type} ${number}`;
  const before = waiting.get(row);
  if (!found || before?.key === key) return;
  window.clearTimeout(before?.clock);
  waiting.set(row, { key, clock: window.setTimeout(() => ask(row, number, type, key), WAIT_MS) });
}

/** @param {Row} row @param {string} number @param {string} type @param {string} key */
async function ask(row, number, type, key) {
  if (!found) return;
  const { id, serial, action } = found;
  const going = asked.get(key) ?? look(`/v1/registrations/${id}/check`, { id_type: type, id_number: number }, serial);
  asked.set(key, going);
  const answer = await going;
  if (!answer.ok) asked.delete(key);
  const now = input(row, "id_number");
  if (waiting.get(row)?.key !== key || !now || plain(now.value) !== number) return;
  untell(row);
  if (!answer.ok) {
    if (answer.status === 422) tell(row, "error", answer.text);
    else tell(row, "warning", `没有查到是否重复：${answer.text}。可照常录入，提交时再查。`);
    return;
  }
  say(row, answer.body, serial, action);
  if (all().some((other) => other !== row && plain(input(other, "id_number")?.value ?? "") === number)) {
    tell(row, "error", "与本户另一行是同一证件号码，请移去其中一行。");
  }
}

/** @param {Row} row @param {any} told @param {string} serial @param {string} action */
function say(row, told, serial, action) {
  const { document: paper, has_open, open_serial, here, elsewhere, address, last_registration: last } = told;
  if (paper?.sex || paper?.birth) {
    const { sex, birth } = paper;
    if (!input(row, "sex")?.value || !input(row, "birth")?.value) fill(row, { sex, birth });
  }
  for (const warning of paper?.warnings ?? []) tell(row, "warning", words.warnings[warning] ?? warning.detail ?? String(warning));
  if (has_open && open_serial !== serial) {
    const where = open_serial ? `案件 ${open_serial} ` : "辖区外的另一案件";
    tell(row, "error", `此人正在${where}中办理，不能重复受理。请先办结或作废该案，再在这里登记。`);
  }
  if (here && action === "register") tell(row, "error", `此人自 ${here.since} 起已登记在本户。请改办“变更”或“续期”。`);
  if (elsewhere) {
    const where = address ?? (elsewhere === "outside" ? "辖区外" : "本辖区另一处");
    tell(row, "warning", `此人现登记住在${where}。通过后，原住处自居住之日起终止（市内迁移）；请当面核实。`);
  }
  if (!here && !elsewhere && told.known && last) tell(row, "info", `登记簿中有此人，最近一次登记 ${last.registered_on ?? ""} ${last.status === "cancelled" ? "已注销" : ""}。`);
}
