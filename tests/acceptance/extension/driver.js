// Stands in for the content script: every img is a page, what comes from the background is written into the document,
// and a lost port is opened again at once. The test sets `data-at` of the root to the place in view.

(() => {
  if (globalThis.driverStarted) return;
  globalThis.driverStarted = true;
  const root = document.documentElement;
  const states = {};
  const pictures = {};
  const log = [];
  let port = null;
  let opened = 0;

  const keyOf = (image) => `k${image.id}`;
  const images = () => [...document.images].filter((image) => image.id);
  const imageOf = (key) => document.getElementById(key.slice(1));

  function write() {
    root.dataset.states = JSON.stringify(states);
    root.dataset.pictures = JSON.stringify(pictures);
    root.dataset.log = JSON.stringify(log);
    root.dataset.opened = String(opened);
  }

  function sendPages() {
    const at = Number(root.dataset.at ?? 0);
    const pages = images().map((image, order) => ({
      key: keyOf(image),
      order,
      source: image.src.startsWith("blob:") ? { kind: "blob", url: image.src } : { kind: "image", url: image.src },
      width: image.naturalWidth,
      height: image.naturalHeight,
      near: order - at,
    }));
    port.postMessage({ type: "pages", title: document.title, address: location.href, direction: "rtl", pages });
  }

  async function read({ key, how }) {
    const image = imageOf(key);
    let blob;
    if (how === "canvas") {
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      canvas.getContext("2d").drawImage(image, 0, 0);
      blob = await canvas.convertToBlob();
    } else {
      const answer = await fetch(image.src);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      blob = await answer.blob();
    }
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return { mime: blob.type, base64: btoa(String.fromCharCode(...bytes)) };
  }

  async function take(message) {
    if (message.type === "state") {
      states[message.key] = message;
      log.push([message.key, message.state]);
    }
    if (message.type === "scan") sendPages();
    if (message.type === "picture") pictures[message.key] = { times: (pictures[message.key]?.times ?? 0) + 1 };
    if (message.type === "choose") root.dataset.chosen = JSON.stringify(message.address);
    if (message.type === "read") {
      const answer = await read(message).catch((error) => ({ error: String(error.message) }));
      port.postMessage({ type: "bytes", key: message.key, ...answer });
    }
    write();
  }

  // As the content script does: only while something is to come.
  function closed() {
    port = null;
    setTimeout(() => (isBusy() ? open() : null), 50);
  }

  const isBusy = () => Object.values(states).some(({ state }) => !["done", "skipped", "failed", "paused"].includes(state));

  function open() {
    if (port) return;
    port = chrome.runtime.connect({ name: "pages" });
    opened += 1;
    port.onMessage.addListener(take);
    port.onDisconnect.addListener(closed);
    sendPages();
    write();
  }

  chrome.runtime.onMessage.addListener((message) => {
    open();
    take(message);
  });

  window.addEventListener("message", ({ data }) => {
    if (data.driver) open();
    if (data.driver === "pages") sendPages();
    else if (data.driver) port.postMessage({ type: data.driver, key: data.key });
  });

  // A chapter of kind `blob` says so, and is ready once its addresses are revoked.
  const settled = (image) => !root.dataset.blobs || image.dataset.revoked;
  const ready = () => images().every((image) => image.complete && image.naturalWidth && settled(image));
  const timer = setInterval(() => {
    if (!ready()) return;
    clearInterval(timer);
    open();
  }, 20);
})();
