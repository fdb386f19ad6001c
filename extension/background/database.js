/** The database of the extension: opening it, and whole transactions as promises. */

const NAME = "mangaflux";
const VERSION = 1;

let opening = null;

/**
 * One transaction. `work` gets the object stores by name and must not wait for anything but them; what it returns comes
 * back once everything is on disk, or nothing of it is.
 * @template T
 * @param {string[]} names @param {IDBTransactionMode} mode
 * @param {(stores: Record<string, IDBObjectStore>) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function transact(names, mode, work) {
  const database = await open();
  const transaction = database.transaction(names, mode, { durability: mode === "readwrite" ? "strict" : "default" });
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("The transaction was aborted."));
  });
  const stores = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));
  let result;
  try {
    result = await work(stores);
  } catch (error) {
    ended.catch(() => {});
    transaction.abort();
    throw error;
  }
  await ended;
  return result;
}

/** What a request of IndexedDB answers. @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => create(request.result);
    request.onerror = () => {
      opening = null;
      reject(request.error);
    };
    request.onsuccess = () => {
      // A newer version of the extension waits for this one to let go.
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => (opening = null);
      resolve(request.result);
    };
  });
  return opening;
}

function create(database) {
  const pages = database.createObjectStore("pages", { keyPath: "id" });
  pages.createIndex("chapter", "chapter_id");
  pages.createIndex("job", "job_id");
  pages.createIndex("state", "state");
  database.createObjectStore("chapters", { keyPath: "chapter_id" });
  const pictures = database.createObjectStore("pictures", { keyPath: "id" });
  pictures.createIndex("used", "used");
  database.createObjectStore("references", { keyPath: "sha256" });
}
