/** 地址变更: certificates of single changes given out, and looked up by number or square code. */

import { act } from "./act.js";
import { takeBack } from "./numbering_back.js";
import { ask } from "./plates_acts.js";

const told = /** @type {HTMLElement} */ (document.getElementById("certificate-told"));

/** @param {string} words @param {{href: string, text: string} | null} [link] @param {boolean} [isOk] */
function say(words, link = null, isOk = true) {
  told.textContent = words;
  told.classList.toggle("is-ok", isOk);
  if (link) {
    const way = document.createElement("a");
    way.href = link.href;
    way.textContent = link.text;
    told.append(" ", way);
  }
  told.hidden = false;
}

/** @param {string} id */
const paper = (id) => ({ href: `/v1/address-certificates/${encodeURIComponent(id)}/certificate.pdf`, text: "打开 PDF" });

/** @param {HTMLElement} button */
function certify(button) {
  ask({
    title: "开具变更证明", object: button.dataset.text ?? "", text: "证明载明旧地址、新地址、变更日与文号，并附核验二维码；只证明地址，不涉及任何人。",
    fields: [],
    send: async (values, key) => {
      const answer = await act("/v1/address-certificates", { change_id: button.dataset.certify, ...values }, { key });
      if (answer.ok) {
        say(`已开具 ${answer.body.number}。`, paper(answer.body.id));
        told.scrollIntoView({ block: "nearest" });
        told.querySelector("a")?.focus();
      }
      return answer;
    },
  });
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-certify]"));
  if (button) certify(button);
  const back = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-take-back]"));
  // The list is read anew: the taking back is a change like others.
  if (back) takeBack({ street: back.dataset.takeBack ?? "", name: back.dataset.name ?? "", version: back.dataset.version ?? "" }, () => window.location.reload());
});

document.getElementById("by-code")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (document.getElementById("certificate-code"));
  const code = input.value.trim();
  if (!code) {
    say("请填写证明编号，如 址证-2026-00034，或扫到的二维码内容", null, false);
    input.focus();
    return;
  }
  const reply = await fetch(`/v1/address-certificates?${new URLSearchParams({ code })}`, { cache: "no-store" });
  const found = await reply.json().catch(() => ({}));
  if (!reply.ok) say(found.errors?.[0]?.detail ?? found.detail ?? "没有这份证明", null, false);
  else say(`${found.number} 属实：${found.old_text} → ${found.new_text}。`, paper(found.id));
});
