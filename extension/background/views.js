/** What views ask, and the answers; each is `{ok: true, …}` or `{ok: false, code, message}`. */

import { browser } from "../shared/browser.js";
import { FROM_VIEW, TO_PAGE } from "../shared/messages.js";
import { cancelChapter, rerollPage, restyle, retryChapter, retryPage } from "./actions.js";
import { followAnew, forgetEvents } from "./events.js";
import { show, shownOf, tellViewToAll } from "./frames.js";
import { readHold } from "./hold.js";
import { listChapters, pagesOfChapter, readChapter } from "./ledger.js";
import { testPairing } from "./pairing.js";
import { applyCap, cacheSize, clearPictures } from "./pictures.js";
import { placesOfTab } from "./places.js";
import { allFrames, tell } from "./ports.js";
import { reachFrame } from "./reach.js";
import { addReference, listReferences } from "./references.js";
import { saveChapter } from "./save.js";
import { takeFromScreen } from "./screen.js";
import { changeSettings, forgetServer, readServer, readSettings, saveServer } from "./settings.js";
import { allSites, changeSite, isGranted, originOf, registerScripts, runScripts, siteOf } from "./sites.js";
import { stateOf, tellViews } from "./telling.js";
import { troubleOf } from "./trouble.js";
import { say } from "./words.js";
import { work, workAtOnce } from "./work.js";

/** The last chapters, which the history looks at. */
const MAX_HISTORY = 200;

/** A view asked for something of a tab that shows no chapter. */
class NoChapterError extends Error {
  constructor() {
    super(say("no_chapter"));
    this.code = "no_chapter";
  }
}

const ANSWERS = {
  [FROM_VIEW.PAIR_TEST]: ({ address, token }) => testPairing(address, token),
  [FROM_VIEW.PAIR_SAVE]: savePairing,
  [FROM_VIEW.PAIR_FORGET]: forgetPairing,
  [FROM_VIEW.PAIR_GET]: readPairing,
  [FROM_VIEW.SITE_GET]: readSite,
  [FROM_VIEW.SITE_SET]: setSite,
  [FROM_VIEW.SITES_LIST]: listSites,
  [FROM_VIEW.TAB_SHOW]: ({ tabId, shown }) => show(tabId, shown),
  [FROM_VIEW.TAB_CANCEL]: async ({ tabId }) => ({ cancelled: await inTab(tabId, cancelChapter) }),
  [FROM_VIEW.TAB_RETRY]: async ({ tabId }) => ({ retried: await inTab(tabId, retryChapter) }),
  [FROM_VIEW.PAGE_RETRY]: ({ tabId, key }) => inTab(tabId, (chapterId) => retryPage(`${chapterId}/${key}`)),
  [FROM_VIEW.PAGE_SCREEN]: ({ tabId, key }) => inTab(tabId, (chapterId) => takePage(tabId, chapterId, key)),
  [FROM_VIEW.PAGE_REROLL]: ({ tabId, key }) => inTab(tabId, (chapterId) => rerollPage(`${chapterId}/${key}`)),
  [FROM_VIEW.TAB_SAVE]: ({ tabId }) => inTab(tabId, saveFinished),
  [FROM_VIEW.REFERENCES_LIST]: async () => ({ references: await listReferences() }),
  [FROM_VIEW.REFERENCES_ADD]: async ({ name, mime, base64 }) => ({ sha256: await addReference(name, mime, base64) }),
  [FROM_VIEW.HISTORY_LIST]: async () => ({ chapters: await listHistory() }),
  [FROM_VIEW.CACHE_SIZE]: cacheSize,
  [FROM_VIEW.CACHE_CLEAR]: clearPictures,
  [FROM_VIEW.SETTINGS_GET]: async () => ({ settings: await readSettings() }),
  [FROM_VIEW.SETTINGS_SET]: async ({ settings }) => ({ settings: await setSettings(settings) }),
};

/** The answer to a message of a view; null where it is none of theirs. @param {{type: string}} message */
export function answerView(message) {
  const answer = ANSWERS[message?.type];
  return answer ? answered(answer, message) : null;
}

