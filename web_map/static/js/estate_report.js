/** What a table would become: faulty lines, buildings without a place, the plan; as lists beside the map. */

const report = /** @type {HTMLElement} */ (document.getElementById("report"));

/** @param {string[]} heads @param {(string | Node)[][]} lines @param {string} caption */
function table(heads, lines, caption) {
  const found = document.createElement("table");
  found.className = "plates-table numbering-table estate-table";
  const title = found.createCaption();
  title.textContent = caption;
  title.className = "visually-hidden";
  const head = found.createTHead().insertRow();
  for (const words of heads) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = words;
    head.append(cell);
  }
  const body = found.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    for (const cell of line) row.insertCell().append(cell);
  }
  return found;
}

/** @param {string} title @param {string} words */
function nothing(title, words) {
  const box = document.createElement("div");
  box.className = "state";
  const line = document.createElement("p");
  const strong = document.createElement("strong");
  strong.textContent = title;
  line.append(strong, document.createElement("br"), words);
  box.append(line);
  return box;
}

/** @param {{line: number, column: string, detail: string, sheet?: string | null}[]} faults */
export function showFaults(faults) {
  const lines = faults.map((one) => [`${one.sheet ? `${one.sheet} · ` : ""}${one.line || "—"}`, one.column, one.detail]);
  report.replaceChildren(faults.length ? table(["行", "列", "问题"], lines, "有误的行") : nothing("每一行都能入库", "没有发现问题。"));
}

/** @param {{building: string, units: number}[]} buildings @param {string} chosen @param {(building: string) => void} choose */
export function showUnplaced(buildings, chosen, choose) {
  const lines = buildings.map(({ building, units }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-bar";
    button.textContent = "在图上点";
    button.setAttribute("aria-label", `在图上点 ${building} 的位置`);
    button.setAttribute("aria-pressed", String(building === chosen));
    button.addEventListener("click", () => choose(building));
    return [building, `${units} 套`, button];
  });
  report.replaceChildren(buildings.length ? table(["楼栋", "房屋", "位置"], lines, "没有位置的楼栋") : nothing("楼栋都有位置", "可以试算或入库。"));
}

/** @param {any[]} plan @param {(lon: number, lat: number) => void} show */
export function showPlan(plan, show) {
  const lines = plan.map((one) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plate-open";
    const number = document.createElement("b");
    number.textContent = one.number_text;
    button.append(number);
    button.addEventListener("click", () => show(one.lon, one.lat));
    return [one.building, button, one.standard_text, String(one.entrances || "—"), String(one.units)];
  });
  report.replaceChildren(plan.length ? table(["表中", "楼号", "标准地址", "单元", "套"], lines, "将要入库的楼栋") : nothing("还没有试算", "选好小区与房屋表，点“试算”。"));
}
