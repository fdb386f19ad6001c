// The page that opens first: which server, and its token. It tests before it keeps, and says exactly what is wrong.

import { FROM_VIEW, hostPattern, PAIRING } from "../shared/messages.js";
import { fill, h } from "../studio/dom.js";
import { readPairing } from "./address.js";
import { ask } from "./ask.js";
import { causeNotice, goodNotice } from "./parts/notices.js";
import { requestOrigins } from "./permissions.js";
import { canScan, scanCode } from "./scan.js";
import { fillTexts, t } from "./text.js";

/** Causes that time mends: such a server may be kept all the same. */
const PASSING = new Set([PAIRING.SERVER_OFF, PAIRING.NOT_READY]);

const form = document.getElementById("pairing");
const address = document.getElementById("address");
const token = document.getElementById("token");
const scan = document.getElementById("scan");
const camera = document.getElementById("camera");
const outcome = document.getElementById("outcome");
const buttons = [document.getElementById("pair"), document.getElementById("test")];

/** What was typed or pasted as an address. A link is taken apart into both fields; any other text is left to the person. */
function takeApart() {
  const read = readPairing(address.value);
  if (read && read.token !== null) {
    address.value = read.address;
    token.value = read.token;
  }
  return read;
}

function typed() {
  const read = takeApart();
  address.setAttribute("aria-invalid", String(!read));
  document.getElementById("address-error").hidden = Boolean(read);
  if (!read) {
    address.focus();
    return null;
  }
  address.value = read.address;
  return { address: read.address, token: token.value.trim() };
}

/** Asks for the host at once, as only a click may, then tests; keeps what works where `keep` is true. */
async function tryOut(keep) {
  const server = typed();
  if (!server) return;
  const asked = requestOrigins([hostPattern(server.address)]);
  fill(outcome, h("p", { class: "row muted" }, h("span", { class: "spinner" }), t("view_pair_testing")));
  for (const button of buttons) button.disabled = true;
  try {
    await asked; // The test says whether it was allowed.
    const answer = await ask(FROM_VIEW.PAIR_TEST, server);
    if (keep) await ask(FROM_VIEW.PAIR_SAVE, server);
    fill(outcome, welcome(answer, keep));
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    fill(outcome, causeNotice(error), keep && PASSING.has(error.code) && keepAnyway(server));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function welcome({ version }, kept) {
  if (!kept) return goodNotice(t("view_pair_good", { version }));
  return goodNotice(t("view_pair_done", { version }), t("view_pair_next"));
}

function keepAnyway(server) {
  const click = async () => {
    await ask(FROM_VIEW.PAIR_SAVE, server);
    fill(outcome, goodNotice(t("view_pair_kept"), t("view_pair_next")));
  };
  return h("button", { type: "button", class: "button", on: { click } }, t("view_pair_keep"));
}

async function readCamera() {
  scan.disabled = true;
  try {
    address.value = await scanCode(camera, (text) => readPairing(text)?.token != null);
    takeApart();
    buttons[0].focus();
  } catch (error) {
    fill(outcome, h("p", { class: "error" }, t("view_pair_no_camera", { why: error.message })));
  } finally {
    scan.disabled = false;
  }
}

async function fillKnown() {
  const known = await ask(FROM_VIEW.PAIR_GET);
  if (known.address) address.value = known.address;
  if (known.hasToken) token.placeholder = t("view_pair_token_known");
}

fillTexts();
document.title = t("view_pair_title");
address.addEventListener("input", takeApart);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  tryOut(true);
});
buttons[1].addEventListener("click", () => tryOut(false));
scan.addEventListener("click", readCamera);
scan.hidden = !(await canScan());
await fillKnown();
