/** The context menu of pictures, on any site. */

import { fromBase64 } from "../shared/base64.js";
import { browser } from "../shared/browser.js";
import { FROM_PAGE, hostPattern, TO_PAGE } from "../shared/messages.js";
import { restyle } from "./actions.js";
import { tellView } from "./frames.js";
import { grab } from "./grab.js";
import { placesOfTab } from "./places.js";
import { askFrame, framesOfTab } from "./ports.js";
import { reach, reachFrame } from "./reach.js";
import { addReferenceBlob } from "./references.js";
import { changeSite, originOf, runScripts } from "./sites.js";
import { tellViews } from "./telling.js";
import { noteTrouble } from "./trouble.js";
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
  if (info.menuItemId === COLOUR) await colourImage(info, tab);
  if (info.menuItemId === REFERENCE) await useAsReference(info, tab);
}

/** Has the frame that shows a picture send it as a page, even where the site is off; or says why none can. */
async function colourImage({ srcUrl, frameId = 0, frameUrl }, tab) {
  // At once: browsers ask only while the click is being handled.
  const asked = askForFrame(frameUrl, tab);
  if (await noteTrouble(tab, null)) tellViews();
  await asked;
  try {
    await runScripts(tab.id, frameId);
    await reachFrame(tab.id, frameId);
  } catch (error) {
    console.warn(error);
    return tellTrouble(tab, sayClosed(frameUrl, tab));
  }
  if (!(await offer(srcUrl, tab.id, frameId))) await tellTrouble(tab, say("menu_no_page"));
}

/** Says why it cannot be done, and opens the popup where the browser lets us. */
async function tellTrouble(tab, message) {
  await noteTrouble(tab, message);
  tellViews();
  // Firefox wants a click for this, which is over by now.
  await browser.action.openPopup?.().catch(() => {});
}

/** The click allows the tab's own site; a frame of another one has to be asked for. */
async function askForFrame(frameUrl, tab) {
  const origin = foreignOrigin(frameUrl, tab);
  if (origin) await browser.permissions.request({ origins: [hostPattern(origin)] }).catch(() => false);
}

function sayClosed(frameUrl, tab) {
  const origin = foreignOrigin(frameUrl, tab);
  return origin ? say("menu_frame_closed", new URL(origin).host) : say("menu_page_closed");
}

/** The origin of a frame of another site than that of its tab; null for any other. */
function foreignOrigin(frameUrl, tab) {
  const origin = originOf(frameUrl);
  return origin === originOf(tab.url) ? null : origin;
}

/** True once a frame has taken the picture: the one in which it was chosen, or one around that, which sees its pages. */
async function offer(address, tabId, frameId) {
  await reach(await placesOfTab(tabId));
  const isOther = (frame) => frame.frameId !== frameId;
  const frames = framesOfTab(tabId).sort((one, other) => isOther(one) - isOther(other) || one.frameId - other.frameId);
  for (const frame of frames) {
    await tellView(frame); // whether the site is on decides whose page it is
    const answer = await askFrame(frame, FROM_PAGE.CHOSEN, { type: TO_PAGE.CHOOSE, address }).catch(() => null);
    if (answer?.taken) return true;
  }
  return false;
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
