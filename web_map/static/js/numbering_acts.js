/** The two acts of the page: numbers given out as they stand in the table, and numbers changed. */

import { act, ask, newKey, tell } from "./plates_acts.js";
import { sendOver } from "./plates_stale.js";
import { tellFaults } from "./numbering_table.js";

// So many addresses go into the bin at once.
const MOST_BACK = 1000;
const PAPER = [
  { name: "document_number", title: "文号", kind: "text", required: false, value: "", options: [] },
];

/** @param {string} name @param {string} title @param {[string, string][]} options @param {string} value */
const choice = (name, title, options, value) => ({ name, title, kind: "text", required: false, value, options });

/** @param {boolean} isNeeded */
const reason = (isNeeded) => ({ name: "reason", title: isNeeded ? "有提示，请说明理由" : "事由", kind: "textarea", required: isNeeded, value: "", options: [] });

/** One act on a street as it was read; a 412 shows both versions. @param {any} street @param {string} words */
function sendOn(street, words, url, body, key) {
  const seen = { id: street.street, title: street.name, version: Number(street.version), addresses: Number(street.addresses) };
  return sendOver(seen, words, "streets", (version, isAgain) => act(url, body, { version, key: isAgain ? newKey() : key }));
}

/** The reader takes what the register holds: the dialog closes, the table is read again. @param {any} answer */
function left(answer) {
  document.dispatchEvent(new Event("numbering:stale"));
  return { ...answer, ok: true };
}

/** @param {any[]} slots */
const wishes = (slots) => slots.map((slot) => ({
  number: slot.number.trim(), ...(slot.lon === null ? {} : { lon: slot.lon, lat: slot.lat }), ...(slot.building ? { building_id: slot.building } : {}),
}));

/** @param {any} street @param {any} sum @param {(words: string, numbers: string[]) => void} done */
export function save(street, sum, done) {
  const isInForce = street.state === "current";
  const sides = sum.odd + sum.even ? `（单号侧 ${sum.odd}、双号侧 ${sum.even}）` : "";
  ask({
    title: `保存 ${sum.doors.length + sum.kept.length} 个号`, object: street.name,
    text: `新编 ${sum.doors.length} 个号${sides}${sum.kept.length ? `，留 ${sum.kept.length} 个号` : ""}。要么全部存下，要么一个不存。`,
    fields: [
      choice("state", "地址状态", isInForce ? [["current", "现行：即刻启用"], ["proposed", "拟定：以后批准"]] : [["proposed", "拟定：地名尚未生效"]], isInForce ? "current" : "proposed"),
      choice("plates", "门牌", isInForce ? [["draft", "草拟门牌"], ["numbered", "门牌直接列为已编号"], ["none", "先不编门牌"]] : [["draft", "草拟门牌"], ["none", "先不编门牌"]], "draft"),
      ...(sum.kept.length ? [{ name: "until", title: "留号到（不含这一天；不填不限期）", kind: "date", required: false, value: "", options: /** @type {[string, string][]} */ ([]) }] : []),
      ...PAPER, reason(sum.warnings > 0),
    ],
    send: async (values, key) => {
      const body = { slots: wishes(sum.doors), reserve: wishes(sum.kept), ...values };
      const answer = await sendOn(street, `新编 ${sum.doors.length} 个号`, `/v1/streets/${street.street}/actions/number`, body, key);
      if (answer.ok) {
        const { addresses = 0, reserved = 0, plates = 0 } = answer.body;
        const words = `${street.name}：新编 ${addresses} 个号${reserved ? `，留 ${reserved} 个` : ""}${plates ? `，门牌 ${plates} 块` : ""}`;
        done(words, [...sum.doors, ...sum.kept].map((slot) => slot.number));
      } else {
        const faults = answer.body.errors ?? [];
        tellFaults(faults.filter((/** @type {any} */ one) => one.pointer.includes("/slots/")), sum.doors);
        tellFaults(faults.filter((/** @type {any} */ one) => one.pointer.includes("/reserve/")), sum.kept);
      }
      return answer.isLeft ? left(answer) : answer;
    },
  });
}

/** Say what was stored, with the way back while nothing has been made of it: what was changed since stays. */
/** @param {string} street @param {string} words @param {{address: string, version: string}[]} made the addresses that it made @param {() => void} done */
export function tellSaved(street, words, made, done) {
  const body = { address_ids: made.map((one) => one.address), versions: made.map((one) => Number(one.version)) };
  const back = async () => {
    const answer = await act("/v1/addresses/actions/remove", { ...body, reason: "撤销刚才的编号" });
    if (!answer.ok) tell(`不能撤销：${answer.text}`);
    done();
    return answer.ok;
  };
  tell(words, made.length && made.length <= MOST_BACK ? { id: street, back, again: null } : null);
}

/** @param {any} told what the dry run answered @returns {Node} old and new numbers with what goes along */
function oldAndNew({ rows, plates, buildings }) {
  const box = document.createElement("div");
  const sum = document.createElement("p");
  const over = rows.filter((/** @type {any} */ row) => row.takes_over).length;
  const certified = rows.filter((/** @type {any} */ row) => row.is_certified).length;
  sum.textContent = [
    `改 ${rows.length} 个号`, ...(over ? [`其中 ${over} 个接用本次让出的号`] : []), `换门牌 ${plates} 块`, `随改楼栋 ${buildings} 幢`,
    ...(certified ? [`取消认证 ${certified} 个`] : []),
  ].join(" · ");
  const table = document.createElement("table");
  table.className = "table-plain";
  const head = table.createTHead().insertRow();
  for (const words of ["旧地址", "新地址"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = words;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    line.insertCell().textContent = row.old_text;
    line.insertCell().textContent = row.new_text;
  }
  const scroll = document.createElement("div");
  scroll.className = "numbering-trial";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "旧号与新号");
  scroll.append(table);
  box.append(sum, scroll);
  return box;
}

/** @param {any} street @param {any} sum @param {(act: string) => void} done */
export async function publish(street, sum, done) {
  const url = `/v1/streets/${street.street}/actions/renumber`;
  const changes = sum.changed.map((/** @type {any} */ slot) => ({ address_id: slot.address, number: slot.number.trim(), version: Number(slot.version) }));
  const tried = await act(url, { changes, dry_run: true }, { version: street.version });
  if (!tried.ok) {
    tellFaults(tried.body.errors ?? [], sum.changed);
    tell(tried.status === 412 ? "这条路的号刚被他人改过，请重新读取" : `试算未通过：${tried.text}`);
    return;
  }
  ask({
    title: `发布 ${changes.length} 个新号`, object: `${street.name} · 试算通过，尚未写入登记`,
    text: "旧号停用并可查，旧牌换新牌，认证取消；可逐个开具地址变更证明。",
    piece: oldAndNew(tried.body),
    fields: [{ ...PAPER[0], required: true }, { ...reason(true), title: "事由" }],
    send: async (values, key) => {
      const answer = await sendOn(street, `改 ${changes.length} 个号`, url, { changes, ...values }, key);
      if (answer.ok) {
        tell(`${street.name}：已发布 ${changes.length} 个新号`);
        done(answer.body.act_id ?? "");
      } else tellFaults(answer.body.errors ?? [], sum.changed);
      return answer.isLeft ? left(answer) : answer;
    },
  });
}
