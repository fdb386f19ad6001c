// Shows the pages of a frame as the person wants them: coloured or original, with badges, whatever the site does to them.

const load = (name) => import(chrome.runtime.getURL(`content/${name}`));
const { Badges } = await load("badges.js");
const { Finder } = await load("finder.js");
const { Measure } = await load("measure.js");
const { Painter } = await load("painter.js");
const { Peek } = await load("peek.js");
const { ScreenPage } = await load("screen.js");
const { Truce } = await load("truce.js");
const { Watch } = await load("watch.js");
const { say } = await load("words.js");

//: Coloured pictures are kept this many places around the view, and asked for again this near to it.
const KEPT_PLACES = 30;
const WANTED_PLACES = 10;
//: Height by width from which most pages make it a strip that is read downwards.
const STRIP_ASPECT = 2.2;
//: Attributes after whose change an image names what it showed before for a moment still.
const SOURCES = new Set(["src", "srcset", "sizes"]);

export class Reader {
  #chapter;
  #say;
  #options;
  #view = { on: false, shown: "colour", badges: true };
  #direction;
  #chosen = new Set();
  #near = new Map();
  #asked = new Set();
  #said = "";
  #truce = new Truce();
  #drawing = null;
  #layers = new Map();
  #missing = [];
  //: {key, screen} of the page that is being taken from the screen.
  #taking = null;
  #lives = new AbortController();
  #painter = new Painter();
  #watch = new Watch({
    onChange: () => this.scan(),
    onAttribute: (record) => this.#isTheirs(record),
    onView: () => this.#drawSoon(),
  });
  #finder = new Finder(new Measure(() => this.#watch.soon()), (element) => this.#painter.addressBelow(element));
  #peek = new Peek(
    () => this.#draw(),
    (element) => this.#keyInColour(element),
  );

  /**
   * @param {import("./chapter.js").Chapter} chapter
   * @param {{say: (message: object) => void, findsPages: boolean, saysNothingFound: boolean}} options
   */
  constructor(chapter, { say, ...options }) {
    this.#chapter = chapter;
    this.#say = say;
    this.#options = options;
  }

  /** The person wants pages shown in another way, or the site turned on or off. */
  view(view) {
    if (view.shown !== this.#view.shown) for (const page of this.#chapter.pages) page.shown = null;
    this.#view = view;
    this.#peek.use(view.peekKey);
    this.scan();
  }

  /** Takes one picture for a page, whatever it looks like. False where this is for the script of another frame to do. */
  choose(address) {
    if (this.#view.on && !this.#options.findsPages) return false;
    this.#chosen.add(address);
    this.scan();
    if (!this.#missing.includes(address)) return true;
    this.#chosen.delete(address);
    this.scan();
    return false;
  }

  /** Shows the original of a page from `from` on, and nothing over it. @see ScreenPage.show */
  async showForScreen(key, from) {
    const page = this.#chapter.get(key);
    if (!page?.element) throw new Error(say("screen_gone"));
    if (this.#taking?.key !== key) {
      this.leaveScreen();
      this.#taking = { key, screen: new ScreenPage(page) };
      this.#draw();
    }
    return this.#taking.screen.show(from);
  }

  /** The page was taken from the screen, or cannot be. */
  leaveScreen() {
    this.#taking?.screen.leave();
    this.#taking = null;
    this.#draw();
  }

  state(state) {
    const page = this.#chapter.get(state.key);
    if (!page) return;
    page.state = state;
    this.#keepPictures();
    this.#drawSoon();
  }

  picture(key, address) {
    const page = this.#chapter.get(key);
    if (!page) return URL.revokeObjectURL(address);
    this.#forget(page);
    page.picture = address;
    this.#draw();
  }

  /** Looks for pages. */
  scan({ always = false } = {}) {
    const found = this.#isAtWork() ? this.#find() : [];
    for (const page of this.#chapter.update(found)) this.#forget(page);
    this.#watch.watchPages(found.map(({ element }) => element));
    this.#draw();
    this.say({ always });
  }

  /** Says which pages there are, and how near, if that has changed and anything depends on it. */
  say({ always = false } = {}) {
    if (!this.#isAtWork()) return;
    const { pages, address } = this.#chapter;
    this.#near = this.#chapter.nearness(({ element }) => element !== null && this.#watch.isVisible(element));
    this.#keepPictures();
    if (pages.length === 0 && !this.#options.saysNothingFound && !this.#said) return;
    const message = {
      type: "pages",
      title: document.title,
      address,
      direction: this.#direction,
      pages: pages.map((page, order) => said(page, order, this.#near.get(page.key))),
    };
    const text = JSON.stringify(message, (name, value) => (name === "near" && !this.#chapter.isBusy() ? 0 : value));
    if (text === this.#said && !always) return;
    this.#said = text;
    this.#say(message);
  }

  /** Leaves the document as it was. */
  stop() {
    this.leaveScreen();
    this.#view = { ...this.#view, on: false };
    this.#chosen.clear();
    this.scan();
    this.#watch.stop();
    this.#lives.abort();
  }

  /** Whether this script is the one that finds the pages of its frame. */
  #findsAll() {
    return this.#view.on && this.#options.findsPages;
  }

  #isAtWork() {
    return this.#findsAll() || this.#chosen.size > 0;
  }

  #find() {
    const wanted = { all: this.#findsAll(), addresses: this.#chosen, direction: this.#view.direction ?? undefined };
    const { pages, roots, canvases, direction, missing } = this.#finder.find(document, wanted);
    this.#missing = missing;
    this.#listen(roots);
    this.#watch.watchCanvases(canvases);
    this.#direction = direction ?? directionOf(pages);
    return pages;
  }

  #listen(roots) {
    this.#watch.watchRoots(roots);
    for (const root of roots) {
      if (root.nodeType !== Node.DOCUMENT_NODE || this.#layers.has(root)) continue;
      this.#layers.set(root, new Badges(root, { onToggle: (key) => this.#toggle(key), onRetry: (key) => this.#retry(key) }));
      this.#peek.listen(root, this.#lives.signal);
    }
  }

  /** Whether the site has changed this attribute; if it is of a page in colour, the page is seen to at once. */
  #isTheirs({ target, attributeName, oldValue }) {
    const page = this.#painter.pictureOn(target) && this.#chapter.of(target);
    if (!page) return true;
    if (attributeName === "style" && this.#painter.isIntact(target)) return false;
    if (target.getAttribute(attributeName) === oldValue) return false;
    // What the site wants to be seen now must not lie below the colours of what was there before.
    this.#painter.restore(target);
    if (SOURCES.has(attributeName) || !this.#finder.stillShows(page)) page.element = null;
    else this.#mend(page);
    return true;
  }

  /** Shows a page in colour again, at once or after a rest: a site that takes every change back is not fought. */
  #mend(page) {
    const rest = this.#truce.lose(page.element);
    if (rest > 0) setTimeout(() => this.#drawSoon(), rest);
    else this.#drawPage(page);
  }

  #drawSoon() {
    this.#drawing ??= requestAnimationFrame(() => {
      this.#drawing = null;
      this.#draw();
      this.say();
    });
  }

  #draw() {
    const pages = this.#chapter.shown;
    const elements = new Set(pages.map(({ element }) => element));
    for (const element of this.#painter.elements) if (!elements.has(element)) this.#painter.restore(element);
    for (const page of pages) this.#drawPage(page);
    for (const [root, badges] of this.#layers) {
      if (this.#isAtWork()) badges.show(this.#view.badges && !this.#taking ? this.#badgesIn(root, pages) : []);
      else badges.remove();
    }
  }

  #drawPage(page) {
    const isHidden = this.#peek.shows(page.key) || this.#taking?.key === page.key;
    if (this.#shownOf(page) !== "colour" || isHidden) this.#painter.restore(page.element);
    else if (this.#painter.pictureOn(page.element) !== page.picture && !this.#truce.holds(page.element)) {
      this.#painter.paint(page, page.picture);
      this.#truce.note(page.element);
    }
  }

  #badgesIn(root, pages) {
    const visible = pages.filter(({ element }) => element.ownerDocument === root && this.#watch.isVisible(element));
    return visible.map((page) => ({ ...page, shown: this.#shownOf(page) }));
  }

  /** What is to be seen of a page, but for a peek. */
  #shownOf({ picture, shown }) {
    return picture === null ? "original" : (shown ?? this.#view.shown);
  }

  #toggle(key) {
    const page = this.#chapter.get(key);
    page.shown = this.#shownOf(page) === "colour" ? "original" : "colour";
    this.#draw();
  }

  #retry(key) {
    this.#say({ type: "retry", key });
  }

  #keyInColour(element) {
    return this.#painter.pictureOn(element) ? (this.#chapter.of(element)?.key ?? null) : null;
  }

  /** Keeps the pictures around the view, and asks for those that are missing there. */
  #keepPictures() {
    for (const page of this.#chapter.pages) {
      const places = Math.abs(this.#near.get(page.key) ?? 0);
      if (page.picture && places > KEPT_PLACES) this.#forget(page);
      if (page.picture || page.state.state !== "done") this.#asked.delete(page.key);
      else if (page.element && places <= WANTED_PLACES && !this.#asked.has(page.key)) {
        this.#asked.add(page.key);
        this.#say({ type: "picture", key: page.key });
      }
    }
  }

  #forget(page) {
    if (!page.picture) return;
    if (page.element) this.#painter.restore(page.element);
    this.#painter.forget(page.picture);
    URL.revokeObjectURL(page.picture);
    page.picture = null;
  }
}

function said({ key, kind, url, width, height, chosen }, order, near) {
  return { key, order, source: url ? { kind, url } : { kind }, width, height, near, ...(chosen ? { chosen } : {}) };
}

function directionOf(pages) {
  const strips = pages.filter(({ width, height }) => height > STRIP_ASPECT * width);
  return strips.length > pages.length / 2 ? "vertical" : undefined;
}
