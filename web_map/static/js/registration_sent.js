/** What stands after submitting: the number, the papers, the next household. */

import { papersOf } from "./registration_papers.js";
import { el, icon, look, words } from "./registration_parts.js";

/** @param {any} row @param {HTMLElement} place @param {() => void} next */
export function showSent(row, place, next) {
  const papers = el("div.reg-sent-papers");
  const button = /** @type {HTMLButtonElement} */ (el("button.btn.btn-solid", { type: "button", click: next }, "下一户 ", el("kbd", {}, "Enter")));
  place.replaceChildren(
    el("div.state.reg-sent", { role: "status" },
      icon("check"),
      el("p", {}, el("strong", {}, `已提交 ${row.serial}`), el("br"), `${row.unit_text ?? ""} · ${words.actions[row.action] ?? ""}，等待民警复核。`),
      el("p.reg-buttons", {}, button, el("a.btn", { href: `/registrations/${row.id}` }, "案件页"),
        el("button.btn", { type: "button", click: () => print(row, papers) }, icon("print"), "打印回执")),
      papers),
  );
  button.focus();
}

/** The slips of each person; seeing who they are is one more look. @param {any} row @param {HTMLElement} place */
async function print(row, place) {
  const answer = await look(`/v1/registrations/${row.id}/open`, {}, row.serial);
  if (!answer.ok) {
    place.replaceChildren(el("p.field-error", { role: "alert" }, answer.text));
    return;
  }
  place.replaceChildren(...answer.body.forms.map((/** @type {any} */ form) => papersOf(row, form)));
}
