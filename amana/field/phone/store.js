/* The phone's own store. What lies here is readable by whoever holds the phone: it holds sealed
   items, the device's key pair, what the enrolment said, and never an answer. */

let opened = null;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("carnet", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("kept");
      request.result.createObjectStore("queue", { keyPath: "record" });
      request.result.createObjectStore("drafts", { keyPath: "id" });
    };
    request.onsuccess = () => {
      // Another tab wipes the phone: let go, or it would wait for ever.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/** Do something in one transaction; resolves when it is on disk. */
export async function within(name, mode, act) {
  const base = await database();
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(name, mode);
    const request = act(transaction.objectStore(name));
    transaction.oncomplete = () => resolve(request ? request.result : undefined);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}

export const read = (key) => within("kept", "readonly", (kept) => kept.get(key));
export const write = (key, value) => within("kept", "readwrite", (kept) => kept.put(value, key));
export const all = (name) => within(name, "readonly", (held) => held.getAll());
export const put = (name, value) => within(name, "readwrite", (held) => held.put(value));
export const drop = (name, key) => within(name, "readwrite", (held) => held.delete(key));

/** Put an item in the queue, unless a later one of the same record lies there. */
export const enqueue = (item) => within("queue", "readwrite", (queue) => {
  const found = queue.get(item.record);
  found.onsuccess = () => {
    if (!found.result || found.result.seq < item.seq) queue.put(item);
  };
});

/** Change or remove a queued item, only if it is not newer than the one that was meant. */
export const settle = (record, seq, change) => within("queue", "readwrite", (queue) => {
  const found = queue.get(record);
  found.onsuccess = () => {
    const item = found.result;
    if (!item || item.seq > seq) return;
    if (change) queue.put({ ...item, ...change });
    else queue.delete(record);
  };
});

/** Remove everything this phone holds. */
export async function wipe() {
  if (opened) (await opened).close();
  opened = null;
  await new Promise((done) => {
    const request = indexedDB.deleteDatabase("carnet");
    request.onsuccess = done;
    request.onblocked = done;
    request.onerror = done;
  });
  for (const name of await caches.keys()) await caches.delete(name);
}
