/** A plate that cannot be put up: the reason goes to the office as a report; another sign takes the place of a lost one. */

/** @typedef {import("./wall_store.js").Plate} Plate */
/** @typedef {{verb: string, body: Record<string, any>}} Wish */

const dialog = /** @type {HTMLDialogElement} */ (document.getElementById("cannot"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("cannot-form"));
const WALL = "墙面不能安装";

/** @param {Plate} plate @param {() => {lon: number, lat: number} | null} here @param {(wish: Wish) => void} send */
export function startCannot(plate, here, send) {
  document.getElementById("cannot-open")?.addEventListener("click", () => dialog.showModal());
  const another = /** @type {HTMLElement | null} */ (form.querySelector("[data-why=replace]"));
  if (another && plate.state === "delivered") another.hidden = true;
  form.addEventListener("change", () => (/** @type {HTMLElement} */ (document.getElementById("cannot-error")).hidden = true));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const why = String(new FormData(form).get("why") ?? "");
    const fault = /** @type {HTMLElement} */ (document.getElementById("cannot-error"));
    const wish = wished(plate, why, here());
    fault.textContent = why ? "请先定位，或在图上点出门所在的位置" : "请选择原因";
    fault.hidden = wish !== null;
    if (!wish) return;
    dialog.close();
    send(wish);
  });
}

/** @param {Plate} plate @param {string} why @param {{lon: number, lat: number} | null} here @returns {Wish | null} */
function wished(plate, why, here) {
  if (why === "replace") return { verb: "replace", body: { reason: "现场报：原牌不能再用，另制新牌" } };
  if (why === "wrong_text") return { verb: "report", body: { kind: "wrong_text", plate_id: plate.id } };
  const spot = here ?? (why === "wall" && plate.lon !== null && plate.lat !== null ? { lon: plate.lon, lat: plate.lat } : null);
  if (!spot || !why) return null;
  const place = { lon: Number(spot.lon.toFixed(7)), lat: Number(spot.lat.toFixed(7)) };
  return { verb: "report", body: { kind: "wrong_place", plate_id: plate.id, ...place, ...(why === "wall" ? { note: WALL } : {}) } };
}
