// A background that colours nothing: it hears what content scripts find, and paints each page in one flat colour. The
// tests drive it through `globalThis.standIn`.

const ports = new Set();
const frameOf = (port) => `${port.sender.tab.id}/${port.sender.frameId}`;
const VIEW = { type: "view", on: true, shown: "colour", peekKey: "o", badges: true };

globalThis.standIn = {
  //: What every tab was told last.
  view: { ...VIEW },
  //: Pages are given their picture as soon as they are found.
  paints: true,
  //: The last list of pages of each frame that has said one.
  lists: {},
  //: Every other message.
  heard: [],
  //: How many lists came.
  said: 0,

  get portCount() {
    return ports.size;
  },

  setView(changes) {
    Object.assign(this.view, changes);
    this.tell(this.view);
  },

  tell(message) {
    for (const port of ports) {
      const shown = this.lists[frameOf(port)]?.pages;
      if (!message.key || shown?.some(({ key }) => key === message.key)) port.postMessage(message);
    }
  },

  closePorts() {
    for (const port of ports) port.disconnect();
    ports.clear();
  },

  reset() {
    Object.assign(this, { lists: {}, heard: [], paints: true });
    this.setView(VIEW);
  },

  async paint(page, hue) {
    const canvas = new OffscreenCanvas(page.width / 2, page.height / 2);
    const context = canvas.getContext("2d");
    context.fillStyle = `hsl(${hue} 80% 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    this.tell({ type: "picture", key: page.key, mime: "image/png", base64 });
    this.tell({ type: "state", key: page.key, state: "done" });
  },

  async paintAll() {
    for (const { pages } of Object.values(this.lists)) for (const page of pages) await this.paint(page, page.order * 60);
  },
};

chrome.runtime.onConnect.addListener((port) => {
  ports.add(port);
  port.onDisconnect.addListener(() => ports.delete(port));
  port.onMessage.addListener((message) => hear(message, frameOf(port)));
  port.postMessage(standIn.view);
});

function hear(message, frame) {
  if (message.type !== "pages") return standIn.heard.push(message);
  standIn.said += 1;
  const known = new Set(standIn.lists[frame]?.pages.map(({ key }) => key));
  standIn.lists[frame] = message;
  if (standIn.paints) for (const page of message.pages) if (!known.has(page.key)) standIn.paint(page, page.order * 60);
}

chrome.runtime.onMessage.addListener((_message, _sender, answer) => answer({ ok: true }));
