/** What the address holds: centre, zoom, layers, selection. Never a purpose, never a person. */

let asked = new URLSearchParams(window.location.search);
const ID = /^[0-9a-f-]{36}$/;

/** @param {string} name @param {number} low @param {number} high */
function number(name, low, high) {
  const value = Number.parseFloat(asked.get(name) ?? "");
  return value >= low && value <= high ? value : null;
}

/** @param {string} name */
function id(name) {
  const value = asked.get(name) ?? "";
  return ID.test(value) ? value : null;
}

/** The view that the address asks for; null where it asks for nothing. */
function read() {
  return {
    lon: number("lon", -180, 180),
    lat: number("lat", -90, 90),
    zoom: number("z", 3, 20),
    layers: /^[a-z]*$/.test(asked.get("l") ?? "") ? asked.get("l") : null,
    building: id("b"),
    unit: id("u"),
    table: asked.get("v") === "table",
  };
}

export const wanted = read();

let now = new URLSearchParams(window.location.search);

/** @param {(view: ReturnType<typeof read>) => void} show called when the reader goes back or forward */
export function onReturn(show) {
  window.addEventListener("popstate", () => {
    asked = new URLSearchParams(window.location.search);
    now = new URLSearchParams(window.location.search);
    show(read());
  });
}

/**
 * @param {Record<string, string | null>} changes null takes a part out of the address
 * @param {boolean} [isStep] whether the way back leads to the address before
 */
export function remember(changes, isStep = false) {
  const before = now.toString();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) now.delete(name);
    else now.set(name, value);
  }
  const query = now.toString();
  if (query === before) return;
  const address = query ? `?${query}` : window.location.pathname;
  if (isStep) window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
}
