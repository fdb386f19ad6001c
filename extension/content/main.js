// The content script of a frame: what it hears from the background, and what it says.

const load = (name) => import(chrome.runtime.getURL(`content/${name}`));
const { addressOfPicture, readPage } = await load("bytes.js");
const { Connection } = await load("connection.js");
const { Chapter } = await load("chapter.js");
const { Reader } = await load("reader.js");
const { isSeenFromOutside } = await load("tree.js");

/** Starts in this frame; it finds nothing until the background says that the site is on. */
export async function start() {
  const chapter = new Chapter();
  const isInner = isSeenFromOutside();
  const reader = new Reader(chapter, {
    say: (message) => connection.send(message),
    // The script of the outer frame finds the pages of this one, too.
    findsPages: !isInner,
    // A frame of advertisements has nothing to say; of the tab itself, even that there is nothing is worth knowing.
    saysNothingFound: globalThis.top === globalThis,
  });

  const answers = {
    view: (message) => reader.view(message),
    scan: () => reader.scan({ always: true }),
    choose: ({ address }) => connection.send({ type: "chosen", address, taken: reader.choose(address) }),
    place: async ({ key, from }) => connection.send({ type: "placed", key, ...(await placeOf(key, from)) }),
    leave: () => reader.leaveScreen(),
    state: ({ type: _, ...state }) => reader.state(state),
    picture: async ({ key, mime, base64 }) => reader.picture(key, await addressOfPicture(mime, base64)),
    read: async ({ key, how }) => connection.send({ type: "bytes", key, ...(await bytesOf(key, how)) }),
  };

  async function bytesOf(key, how) {
    const page = chapter.get(key);
    if (!page?.element) return { error: "gone" };
    try {
      return await readPage(page, how);
    } catch (error) {
      return { error: error.message };
    }
  }

  async function placeOf(key, from) {
    try {
      return await reader.showForScreen(key, from);
    } catch (error) {
      return { error: error.message };
    }
  }

  const connection = new Connection((message) => answers[message.type]?.(message), {
    isBusy: () => chapter.isBusy(),
    onOpen: () => reader.say({ always: true }),
    onClosed: () => reader.leaveScreen(),
    onGone: () => reader.stop(),
  });
  connection.open();
}
