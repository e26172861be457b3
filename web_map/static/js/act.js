/** Acts on the register: one request with the page's token, done once for its key. */

/**
 * @typedef {object} Answer
 * @property {boolean} ok
 * @property {number} status 0 when the network failed
 * @property {any} body the reply's JSON: what was written, or the problem
 * @property {string} text what to tell the reader when it was refused
 * @property {string} field the name of the field that was refused, empty when none is named
 */

const BUSY = "系统繁忙，请稍后再试";

/** @returns {string} a key under which one act is done once */
export function newKey() {
  const bytes = window.crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {any} problem @returns {string} */
function fieldOf(problem) {
  return problem?.errors?.[0]?.pointer?.replace(/^.*\//, "") ?? "";
}

/**
 * @param {string} url @param {object} body
 * @param {{version?: number | string | null, key?: string, purpose?: string}} [how] the version that was read, the key of the
 *   act, and for a look at persons the purpose with its case: `01; case=<number>`
 * @returns {Promise<Answer>}
 */
export async function act(url, body, { version = null, key = newKey(), purpose = "" } = {}) {
  const token = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token, "Idempotency-Key": key };
  if (version !== null) headers["If-Match"] = `"${version}"`;
  // A header carries bytes: those of UTF-8.
  if (purpose) headers["Access-Purpose"] = String.fromCharCode(...new TextEncoder().encode(purpose));
  try {
    const reply = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store" });
    const told = await reply.json().catch(() => ({}));
    if (reply.status === 401) {
      const next = window.location.pathname + window.location.search;
      window.location.assign(`/login?next=${encodeURIComponent(next)}`);
    }
    // A fresh second factor gives the session a new token, and the page its own.
    if (told.csrf_token) document.querySelector('meta[name="csrf-token"]')?.setAttribute("content", told.csrf_token);
    const text = reply.ok ? "" : (told.errors?.[0]?.detail ?? told.detail ?? BUSY);
    return { ok: reply.ok, status: reply.status, body: told, text, field: reply.ok ? "" : fieldOf(told) };
  } catch {
    return { ok: false, status: 0, body: {}, text: "连接中断，请检查网络后再试", field: "" };
  }
}
