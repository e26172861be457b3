/** 对外提供: the file of an approved request goes straight to the disk of whoever made it. */

const box = /** @type {HTMLElement | null} */ (document.getElementById("make"));
const fault = document.getElementById("make-error");
const told = document.getElementById("make-told");

/** @param {string} form csv or xlsx */
async function make(form) {
  if (!box || !fault || !told) return;
  fault.hidden = true;
  told.textContent = "正在生成…";
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  try {
    const reply = await fetch(box.dataset.url ?? "", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
      body: JSON.stringify({ form }),
      cache: "no-store",
    });
    if (!reply.ok) throw new Error((await reply.json()).detail);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await reply.blob());
    link.download = `${box.dataset.number}.${form}`;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    told.textContent = `文件已保存，审计号 ${reply.headers.get("Audit-Id") ?? ""}`;
  } catch (error) {
    told.textContent = "";
    fault.textContent = (error instanceof TypeError ? "" : /** @type {Error} */ (error).message) || "连接中断，请检查网络后再试";
    fault.hidden = false;
  }
}

// Who came from a dwelling finds the request about it begun.
const wished = document.getElementById("wished");
if (wished) {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById("request-object_id"));
  const option = new Option(wished.dataset.title, wished.dataset.id, true, true);
  option.dataset.kind = wished.dataset.kind;
  select.add(option);
  select.dispatchEvent(new Event("change", { bubbles: true }));
  /** @type {HTMLDialogElement | null} */ (document.getElementById("act-request"))?.showModal();
}

box?.addEventListener("click", (event) => {
  const button = /** @type {HTMLButtonElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-make]"));
  if (!button || button.disabled) return;
  button.disabled = true;
  make(button.dataset.make ?? "xlsx").finally(() => (button.disabled = false));
});
