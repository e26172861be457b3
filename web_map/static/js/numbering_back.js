/** 撤回改号: the latest renumbering of a street tried first, shown with old and new, then taken back with a reason. */

import { act, ask, fieldsOf, tell } from "./plates_acts.js";

/** @param {any[]} rows */
function givenBack(rows) {
  const table = document.createElement("table");
  table.className = "table-plain";
  const head = table.createTHead().insertRow();
  for (const words of ["现地址", "撤回后"]) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = words;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    line.insertCell().textContent = row.given_back;
    line.insertCell().textContent = row.again;
  }
  const scroll = document.createElement("div");
  scroll.className = "numbering-trial";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "现地址与撤回后的地址");
  scroll.append(table);
  return scroll;
}

/** @param {any} problem the addresses that were used since, each with how */
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

/** @param {{street: string, name: string, version: string | number}} street @param {() => void} done */
export async function takeBack(street, done) {
  const url = `/v1/streets/${street.street}/actions/take-back-renumbering`;
  const { version } = street;
  const tried = await act(url, { dry_run: true }, { version });
  if (!tried.ok) {
    if (tried.body.code === "renumbering-used") ask({
      title: "不能撤回", object: street.name, text: tried.body.detail, piece: inTheWay(tried.body), fields: [],
      send: async () => ({ ok: true, status: 200, text: "", field: "" }),
    });
    else tell(tried.status === 412 ? "这条路的号刚被他人改过：请重新读取后再撤回" : tried.text);
    return;
  }
  const { rows } = tried.body;
  ask({
    title: `撤回 ${rows.length} 个新号`, object: `${street.name} · 试算通过，尚未写入登记`,
    text: "旧号、旧牌、楼栋与认证恢复原样，新号作废；两次变更都留在记录中。",
    piece: givenBack(rows), fields: fieldsOf("reason*"),
    send: async (values, key) => {
      const answer = await act(url, values, { version, key });
      if (answer.ok) {
        tell(`${street.name}：已撤回 ${rows.length} 个新号`);
        done();
      }
      return answer;
    },
  });
}
