/** What an identity number tells, and the line that a card reader types: nothing here asks the server. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";
const SEXES = new Map([["男", "1"], ["女", "2"], ["男性", "1"], ["女性", "2"], ["M", "1"], ["F", "2"]]);
const HAN_NAME = /^[\p{Script=Han}·.]{2,30}$/u;
const PLACE = /[省市县区旗镇乡街路村弄号]/;
// A burst of characters: no hand types this fast for so long.
const BURST_MS = 45;
const BURST_LENGTH = 8;

/** @param {string} text @returns {string} without spaces, full-width signs as plain ones, capitals */
export function plain(text) {
  return text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
}

/**
 * @param {string} text an identity number as typed
 * @returns {{number: string, sex: string, birth: string, fault: string}} what it tells; the fault says what to do
 */
export function readNumber(text) {
  const number = plain(text);
  const told = { number, sex: "", birth: "", fault: "" };
  if (!/^\d{17}[\dX]$/.test(number)) {
    told.fault = /^[\dX]*$/.test(number) ? `须有 18 位，现有 ${number.length} 位` : "只能有数字，末位可为 X；其他证件请先改证件种类";
    return told;
  }
  const sum = WEIGHTS.reduce((all, weight, at) => all + weight * Number(number[at]), 0);
  const day = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const isDay = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().slice(0, 10) === day;
  if (!isDay) told.fault = "第 7 至 14 位不是日期，请对照证件重录";
  else if (CHECKS[sum % 11] !== number[17]) told.fault = "校验位不符，请对照证件逐位核对";
  else {
    told.sex = Number(number[16]) % 2 ? "1" : "2";
    told.birth = day;
  }
  return told;
}

/**
 * @param {string} text a day as one types it: 20261101, 2026-11-01, 2026.11.1, of this year 1101 or 11-1
 * @returns {string | null} 2026-11-01, null when it is no day
 */
export function dayOf(text) {
  const typed = text.normalize("NFKC").trim().replace(/[年月./]/g, "-").replace(/日$/, "");
  const year = String(new Date().getFullYear());
  const [, y, m, d] = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(typed) ?? /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(typed) ?? [];
  const [, month, day] = /^(\d{2})(\d{2})$/.exec(typed) ?? /^(\d{1,2})-(\d{1,2})$/.exec(typed) ?? [];
  const found = `${y ?? year}-${(m ?? month ?? "").padStart(2, "0")}-${(d ?? day ?? "").padStart(2, "0")}`;
  const parsed = new Date(`${found}T00:00:00Z`);
  return !Number.isNaN(parsed.valueOf()) && parsed.toISOString().startsWith(found) ? found : null;
}

/** @typedef {{id_type?: string, id_number: string, name?: string, sex?: string, birth?: string, hukou_address?: string}} Card */

/**
 * Read a line of a reader: the number alone, or fields by `|`, comma or tab in any order. What the register does not keep is
 * left out.
 * @param {string} line @returns {Card | null} null when it is no such line
 */
export function readCard(line) {
  // A number stands apart even where it was read right behind a name.
  const parts = line.replace(/\d{17}[\dXx]/, "|$&|").split(/[|,，;；\t]/).map((part) => part.trim()).filter(Boolean);
  const at = parts.findIndex((part) => !readNumber(part).fault);
  if (at < 0) return passport(parts);
  const { number, sex, birth } = readNumber(parts[at]);
  /** @type {Card} */
  const card = { id_type: "111", id_number: number, sex, birth };
  for (const part of parts.filter((_, one) => one !== at)) {
    const isPeople = part.endsWith("族") || SEXES.has(part) || part.endsWith("局");
    if (!card.hukou_address && part.length >= 6 && PLACE.test(part) && !isPeople) card.hukou_address = part.slice(0, 120);
    else if (!card.name && HAN_NAME.test(part) && !isPeople) card.name = part;
  }
  return card;
}

/** @param {string[]} parts @returns {Card | null} a document of another kind: number and name, sex and birth where they stand */
function passport(parts) {
  if (parts.length < 3) return null;
  const number = parts.find((part) => /^(?=.*\d)[A-Z0-9]{5,20}$/i.test(part) && !/^\d{8}$/.test(part));
  const sex = parts.find((part) => SEXES.has(part.toUpperCase()));
  if (!number || !sex) return null;
  const day = parts.find((part) => /^(19|20)\d{2}-?\d{2}-?\d{2}$/.test(part))?.replaceAll("-", "");
  const name = parts.find((part) => part !== number && part !== sex && /^[\p{L} .·'-]{2,60}$/u.test(part));
  return {
    id_number: number.toUpperCase(), name, sex: SEXES.get(sex.toUpperCase()),
    birth: day ? `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}` : undefined,
  };
}

/**
 * Listen for a reader in the fields of a place: its burst of characters, ended by Enter, fills a row instead of the field.
 * @param {HTMLElement} place @param {(field: HTMLInputElement, card: Card) => void} fill
 */
export function listen(place, fill) {
  /** @type {{field: HTMLInputElement, before: string, start: number, last: number} | null} */
  let burst = null;
  /** @type {WeakMap<HTMLInputElement, string>} */
  const kept = new WeakMap();

  /** @param {HTMLInputElement} field */
  function heard(field) {
    const now = performance.now();
    if (!burst || burst.field !== field || now - burst.last > BURST_MS) {
      burst = { field, before: kept.get(field) ?? "", start: now, last: now };
    }
    burst.last = now;
    kept.set(field, field.value);
  }

  /** @param {HTMLInputElement} field @returns {boolean} whether a reader is typing into the field just now */
  function isBurst(field) {
    return burst?.field === field && performance.now() - burst.last <= BURST_MS * 2 && field.value.length - burst.before.length >= BURST_LENGTH;
  }

  place.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLInputElement) kept.set(event.target, event.target.value);
  });
  place.addEventListener("input", (event) => {
    if (event.target instanceof HTMLInputElement) heard(event.target);
  });
  place.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== "text" || event.isComposing) return;
    if (event.key === "Tab" && isBurst(field)) {
      // Between the fields of a reader's line; it must not move on.
      event.preventDefault();
      event.stopImmediatePropagation();
      field.value += "\t";
      heard(field);
    } else if (event.key === "Enter") {
      // Nobody writes a whole number into a field for something else: however slowly it came, a reader did.
      const isWhole = field.dataset.name !== "id_number" && /\d{17}[\dXx]/.test(field.value);
      const before = isBurst(field) && !isWhole ? (burst?.before ?? "") : "";
      const line = field.value.startsWith(before) ? field.value.slice(before.length) : field.value;
      const isLine = isWhole || isBurst(field) || /[|,，;；\t]/.test(line);
      const card = isLine ? readCard(line) : null;
      if (!card) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      field.value = before;
      kept.set(field, before);
      burst = null;
      fill(field, card);
    }
  }, { capture: true });
}
