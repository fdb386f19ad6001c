// Questions of views to the background.

import { browser } from "../shared/browser.js";
import { CHANGED } from "../shared/messages.js";
import { fill } from "../studio/dom.js";
import { notice } from "./parts/notices.js";
import { t } from "./text.js";

/** Milliseconds between two looks at the background while much changes. */
const CALM = 300;

/** What the background would not do: `code` for the program, `message` for the person. */
export class Refusal extends Error {
  constructor({ code, message }) {
    super(message);
    this.name = "Refusal";
    this.code = code;
  }
}

/** Asks the background; its answer, or a Refusal. */
export async function ask(type, values = {}) {
  const answer = await browser.runtime.sendMessage({ type, ...values });
  if (!answer) throw new Refusal({ code: "no_answer", message: t("view_no_answer") });
  if (!answer.ok) throw new Refusal(answer);
  return answer;
}

/**
 * Runs `look` now and whenever something has changed; never twice at once, and not more often than people can see.
 * What hinders it is said in `notices`, which it has to fill anew itself.
 */
export function keepLooking(look, notices) {
  let busy = false;
  let again = false;
  async function run() {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      await look();
    } catch (error) {
      if (error.name !== "Refusal") throw error;
      fill(notices, notice("bad", error.message, ""));
    } finally {
      setTimeout(settle, CALM);
    }
  }
  function settle() {
    busy = false;
    if (again) run();
  }
  browser.runtime.onMessage.addListener((message) => {
    if (message?.type === CHANGED) run();
  });
  run();
  return run;
}
