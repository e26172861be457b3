/** What speaks against the numbers of a plan as they stand typed: errors bar the act, warnings ask for a reason. */

/**
 * @typedef {object} Row
 * @property {string} kind given, proposed, reserved, retired, door or free
 * @property {string} number as it is typed now
 * @property {string} was as it was proposed, or as it is in the register
 * @property {boolean} taken whether it is to be given out, kept or changed
 * @property {string} side odd, even or empty
 * @property {number | null} metres from the beginning of the street
 * @property {string} remarks what the server says about where it lies
 */
/** @typedef {{level: "error" | "warning", text: string}} Flaw */

const SHAPE = /^[临附副]?(\d{1,5})(?:\s*(?:号附|[-—–－之附副])\s*(?:\d{1,4}|[一二三四五六七八九十]+))*[A-Z甲乙丙丁戊己庚辛壬癸]?[号號]?$/i;
const HELD = { given: "已被使用", proposed: "已拟定给别处", reserved: "已预留", retired: "曾经使用、已注销，不再编给他处" };

/** @param {string} text @returns {string} a number by which two ways of writing it are the same; 12-1 and 12号附1 are two doors */
export function keyOf(text) {
  return text.normalize("NFKC").toUpperCase().replace(/[号號\s]/g, "").replace(/[—–－之]/g, "-").replace(/副/g, "附");
}

/** @param {string} text @returns {number | null} the whole number in front, null where nothing can be read */
export function baseOf(text) {
  const found = SHAPE.exec(text.normalize("NFKC").trim());
  return found && Number(found[1]) > 0 ? Number(found[1]) : null;
}

/** @param {Row} row @returns {boolean} whether the row's number counts among those of the street */
function counts(row) {
  return row.kind === "door" || row.kind === "free" ? row.taken : true;
}

/**
 * @param {Row[]} rows a whole street or estate
 * @param {boolean} isChange whether numbers that are there are changed: then those given up may be taken over
 * @returns {Flaw[][]} what is wrong with each row, in their order
 */
export function check(rows, isChange) {
  /** @type {Flaw[][]} */
  const found = rows.map(() => []);
  /** @type {Map<string, number[]>} */
  const holders = new Map();
  rows.forEach((row, place) => {
    if (!counts(row)) return;
    const key = keyOf(row.number);
    holders.set(key, [...(holders.get(key) ?? []), place]);
  });
  rows.forEach((row, place) => {
    const own = row.kind === "door" || row.kind === "free" || isChange;
    if (row.remarks && (row.kind !== "free")) found[place].push({ level: "warning", text: row.remarks });
    if (!own || !counts(row)) return;
    if (isChange && row.kind !== "given") return;
    const base = baseOf(row.number);
    if (base === null) {
      found[place].push({ level: "error", text: row.number.trim() ? "号码不能识别，请写成 12、12-1 或 12号附1" : "请填写号码" });
      return;
    }
    const others = (holders.get(keyOf(row.number)) ?? []).filter((one) => one !== place);
    if (others.length) found[place].push({ level: "error", text: twice(rows[others[0]], isChange) });
    const isEdited = keyOf(row.number) !== keyOf(row.was);
    if (isEdited && row.side && (base % 2 === 1) !== (row.side === "odd")) {
      found[place].push({ level: "warning", text: `这一侧编${row.side === "odd" ? "单" : "双"}号` });
    }
  });
  for (const side of ["odd", "even"]) orders(rows, found, side, isChange);
  return found;
}

/** @param {Row} other @param {boolean} isChange */
function twice(other, isChange) {
  const words = isChange && other.kind === "given" ? "" : HELD[/** @type {keyof typeof HELD} */ (other.kind)];
  return words ? `${other.number} ${words}` : `${other.number} 重复`;
}

/** Say which new numbers do not rise with the metres, measured by their neighbours of the same side. */
/** @param {Row[]} rows @param {Flaw[][]} found @param {string} side @param {boolean} isChange */
function orders(rows, found, side, isChange) {
  const line = rows
    .map((row, place) => ({ row, place, base: baseOf(row.number) }))
    .filter(({ row, base }) => row.side === side && row.metres !== null && row.kind !== "retired" && counts(row) && base !== null)
    .sort((one, other) => Number(one.row.metres) - Number(other.row.metres));
  line.forEach(({ row, place, base }, at) => {
    const isOurs = row.kind === "door" || row.kind === "free" || (isChange && row.kind === "given");
    if (!isOurs || keyOf(row.number) === keyOf(row.was)) return;
    const before = line[at - 1]?.base ?? 0;
    const after = line[at + 1]?.base ?? Number.POSITIVE_INFINITY;
    if (Number(base) < Number(before) || Number(base) > Number(after)) {
      found[place].push({ level: "warning", text: `号序与位置不符（前后为 ${before || "—"} 与 ${Number.isFinite(after) ? after : "—"}）` });
    }
  });
}
