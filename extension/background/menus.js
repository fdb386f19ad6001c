/** The context menu of pictures, on any site. */

import { fromBase64 } from "../shared/base64.js";
import { browser } from "../shared/browser.js";
import { TO_PAGE } from "../shared/messages.js";
import { restyle } from "./actions.js";
import { grab } from "./grab.js";
import { framesOfTab, tell } from "./ports.js";
import { reachFrame } from "./reach.js";
import { addReferenceBlob } from "./references.js";
import { changeSite, originOf, runScripts } from "./sites.js";
import { tellViews } from "./telling.js";
import { say } from "./words.js";

const COLOUR = "colour-image";
const REFERENCE = "use-as-reference";

/** Puts the items into the menu; browsers keep them until the extension changes. */
export async function createMenus() {
  await browser.contextMenus.removeAll();
  browser.contextMenus.create({ id: COLOUR, title: say("menu_colour"), contexts: ["image"] });
  browser.contextMenus.create({ id: REFERENCE, title: say("menu_reference"), contexts: ["image"] });
}

/** @param {chrome.contextMenus.OnClickData} info @param {chrome.tabs.Tab} tab */
export async function choose(info, tab) {
  if (info.menuItemId === COLOUR) await colourImage(info.srcUrl, tab.id, info.frameId);
  if (info.menuItemId === REFERENCE) await useAsReference(info, tab);
}

/** Has the frame that shows a picture send it as a page, even where the site is off. */
async function colourImage(address, tabId, frameId = 0) {
  await runScripts(tabId, frameId);
  await reachFrame(tabId, frameId);
  const frame = framesOfTab(tabId).find((each) => each.frameId === frameId);
  if (frame) tell(frame, { type: TO_PAGE.CHOOSE, address });
}

async function useAsReference({ srcUrl, frameId = 0, pageUrl }, tab) {
  const page = { source: { kind: "image", url: srcUrl }, width: 0, height: 0 };
  const inTab = (how) => readInFrame(tab.id, frameId, srcUrl, how);
  const { blob } = await grab(page, tab.url ?? pageUrl, inTab);
  const reference = await addReferenceBlob(tab.title ?? "", blob);
  const origin = originOf(tab.url ?? pageUrl);
  if (!origin) return;
  await changeSite(origin, { reference });
  await restyle(origin, reference);
  tellViews();
}

async function readInFrame(tabId, frameId, address, how) {
  const target = { tabId, frameIds: [frameId] };
  const [{ result }] = await browser.scripting.executeScript({ target, func: readHere, args: [address, how] });
  if (!result) throw new Error(say("no_picture"));
  return fromBase64(result.split(",")[1], "");
}

/** Runs in the page, and may use nothing of this module. A `data:` URL, or null where the picture cannot be read. */
async function readHere(address, how) {
  const asUrl = (blob) =>
    new Promise((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(blob);
    });
  try {
    if (how === "fetch") return await asUrl(await (await fetch(address)).blob());
    const image = [...document.images].find((each) => each.currentSrc === address || each.src === address);
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext("2d").drawImage(image, 0, 0);
    return await asUrl(await canvas.convertToBlob());
  } catch {
    return null;
  }
}
