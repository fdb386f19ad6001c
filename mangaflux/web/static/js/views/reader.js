// <mf-reader>: a chapter page by page: what was and what became of it.

import { remove, tried } from "../api.js";
import { readChapter } from "../chapter.js";
import { fill, h, kept, setText, settled } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";
import { live } from "../live.js";
import { unread } from "../parts/empty.js";
import "../parts/page-info.js";
import { legend } from "../parts/page-analysis.js";
import "../parts/page-stage.js";
import "../parts/page-strip.js";
import { MODES, setAble, whenAble } from "../parts/reader-bar.js";
import { attempt, confirm } from "../parts/toasts.js";
import { readerKeys } from "../reader-keys.js";
import { Reroll } from "../reroll.js";
import { MAX_SCALE } from "../zoom.js";

//: Pages that are fetched before they are asked for.
const AHEAD = 2;
const SILENCE_MILLISECONDS = 800;

class Reader extends HTMLElement {
  #chapterId = "";
  #pages = [];
  #index = 0;
  #mode = kept.get("mode", "slider");
  #direction = "rtl";
  #isOverlaid = false;
  #stage = h("mf-page-stage");
  #strip = h("mf-page-strip");
  #info = h("mf-page-info", { class: "reader-info" });
  #scrubber = h("input", { type: "range", min: "1", step: "1", class: "scrubber" });
  #actions = h("div", { class: "row info-actions" });
  #status = h("p", { class: "reader-status", role: "status", hidden: true });
  #side = h("aside", { class: "reader-side", hidden: true });
  #bar = null;
  #legend = legend();
  #turns = { left: this.#turn("left", "right"), right: this.#turn("right", "left") };
  #scale = 1;
  #reroll = new Reroll(
    (text) => this.#say(text),
    () => this.#readAgain(),
  );

  // While a chapter is being coloured, its pages change under the reader's eyes.
  #readSoon = settled(SILENCE_MILLISECONDS, () => {
    if (this.isConnected && this.#pages.length) this.#readAgain();
  });

  async connectedCallback() {
    document.body.classList.add("reading");
    this.#chapterId = this.getAttribute("chapter");
    this.#build();
    document.addEventListener("keydown", this.#keys);
    document.addEventListener("keyup", this.#keys);
    live.addEventListener("happened", this.#happened);
    live.addEventListener("resync", this.#resync);
    await this.#read(Number(this.getAttribute("page")) || 1);
  }

  disconnectedCallback() {
    document.body.classList.remove("reading");
    document.removeEventListener("keydown", this.#keys);
    document.removeEventListener("keyup", this.#keys);
    live.removeEventListener("happened", this.#happened);
    live.removeEventListener("resync", this.#resync);
    this.#reroll.stop();
  }

  #build() {
    this.#bar = h("mf-reader-bar", { chapter: this.#chapterId });
    const heard = {
      mode: (mode) => this.#setMode(mode),
      direction: (direction) => this.#setDirection(direction, true),
      zoom: (factor) => this.#stage.zoomBy(factor),
      peek: (isPeeking) => this.#peek(isPeeking),
      overlay: () => this.#toggleOverlay(),
      info: () => this.#toggleInfo(),
    };
    for (const [type, work] of Object.entries(heard)) this.#bar.addEventListener(type, ({ detail }) => work(detail));
    this.#scrubber.setAttribute("aria-label", t("reader.page"));
    this.#scrubber.addEventListener("input", () => this.#goTo(Number(this.#scrubber.value) - 1));
    this.#stage.addEventListener("swipe", ({ detail }) => this.#turnTowards(detail));
    this.#strip.addEventListener("page", ({ detail }) => {
      this.#index = detail;
      this.#drawPlace();
    });
    this.#side.setAttribute("aria-label", t("reader.info"));
    this.#side.append(this.#info, this.#actions);
    this.#stage.addEventListener("zoom", ({ detail }) => {
      this.#scale = detail;
      this.#drawAble();
    });
    const pages = [this.#stage, this.#strip, this.#turns.left, this.#turns.right, this.#legend, this.#status];
    this.append(
      h("header", { class: "reader-top" }, this.#bar),
      h("div", { class: "reader-body" }, h("div", { class: "reader-pages" }, pages), this.#side),
      h("footer", { class: "reader-foot" }, this.#scrubber),
    );
    this.#setMode(this.#mode);
  }

  /** A button at one side; it moves the sheet to the other. */
  #turn(side, towards) {
    const label = t(`reader.turn.${side}`);
    const click = whenAble(() => this.#turnTowards(towards));
    const properties = { type: "button", class: `turn ${side}`, "aria-label": label, on: { click } };
    return h("button", properties, icon(side === "left" ? "back" : "forward"));
  }

  async #read(pageNum) {
    try {
      const { pages, job } = await readChapter(this.#chapterId);
      this.#pages = pages;
      this.#setDirection(kept.get(`direction.${this.#chapterId}`) ?? job?.options.reading_direction ?? "rtl", false);
      this.#index = Math.max(
        0,
        pages.findIndex((page) => page.page_num === pageNum),
      );
    } catch (error) {
      if (error.name !== "Problem") throw error;
      fill(this, unread(error, t("reader.gone"), "library"));
      return;
    }
    if (!this.#pages.length) {
      location.hash = "#/library";
      return;
    }
    this.#scrubber.max = String(this.#pages.length);
    this.#draw();
  }

  async #readAgain() {
    const { page_num: current } = this.#pages[this.#index];
    const { body } = await tried(readChapter(this.#chapterId));
    // A server that is away for a moment: the next greeting of the stream reads again.
    if (!body) return;
    this.#pages = body.pages;
    if (!this.#pages.length) {
      location.hash = "#/library";
      return;
    }
    const place = this.#pages.findIndex((page) => page.page_num === current);
    this.#index = place >= 0 ? place : Math.min(this.#index, this.#pages.length - 1);
    this.#scrubber.max = String(this.#pages.length);
    this.#draw();
  }

  #draw() {
    const page = this.#pages[this.#index];
    const isStrip = this.#direction === "vertical";
    this.#strip.hidden = !isStrip;
    this.#stage.hidden = isStrip;
    if (isStrip) this.#strip.show(this.#pages, this.#index, this.#mode === "original");
    else this.#stage.show({ ...page, name: t("reader.page.name", { page: page.page_num }) });
    this.#drawPlace();
    for (const next of this.#pages.slice(this.#index + 1, this.#index + 1 + AHEAD))
      if (!isStrip) for (const address of [next.before, next.after]) if (address) new Image().src = address;
  }

  #drawPlace() {
    const page = this.#pages[this.#index];
    this.#bar.place = `${this.#index + 1} / ${this.#pages.length}`;
    this.#scrubber.value = String(this.#index + 1);
    this.#scrubber.setAttribute(
      "aria-valuetext",
      t("reader.page.of", { page: this.#index + 1, total: this.#pages.length }),
    );
    history.replaceState(null, "", `#/read/${this.#chapterId}/${page.page_num}`);
    this.#drawAble();
    if (!this.#side.hidden) this.#drawInfo();
  }

  /** Buttons that would do nothing now are dimmed. */
  #drawAble() {
    const page = this.#pages[this.#index];
    if (!page) return;
    this.#bar.able = {
      zoomOut: this.#scale > 1,
      zoomIn: this.#scale < MAX_SCALE,
      isColoured: Boolean(page.after),
      isAnalysed: Boolean(page.analysis),
      isStrip: this.#direction === "vertical",
    };
    const ahead = this.#direction === "rtl" ? "left" : "right";
    for (const [side, button] of Object.entries(this.#turns))
      setAble(button, side === ahead ? this.#index < this.#pages.length - 1 : this.#index > 0);
  }

  #drawInfo() {
    const page = this.#pages[this.#index];
    if (!page) return;
    this.#info.show(this.#chapterId, page);
    const name = page.name.replace(/\.[^.]*$/, "");
    fill(
      this.#actions,
      this.#rerollButton(page),
      page.after &&
        h(
          "a",
          { class: "button", href: page.after, download: `${name}_colorized.png` },
          icon("archive"),
          t("reader.download"),
        ),
      h(
        "button",
        { type: "button", class: "button danger plain", on: { click: () => this.#deletePage(page) } },
        icon("trash"),
        t("reader.delete"),
      ),
    );
  }

  #rerollButton(page) {
    const label = t("reader.reroll");
    const click = whenAble(() => this.#reroll.start(this.#chapterId, page.page_num));
    const properties = { type: "button", class: "button main", "aria-label": label, on: { click } };
    const button = h("button", properties, icon("reroll"), label);
    setAble(button, Boolean(page.analysis), t("reader.unseen"));
    return button;
  }

  #happened = ({ detail: { type, data } }) => {
    this.#reroll.take(type, data);
    if (type === "page.pass1.completed" || type === "page.pass2.completed") this.#readSoon();
  };

  #resync = () => {
    this.#reroll.look();
    this.#readSoon();
  };

  #say(text) {
    this.#status.hidden = !text;
    setText(this.#status, text);
  }

  #setMode(mode) {
    this.#mode = mode;
    kept.set("mode", mode);
    this.#bar.mode = mode;
    this.#stage.mode = mode;
    if (this.#pages.length && this.#direction === "vertical") this.#draw();
  }

  #setDirection(direction, byHand) {
    this.#direction = direction;
    this.#bar.direction = direction;
    if (byHand) kept.set(`direction.${this.#chapterId}`, direction);
    this.dataset.direction = direction;
    this.#scrubber.dir = direction === "rtl" ? "rtl" : "ltr";
    if (this.#pages.length) this.#draw();
  }

  #toggleOverlay() {
    this.#isOverlaid = !this.#isOverlaid;
    this.#bar.overlay = this.#isOverlaid;
    this.#stage.overlay = this.#isOverlaid;
    this.#strip.overlay = this.#isOverlaid;
    this.#legend.hidden = !this.#isOverlaid;
  }

  #toggleInfo() {
    this.#side.hidden = !this.#side.hidden;
    this.#bar.info = !this.#side.hidden;
    if (!this.#side.hidden) this.#drawInfo();
  }

  #peek(isPeeking) {
    this.#stage.peek = isPeeking;
    this.#strip.peek = isPeeking;
  }

  #goTo(index) {
    if (!this.#pages.length) return;
    const place = Math.min(this.#pages.length - 1, Math.max(0, index));
    if (place === this.#index) return;
    this.#index = place;
    this.#draw();
  }

  /** Turns the page as if the sheet moved in a direction: in right-to-left books the next page comes from the left. */
  #turnTowards(direction) {
    const forward = this.#direction === "rtl" ? "right" : "left";
    this.#goTo(this.#index + (direction === forward ? 1 : -1));
  }

  async #deletePage(page) {
    if (!(await confirm(t("reader.delete.title", { page: page.page_num }), t("reader.delete.text"), t("delete"))))
      return;
    if (await attempt(() => remove(`/v1/chapters/${this.#chapterId}/pages/${page.page_num}`))) this.#readAgain();
  }

  #keys = readerKeys({
    turn: (direction) => this.#turnTowards(direction),
    step: (count) => this.#goTo(this.#index + count),
    jump: (toEnd) => this.#goTo(toEnd ? this.#pages.length - 1 : 0),
    peek: (isPeeking) => this.#peek(isPeeking),
    mode: (place) => this.#setMode(MODES[place]),
    zoom: (factor) => this.#stage.zoomBy(factor),
    pan: (x, y) => this.#stage.pan(x, y),
    overlay: () => this.#toggleOverlay(),
    info: () => this.#toggleInfo(),
    leave: () => {
      location.hash = `#/chapter/${this.#chapterId}`;
    },
    isStrip: () => this.#direction === "vertical",
  });
}

customElements.define("mf-reader", Reader);
