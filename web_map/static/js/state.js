/** What the address holds: centre, zoom, layers, selection. Never a purpose, never a person. */

const asked = new URLSearchParams(window.location.search);
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

/** The view that the address asked for; null where it asks for nothing. */
export const wanted = {
  lon: number("lon", -180, 180),
  lat: number("lat", -90, 90),
  zoom: number("z", 3, 20),
  layers: /^[a-z]*$/.test(asked.get("l") ?? "") ? asked.get("l") : null,
  building: id("b"),
  unit: id("u"),
  table: asked.get("v") === "table",
};

const now = new URLSearchParams(window.location.search);

/** @param {Record<string, string | null>} changes null takes a part out of the address */
export function remember(changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) now.delete(name);
    else now.set(name, value);
  }
  const query = now.toString();
  window.history.replaceState(null, "", query ? `?${query}` : window.location.pathname);
}
