/** Signs with an old name: those that are ticked are made anew, after a dry run. */

import { get } from "./http.js";
import { act, ask, fieldsOf, newKey, tell } from "./plates_acts.js";
import { report } from "./plates_trial.js";

const URL_ = "/v1/plates/actions/renew";
const work = /** @type {HTMLElement} */ (document.getElementById("work"));

/** @returns {HTMLInputElement[]} */
const boxes = () => /** @type {HTMLInputElement[]} */ ([...work.querySelectorAll("input[data-tick]")]);

function count() {
  const [all, some] = [boxes().length, boxes().filter((box) => box.checked).length];
  const button = document.getElementById("renew");
  const head = /** @type {HTMLInputElement | null} */ (document.getElementById("tick-all"));
  if (head) [head.checked, head.indeterminate] = [some > 0 && some === all, some > 0 && some < all];
  button?.setAttribute("aria-disabled", String(some === 0));
  if (button) [button.title, button.textContent] = [some ? "先试运行，再决定" : "请先勾选", some ? `重制所选 ${some} 块…` : "重制所选…"];
}

async function again() {
  const answer = await get(window.location.pathname + window.location.search);
  if (answer.ok) work.innerHTML = answer.html;
  count();
}

async function tryFirst() {
  const chosen = boxes().filter((box) => box.checked);
  const asked = { plate_ids: chosen.map((box) => box.value), versions: chosen.map((box) => Number(box.dataset.version)) };
  const trial = await act(URL_, { ...asked, dry_run: true }, { key: newKey() });
  if (!trial.ok) {
    tell(`试运行没有结果：${trial.text}`);
    again();
    return;
  }
  const { ready } = trial.body;
  const seen = new Map(chosen.map((box) => [box.value, Number(box.dataset.version)]));
  ask({
    title: ready.length ? `重制 ${ready.length} 块` : "不能重制", object: "试运行结果，尚未写入登记",
    text: ready.length ? "在墙的转为“已更换”，同一地址另编新牌，待批准，凭照片所作的认证随之失效；未上墙的退出批次，计入报废，回到“已批准”。下单时都用现在的名称。" : "所选门牌都不能办理，原因见下。",
    piece: report(trial.body, "重制"),
    fields: ready.length ? fieldsOf("reason* document_number").map((one) => (one.name === "reason" ? { ...one, value: "改名，换新牌" } : one)) : [],
    send: async (values, key) => {
      if (!ready.length) return { ok: true, status: 200, text: "", field: "" };
      const versions = ready.map((/** @type {string} */ id) => seen.get(id));
      const answer = await act(URL_, { plate_ids: ready, versions, ...values }, { key });
      if (!answer.ok) return answer;
      tell(`已重制 ${ready.length} 块：新牌批准后下单`);
      again();
      return answer;
    },
  });
}

work.addEventListener("change", (event) => {
  const box = /** @type {HTMLInputElement} */ (event.target);
  if (box.id === "tick-all") for (const one of boxes()) one.checked = box.checked;
  count();
});
work.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("#renew");
  if (button && button.getAttribute("aria-disabled") !== "true") tryFirst();
});
count();
