// <mf-page-list>: the pages of the draft as they come in, each small, each removable.

import { thumbnail, sha256Of } from "../api.js";
import { fill, h } from "../dom.js";
import { draft } from "../draft.js";
import { t } from "../i18n.js";
import { icon } from "../icons.js";

class PageList extends HTMLElement {
  #list = h("ol", { class: "draft-pages" });

  connectedCallback() {
    if (!this.firstChild) {
      this.#list.setAttribute("aria-label", t("pages.list"));
      this.append(this.#list);
    }
    this.#draw();
    draft.addEventListener("change", this.#onChange);
  }

  disconnectedCallback() {
    draft.removeEventListener("change", this.#onChange);
  }

  #onChange = ({ detail }) => {
    if (detail.includes("pages")) this.#draw();
  };

  #draw() {
    const pages = draft.get("pages");
    const old = new Map([...this.#list.children].map((item) => [item.dataset.key, item]));
    fill(
      this.#list,
      pages.map((page, index) => {
        const key = `${page.asset} ${page.name}`;
        const item = old.get(key) ?? this.#item(page, key);
        item.querySelector(".draft-number").textContent = index + 1;
        return item;
      }),
    );
  }

  #item(page, key) {
    const removeIt = () =>
      draft.set({ pages: draft.get("pages").filter((each) => `${each.asset} ${each.name}` !== key) });
    return h(
      "li",
      { data: { key }, title: page.name },
      h("img", { src: thumbnail(sha256Of(page.asset), 160), alt: page.name, loading: "lazy", decoding: "async" }),
      h("span", { class: "draft-number number", "aria-hidden": "true" }),
      h(
        "button",
        {
          type: "button",
          class: "draft-remove",
          "aria-label": t("pages.remove", { name: page.name }),
          on: { click: removeIt },
        },
        icon("close"),
      ),
    );
  }
}

customElements.define("mf-page-list", PageList);