async function answered(answer, message) {
  try {
    return { ok: true, ...(await answer(message)) };
  } catch (error) {
    if (!error.code) console.error(error);
    return { ok: false, code: error.code ?? "unforeseen", message: error.message };
  }
}

async function savePairing({ address, token }) {
  await saveServer(address, token);
  await forgetEvents();
  followAnew();
  await workAtOnce();
}

async function forgetPairing() {
  await forgetServer();
  await forgetEvents();
  followAnew();
  tellViews();
}

async function readPairing() {
  const [server, hold] = await Promise.all([readServer(), readHold()]);
  if (!server) return { address: "", hasToken: false, state: "unpaired" };
  return { address: server.address, hasToken: Boolean(server.token), state: hold?.code ?? "ok", message: hold?.message };
}

async function readSite({ tabId }) {
  const tab = await browser.tabs.get(tabId);
  const origin = originOf(tab.url);
  const [site, granted, shown, hold] = await Promise.all([siteOf(origin), isGranted(origin), shownOf(tabId), readHold()]);
  const chapterId = await chapterOf(tabId);
  const chapter = chapterId && (await readChapter(chapterId));
  const rows = chapterId ? await pagesOfChapter(chapterId) : [];
  const pages = rows.map((row, place) => ({ place: place + 1, page_num: row.page_num, how: row.how, ...stateOf(row, hold) }));
  return {
    origin,
    on: site.on,
    granted,
    reference: site.reference,
    direction: site.direction ?? chapter?.direction ?? "rtl",
    counts: countBy(pages, (page) => page.state),
    pages,
    chapter_id: chapterId,
    title: chapter?.title ?? tab.title ?? "",
    shown,
    trouble: await troubleOf(tab),
  };
}

async function setSite({ origin, tabId, on, reference, direction }) {
  await changeSite(origin, { on, reference, direction });
  tellViews();
  if (on && tabId !== undefined) {
    await runScripts(tabId);
    await reachFrame(tabId, 0);
  }
  await tellViewToAll();
  for (const frame of allFrames()) if (on && frame.origin === origin) tell(frame, { type: TO_PAGE.SCAN });
  if (reference) await restyle(origin, reference);
  else await work();
}

async function listSites() {
  const origins = Object.keys(await allSites());
  const sites = origins.map(async (origin) => ({ origin, granted: await isGranted(origin), ...(await siteOf(origin)) }));
  return { sites: await Promise.all(sites) };
}

async function takePage(tabId, chapterId, key) {
  await takeFromScreen(tabId, chapterId, key);
  await work();
}

async function saveFinished(chapterId) {
  const name = await saveChapter(chapterId);
  const rows = await pagesOfChapter(chapterId);
  return { name, pages: rows.filter((row) => ["done", "skipped"].includes(row.state)).length };
}

async function setSettings(changes) {
  const settings = await changeSettings(changes);
  await applyCap();
  await tellViewToAll();
  await work();
  return settings;
}

/** Chapters that were read in colour, the newest first. */
async function listHistory() {
  const chapters = (await listChapters()).sort((one, other) => other.last - one.last).slice(0, MAX_HISTORY);
  const entries = chapters.map(async ({ chapter_id, title, address, last }) => {
    const rows = await pagesOfChapter(chapter_id);
    const done = rows.filter((row) => row.state === "done").length;
    return { chapter_id, title, address, done, total: rows.length, last };
  });
  return (await Promise.all(entries)).filter((entry) => entry.done > 0);
}

/** Does something with the chapter of a tab. Throws NoChapterError where it shows none. */
async function inTab(tabId, act) {
  const chapterId = await chapterOf(tabId);
  if (!chapterId) throw new NoChapterError();
  return act(chapterId);
}

/** The chapter of a tab: of its frames, the one that shows most pages. */
async function chapterOf(tabId) {
  const ids = [...new Set((await placesOfTab(tabId)).map((place) => place.chapterId))];
  const sizes = await Promise.all(ids.map(async (id) => (await pagesOfChapter(id)).length));
  return ids[sizes.indexOf(Math.max(...sizes))] ?? null;
}

function countBy(items, keyOf) {
  const counts = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}

/** Sites whose permission came or went. */
export async function permissionsChanged() {
  await registerScripts();
  await workAtOnce();
}
