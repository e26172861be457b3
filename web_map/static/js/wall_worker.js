// The worker of the pages at the wall: it keeps those pages, what they load, and the tiles seen before.
// It answers nothing else, and keeps nothing of any other page.

const SHELL = "wall-shell-1";
const TILES = "wall-tiles-1";
const MOST_TILES = 3000;
const LIST = "/plates/install";
const ONE = "/plates/installing";
const EXTRA = ["/plates/map-worker.js", "/static/vendor/jsqr/jsQR.js"];
const PATIENCE_MS = 4000;
const LINKS = /(?:src|href)="(\/static\/[^"]+)"|(?:from|import) "([^"]+\.js)"/g;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});
self.addEventListener("activate", (event) => {
  event.waitUntil(clean().then(() => self.clients.claim()));
});

async function clean() {
  const old = (await caches.keys()).filter((name) => name.startsWith("wall-") && name !== SHELL && name !== TILES);
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function keepShell() {
  const seen = new Set();
  await Promise.all([LIST, ONE, ...EXTRA].map((url) => gather(url, seen)));
}

/** Keep a file and whatever it names, as deep as that goes. */
async function gather(url, seen) {
  if (seen.has(url)) return;
  seen.add(url);
  const reply = await fetch(url, { cache: "no-cache" });
  if (!reply.ok || reply.redirected) throw new Error(`not kept: ${url}`);
  await (await caches.open(SHELL)).put(url, reply.clone());
  if (!/html|javascript/.test(reply.headers.get("content-type") ?? "") || url.includes("/vendor/")) return;
  const links = [...(await reply.text()).matchAll(LINKS)].map((found) => found[1] ?? new URL(found[2], new URL(url, self.location.href)).pathname);
  await Promise.all(links.map((link) => gather(link, seen)));
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") {
    if (url.pathname === LIST) event.respondWith(freshOrKept(event.request, LIST));
    else if (/^\/plates\/[0-9a-f-]{36}\/install$/.test(url.pathname)) event.respondWith(freshOrKept(event.request, ONE));
  } else if (url.pathname.startsWith("/tiles/")) event.respondWith(tile(event.request));
  else if (url.pathname.startsWith("/static/") || EXTRA.includes(url.pathname)) event.respondWith(file(event.request));
});

/** The page as it is now; the kept one when the network is away or slow. */
async function freshOrKept(request, key) {
  const shell = await caches.open(SHELL);
  const fresh = fetch(request).then(async (reply) => {
    // Both pages say who is signed in: they are kept together.
    if (key === LIST && (await keepPage(LIST, reply))) fetch(ONE).then((other) => keepPage(ONE, other)).catch(() => {});
    return reply;
  });
  const slow = new Promise((done) => setTimeout(done, PATIENCE_MS));
  const first = await Promise.race([fresh.catch(() => null), slow]);
  return first ?? (await shell.match(key)) ?? fresh;
}

/** @returns {Promise<boolean>} whether the page was given to who is signed in, and is kept now */
async function keepPage(url, reply) {
  if (!reply.ok || reply.redirected) return false;
  await (await caches.open(SHELL)).put(url, reply.clone());
  return true;
}

async function file(request) {
  try {
    const reply = await fetch(request);
    if (reply.ok && (await caches.match(request, { cacheName: SHELL }))) {
      await (await caches.open(SHELL)).put(request, reply.clone());
    }
    return reply;
  } catch (error) {
    const kept = await caches.match(request, { cacheName: SHELL });
    if (kept) return kept;
    throw error;
  }
}

/** A tile that was never seen is empty, not an error: the plan of the place is drawn all the same. */
async function tile(request) {
  const tiles = await caches.open(TILES);
  try {
    const reply = await fetch(request);
    if (reply.status === 200) {
      await tiles.put(request, reply.clone());
      if (Math.random() < 0.01) await trim(tiles);
    }
    return reply;
  } catch {
    return (await tiles.match(request)) ?? new Response(new ArrayBuffer(0), { headers: { "Content-Type": "application/vnd.mapbox-vector-tile" } });
  }
}

/** Pages and scripts for another account, who may use others; tiles of the places where work waits, as far as they are not kept. */
self.addEventListener("message", (event) => {
  event.waitUntil(event.data.renew ? keepShell().catch(() => {}) : keepTiles(event.data.tiles ?? []));
});

/** One after the other, for the line is thin. */
async function keepTiles(urls) {
  const tiles = await caches.open(TILES);
  for (const url of urls) {
    if (await tiles.match(url)) continue;
    const reply = await fetch(url).catch(() => null);
    if (!reply) return;
    if (reply.status === 200) await tiles.put(url, reply);
  }
}

async function trim(tiles) {
  const all = await tiles.keys();
  await Promise.all(all.slice(0, Math.max(0, all.length - MOST_TILES)).map((one) => tiles.delete(one)));
}
