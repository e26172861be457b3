/** The keys of the editor: a tool has one key, an act has one, and none of them speaks while one types. */

import { zoomBy } from "./map.js";
import { colourNext } from "./plates_colour.js";
import { isTyping } from "./shell.js";

const TOOLS = { v: "select", 1: "new", n: "new", m: "move", l: "lasso", r: "ruler" };

/**
 * @param {object} doing
 * @param {(tool: string) => void} doing.select
 * @param {() => void} doing.leave
 * @param {() => void} doing.save
 * @param {() => boolean} doing.isPlacing
 * @param {() => void} doing.undo
 * @param {() => void} doing.redo
 * @param {() => void} doing.tick
 * @param {(step: number) => void} doing.beside
 * @param {() => void} doing.table
 */
export function bindKeys(doing) {
  /** @param {KeyboardEvent} event */
  function command(event) {
    const key = event.key.toLowerCase();
    if (key === "s" && doing.isPlacing()) doing.save();
    else if (key === "enter" && !doing.isPlacing()) /** @type {HTMLElement | null} */ (document.getElementById("certify"))?.click();
    else if (key === "z" && !isTyping(event.target)) (event.shiftKey ? doing.redo : doing.undo)();
    else if (key === "y" && !isTyping(event.target)) doing.redo();
    else return;
    event.preventDefault();
  }

  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      command(event);
      return;
    }
    if (event.key === "Escape") doing.leave();
    if (isTyping(event.target)) return;
    const key = event.key.toLowerCase();
    if (TOOLS[key]) doing.select(TOOLS[key]);
    else if (key === "c") colourNext();
    else if (key === "t") doing.table();
    else if (key === "x") doing.tick();
    else if (key === "[") doing.beside(-1);
    else if (key === "]") doing.beside(1);
    else if (key === "+" || key === "=") zoomBy(1);
    else if (key === "-") zoomBy(-1);
  });
  const keys = /** @type {HTMLTemplateElement} */ (document.getElementById("plate-keys"));
  document.querySelector("#keys .keys")?.prepend(keys.content.cloneNode(true));
}
