/* The worker: the app opens without a line. It holds the shell, the same for everyone, and no data. */

const version = "VERSION";
const FIRST = "FIRST";
const LEISURE = "LEISURE";
const NAME = `carnet-${version}`;
const known = new Set([...FIRST, ...LEISURE]);
const address = (path) => `/field/${path}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(FIRST.map((path) => new Request(address(path), { cache: "no-cache" })));
    if (!self.registration.active) await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("carnet-") && name !== NAME) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

/* One after another: a bad line is not choked by what can wait. */
async function atLeisure() {
  const cache = await caches.open(NAME);
  for (const path of LEISURE) {
    if (!(await cache.match(address(path), { ignoreVary: true }))) {
      await cache.add(new Request(address(path), { cache: "no-cache" })).catch(() => {});
    }
  }
}

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
  if (event.data === "at leisure") event.waitUntil(atLeisure());
});

async function held(request, path) {
  const cache = await caches.open(NAME);
  const found = await cache.match(address(path), { ignoreVary: true });
  if (found) return found;
  const fetched = await fetch(request);
  if (fetched.status === 200) await cache.put(address(path), fetched.clone());
  return fetched;
}

/* What the node has recorded may change without a new version: ask, and fall back. */
async function recorded(request, isList) {
  const cache = await caches.open("audio");
  const found = await cache.match(request.url, { ignoreVary: true });
  if (found && !isList) return found;
  try {
    const fetched = await fetch(request.url, { credentials: "omit" });
    if (fetched.status === 200) await cache.put(request.url, fetched.clone());
    return fetched;
  } catch (error) {
    if (found) return found;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (!pathname.startsWith("/field/")) return;
  const path = pathname.slice(7);
  if (known.has(path)) event.respondWith(held(event.request, path));
  else if (path.startsWith("audio")) event.respondWith(recorded(event.request, path === "audio.json"));
});
