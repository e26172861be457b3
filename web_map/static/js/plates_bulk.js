/** Acts on many plates that are ticked: a dry run first, then the act on those that allow it. */

import { post } from "./http.js";
import { act, ask, fieldsOf, tell } from "./plates_acts.js";

const URLS = { approve: "/v1/plates/actions/approve", order: "/v1/plate-batches" };
const WORDS = { approve: "批准", order: "下单制作" };
const FIELDS = { approve: "document_number reason", order: "number* maker* due_on document_number" };

/** @param {"approve" | "order"} verb @param {string} ids with commas between */
async function tryFirst(verb, ids) {
  const answer = await post("/panels/plates/trial", { verb, ids });
  const box = document.createElement("div");
  box.innerHTML = answer.html;
  const told = /** @type {HTMLElement | null} */ (box.querySelector("[data-trial]"));
  if (!told) {
    tell(box.textContent?.trim() || "试运行没有结果，请再试");
    return;
  }
  const count = Number(told.dataset.count);
  const good = (told.dataset.ids ?? "").split(",").filter(Boolean);
  ask({
    title: count ? `${WORDS[verb]} ${count} 块` : `不能${WORDS[verb]}`,
    object: "试运行结果，尚未写入登记",
    text: count ? "" : "所选门牌都不能办理，原因见下。",
    piece: answer.html,
    fields: count ? fieldsOf(FIELDS[verb]) : [],
    send: async (values, key) => {
      if (!count) return { ok: true, status: 200, text: "", field: "" };
      const done = await act(URLS[verb], { plate_ids: good, ...values }, { key });
      if (!done.ok) return done;
      if (verb === "order") window.location.assign(`/plates/batches/${done.body.id}`);
      else tell(`已批准 ${count} 块门牌`);
      document.dispatchEvent(new Event("plates:changed"));
      return done;
    },
  });
}

document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-bulk]");
  const ids = /** @type {HTMLElement | null} */ (document.getElementById("ticked"))?.dataset.ids ?? "";
  if (button && ids) tryFirst(/** @type {"approve" | "order"} */ (button.getAttribute("data-bulk")), ids);
});
