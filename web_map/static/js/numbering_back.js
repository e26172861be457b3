/** 撤回改号、撤回入库: the latest act on numbers tried first, shown with what goes, then taken back with a reason. */

import { act, ask, fieldsOf, tell } from "./plates_acts.js";

/** @param {string[]} heads @param {string[][]} rows @param {string} label */
function tableOf(heads, rows, label) {
  const table = document.createElement("table");
  table.className = "table-plain";
  const head = table.createTHead().insertRow();
  for (const words of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = words;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const words of row) line.insertCell().textContent = words;
  }
  const scroll = document.createElement("div");
  scroll.className = "numbering-trial";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label);
  scroll.append(table);
  return scroll;
}

/** @param {any} problem the things that were used since, each with how */
function inTheWay(problem) {
  const list = document.createElement("ul");
  list.className = "refusals";
  for (const { detail } of problem.errors ?? []) {
    const row = document.createElement("li");
    row.textContent = detail;
    list.append(row);
  }
  return list;
}

/**
 * @typedef {object} Way how an act is taken back
 * @property {string} action the last part of the address
 * @property {string} used the code of the refusal that names what is in the way
 * @property {string} stale
 * @property {(tried: any) => {title: string, text: string, piece: Node, told: string}} dialog
 */

/** @param {{street: string, name: string, version: string | number}} street @param {Way} way @param {(answer: any) => void} done */
async function tryBack(street, way, done) {
  const url = `/v1/streets/${street.street}/actions/${way.action}`;
  const { version } = street;
  const tried = await act(url, { dry_run: true }, { version });
  if (!tried.ok) {
    if (tried.body.code === way.used) ask({
      title: "不能撤回", object: street.name, text: tried.body.detail, piece: inTheWay(tried.body), fields: [],
      send: async () => ({ ok: true, status: 200, text: "", field: "" }),
    });
    else tell(tried.status === 412 ? way.stale : tried.text);
    return;
  }
  const { told, ...shown } = way.dialog(tried.body);
  ask({
    ...shown, object: `${street.name} · 试算通过，尚未写入登记`, fields: fieldsOf("reason*"),
    send: async (values, key) => {
      const answer = await act(url, values, { version, key });
      if (answer.ok) {
        tell(`${street.name}：${told}`);
        done(answer.body);
      }
      return answer;
    },
  });
}

/** @param {{street: string, name: string, version: string | number}} street @param {() => void} done */
export function takeBack(street, done) {
  return tryBack(street, {
    action: "take-back-renumbering", used: "renumbering-used", stale: "这条路的号刚被他人改过：请重新读取后再撤回",
    dialog: ({ rows }) => ({
      title: `撤回 ${rows.length} 个新号`, told: `已撤回 ${rows.length} 个新号`,
      text: "旧号、旧牌、楼栋与认证恢复原样，新号作废；两次变更都留在记录中。",
      piece: tableOf(["现地址", "撤回后"], rows.map((/** @type {any} */ row) => [row.given_back, row.again]), "现地址与撤回后的地址"),
    }),
  }, done);
}

/** @param {{street: string, name: string, version: string | number}} estate @param {(answer: any) => void} done */
export function takeBackIntake(estate, done) {
  return tryBack(estate, {
    action: "take-back-intake", used: "intake-used", stale: "这个小区刚被他人改过：请重新读取后再撤回",
    dialog: (tried) => {
      const kept = tried.addresses - tried.buildings;
      const day = new Date(tried.taken_in_at).toLocaleDateString("zh-CN");
      return {
        title: `撤回入库 ${tried.addresses} 幢 ${tried.units} 套`, told: `已撤回入库 ${tried.addresses} 幢、${tried.units} 套`,
        text: `${day}${tried.document_number ? ` ${tried.document_number}` : ""} 入库的 ${tried.addresses} 个楼号、${tried.entrances} 个单元、${tried.units} 套、草拟楼牌 ${tried.plates} 块一并作废，号码与室号可以再用；`
          + `小区名称保留${kept ? `，原已登记的 ${kept} 幢楼保留` : ""}。入库与撤回都留在记录中。`,
        piece: tableOf(["楼号", "单元", "套"], tried.rows.map((/** @type {any} */ row) => [row.standard_text, String(row.entrances), String(row.units)]), "撤回的楼号"),
      };
    },
  }, done);
}
