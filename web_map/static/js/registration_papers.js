/** The papers of one person in a case: slip, notice of change, the filled form; each a look on the record. */

import { newKey } from "./act.js";
import { el, nameOf } from "./registration_parts.js";
import { toast } from "./shell.js";

const PAPERS = /** @type {[string, string][]} */ ([["slip", "回执"], ["change_notice", "变更注销通知"], ["form", "登记表"]]);

/** @param {any} row the case @param {any} form one of its forms @returns {HTMLElement} */
export function papersOf(row, form) {
  const isChange = ["change", "cancel"].includes(row.action);
  const isDraft = row.status === "draft";
  const fitting = PAPERS.filter(([code]) => (isDraft ? code === "form" : code === "change_notice" ? isChange : code !== "slip" || !isChange));
  const buttons = fitting.map(([code, title]) =>
    el("button.btn.btn-bar", { type: "button", click: (/** @type {Event} */ event) => make(row, form, code, event) }, isDraft ? "登记表（核对签名）" : title),
  );
  return el("p.reg-papers", {}, el("b", {}, nameOf(form)), form.slip_number ? el("span.code", {}, form.slip_number) : null, ...buttons);
}

/** @param {any} row @param {any} form @param {string} paper @param {Event} event */
async function make(row, form, paper, event) {
  const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
  button.disabled = true;
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const reply = await fetch(`/v1/registrations/${row.id}/papers`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token, "Idempotency-Key": newKey(), "Access-Purpose": `01; case=${row.serial}` },
      body: JSON.stringify({ form_id: form.id, paper }),
      cache: "no-store",
    });
    if (!reply.ok) throw new Error((await reply.json()).detail);
    const link = /** @type {HTMLAnchorElement} */ (el("a"));
    link.href = URL.createObjectURL(await reply.blob());
    link.download = `${form.slip_number ?? row.serial}-${paper}.pdf`;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    toast((error instanceof TypeError ? "" : /** @type {Error} */ (error).message) || "连接中断，请检查网络后再试");
  }
  button.disabled = false;
}
