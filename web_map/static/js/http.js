/** Requests for pieces of pages. Purposes and personal values go into the body, never into an address. */

/**
 * @typedef {object} Piece
 * @property {boolean} ok whether the server granted it
 * @property {number} status
 * @property {string} html
 */

/** @param {Response} reply @returns {Promise<Piece>} */
async function read(reply) {
  const away = reply.headers.get("HX-Redirect");
  if (away === "/login") {
    // Back to the same view after signing in; the address holds no person and no purpose.
    const next = window.location.pathname + window.location.search;
    window.location.assign(`/login?next=${encodeURIComponent(next)}`);
  } else if (away) window.location.assign(away);
  return { ok: reply.ok, status: reply.status, html: await reply.text() };
}

/** What a piece says when the network or the server fails. */
export const LOST = '<div class="state state-error" role="alert"><p><strong>连接中断</strong><br>请检查网络后再试。</p></div>';

/** @param {string} url @param {Record<string, string>} values @returns {Promise<Piece>} */
export async function post(url, values) {
  try {
    const body = new URLSearchParams(values);
    return await read(await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" }, cache: "no-store" }));
  } catch {
    return { ok: false, status: 0, html: LOST };
  }
}

/** @param {string} url @returns {Promise<Piece>} */
export async function get(url) {
  try {
    return await read(await fetch(url, { headers: { "HX-Request": "true" } }));
  } catch {
    return { ok: false, status: 0, html: LOST };
  }
}

/** @param {string} url @param {AbortSignal} [signal] @returns {Promise<any>} the reply's JSON, null when there is none */
export async function getJson(url, signal) {
  try {
    const reply = await fetch(url, { headers: { "HX-Request": "true" }, signal });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
