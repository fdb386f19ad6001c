// Short messages at the edge of the page, and questions before something is lost.

import { h } from "../dom.js";
import { t } from "../i18n.js";

const SHOWN_MILLISECONDS = 6000;
//: Older ones make room.
const MAX_SHOWN = 4;

let place = null;

function holder() {
  if (!place?.isConnected) {
    place = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    document.body.append(place);
  }
  return place;
}

/** Says something for a few seconds; `action` is `[label, callback]`. */
export function say(message, action = null) {
  const toast = h("div", { class: "toast" }, h("span", { class: "grow" }, message));
  if (action)
    toast.append(
      h(
        "button",
        {
          class: "button",
          type: "button",
          on: {
            click: () => {
              toast.remove();
              action[1]();
            },
          },
        },
        action[0],
      ),
    );
  holder().append(toast);
  while (holder().children.length > MAX_SHOWN) holder().firstChild.remove();
  setTimeout(() => toast.remove(), SHOWN_MILLISECONDS);
}

/** Runs something that may be refused, and says why where it is; true where it was not. */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name === "AbortError") return false;
    if (error.name !== "Problem") throw error;
    say(error.message);
    return false;
  }
}

/** Asks before something is lost; resolves to true where the person agrees. */
export function confirm(title, text, action) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "confirm-title" },
      h(
        "form",
        { method: "dialog", class: "stack" },
        h("h2", { id: "confirm-title" }, title),
        h("p", { class: "muted" }, text),
        h(
          "div",
          { class: "row" },
          h("button", { class: "button", value: "no" }, t("confirm.keep")),
          h("button", { class: "button main", value: "yes" }, action),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
