/** An axis by its coordinates: lines of longitude and latitude, typed, pasted or taken from a GeoJSON file. Nothing here draws on the map. */

/** @typedef {{line: number, text: string}} Fault */
/** @typedef {[number, number]} Spot */

const [FARTHEST_M, MOST_POINTS, MOST_SHOWN] = [20000, 1500, 5];

/** @param {Spot} one @param {Spot} other @returns {number} metres; near enough to tell a slip of the pen */
function apart(one, other) {
  const east = (one[0] - other[0]) * 111320 * Math.cos((one[1] * Math.PI) / 180);
  return Math.hypot(east, (one[1] - other[1]) * 110950);
}

/** @param {Spot[][]} parts @returns {number} metres */
export function lengthOf(parts) {
  return parts.reduce((sum, part) => sum + part.slice(1).reduce((all, spot, at) => all + apart(part[at], spot), 0), 0);
}

/** @param {string} line @returns {Spot | string} the point, or what is wrong with it */
function spotOf(line) {
  const words = line.replace(/^[\s[(]+|[\s\]),，;；]+$/g, "").split(/[\s,，、;；]+/);
  const numbers = words.map(Number);
  if (words.length < 2 || numbers.slice(0, 2).some((one) => !Number.isFinite(one))) return "应是“经度,纬度”两个数，如 121.4737,31.2304";
  if (words.length > 3) return "一行只写一个点：经度,纬度";
  const [lon, lat] = numbers;
  if (Math.abs(lon) <= 54 && Math.abs(lat) >= 73 && Math.abs(lat) <= 180) return "经度在前，纬度在后，这一行像是写反了";
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) return "不是经纬度，像是投影坐标；请先转成 CGCS2000 经纬度";
  return [lon, lat];
}

/**
 * @param {string} text one point a line; an empty line begins another part of the axis
 * @returns {{parts: Spot[][], faults: Fault[]}}
 */
export function readLines(text) {
  /** @type {Spot[][]} */
  const parts = [[]];
  /** @type {Fault[]} */
  const faults = [];
  let [count, begun] = [0, 1];
  text.split(/\r?\n/).forEach((line, at) => {
    const part = parts[parts.length - 1];
    if (!line.trim()) {
      if (part.length === 1) faults.push({ line: begun, text: "这一段只有一个点，一段至少两个点" });
      if (part.length) parts.push([]);
      return;
    }
    if (!part.length) begun = at + 1;
    const spot = spotOf(line);
    const before = part[part.length - 1];
    if (typeof spot === "string") faults.push({ line: at + 1, text: spot });
    else if (before && apart(before, spot) > FARTHEST_M) faults.push({ line: at + 1, text: `离上一点 ${(apart(before, spot) / 1000).toFixed(1)} km，请核对` });
    else if (!before || before[0] !== spot[0] || before[1] !== spot[1]) {
      part.push(spot);
      count += 1;
    }
  });
  if (parts[parts.length - 1].length === 1 && !faults.length) faults.push({ line: begun, text: "只有一个点，中心线至少两个点" });
  if (count > MOST_POINTS) faults.push({ line: 0, text: `共 ${count} 个点，至多 ${MOST_POINTS} 个，请先抽稀` });
  return { parts: parts.filter((part) => part.length > 1), faults };
}

/** @param {Spot[][]} parts @returns {any} GeoJSON, null when there is no line */
export function axisOf(parts) {
  if (!parts.length) return null;
  return parts.length === 1 ? { type: "LineString", coordinates: parts[0] } : { type: "MultiLineString", coordinates: parts };
}

/** @param {any} axis GeoJSON, or null @returns {string} */
export function linesOf(axis) {
  if (!axis) return "";
  const parts = axis.type === "LineString" ? [axis.coordinates] : axis.coordinates;
  return parts.map((/** @type {Spot[]} */ part) => part.map(([lon, lat]) => `${lon},${lat}`).join("\n")).join("\n\n");
}

/** @param {any} told @returns {any[]} the lines in what a file tells, wherever they stand */
function linesIn(told) {
  if (told?.type === "FeatureCollection") return (told.features ?? []).flatMap(linesIn);
  if (told?.type === "Feature") return linesIn(told.geometry);
  if (told?.type === "GeometryCollection") return (told.geometries ?? []).flatMap(linesIn);
  return /^(Multi)?LineString$/.test(told?.type ?? "") ? [told] : [];
}

/** @param {string} text of a GeoJSON file @returns {{lines: string, fault: string}} */
export function readGeoJson(text) {
  let told = null;
  try {
    told = JSON.parse(text);
  } catch {
    return { lines: "", fault: "文件不是 GeoJSON，读不出来" };
  }
  const crs = String(told?.crs?.properties?.name ?? "");
  if (crs && !/(4490|4326|CRS84)$/.test(crs)) return { lines: "", fault: `文件的坐标系是 ${crs.slice(0, 60)}，请先转成 CGCS2000 经纬度` };
  const found = linesIn(told);
  if (found.length !== 1) return { lines: "", fault: found.length ? `文件里有 ${found.length} 条线，请只留这条路的一条` : "文件里没有线（LineString）" };
  const rows = found[0].type === "LineString" ? [found[0].coordinates] : found[0].coordinates;
  const isSound = Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.every(Array.isArray));
  return isSound ? { lines: linesOf({ type: "MultiLineString", coordinates: rows }), fault: "" } : { lines: "", fault: "线的坐标读不出来" };
}

/** @param {Fault[]} faults @returns {string[]} as told to the reader */
export function toldFaults(faults) {
  const told = faults.slice(0, MOST_SHOWN).map(({ line, text }) => (line ? `第 ${line} 行：${text}` : text));
  return faults.length > MOST_SHOWN ? [...told, `还有 ${faults.length - MOST_SHOWN} 处`] : told;
}
