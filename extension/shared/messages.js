/**
 * What the parts of the extension say to each other: every name, and the shape that goes with it.
 *
 * Content scripts talk to the background over a port (`runtime.connect({name: PAGES_PORT})`), views over
 * `runtime.sendMessage`; the background answers views with an `Answer` and tells them of changes with `CHANGED`.
 * Content scripts cannot import this, as pages may fetch what content scripts import: they write the names as strings.
 */

/** The name of the port between the content script of a frame and the background. */
export const PAGES_PORT = "pages";

/** Content script → background. */
export const FROM_PAGE = Object.freeze({
  /** @see PagesMessage */
  PAGES: "pages",
  /** Answers READ. @see BytesMessage */
  BYTES: "bytes",
  /** `{type, key}`: the person wants a page that failed tried again. */
  RETRY: "retry",
  /** `{type, key}`: send the coloured picture again; answered with PICTURE, or with STATE where there is none. */
  PICTURE: "picture",
  /** `{type, address, taken}` answers CHOOSE: whether this frame has the picture, and takes it for a page. */
  CHOSEN: "chosen",
  /** Answers PLACE. @see PlacedMessage */
  PLACED: "placed",
});

/** Background → content script. */
export const TO_PAGE = Object.freeze({
  /** @see ViewMessage */
  VIEW: "view",
  /** `{type, key, how: "fetch"|"canvas"}`: the background could not get this picture; read it where it is shown. */
  READ: "read",
  /** @see StateMessage */
  STATE: "state",
  /** @see PictureMessage */
  PICTURE: "picture",
  /** `{type}`: look for pages again, and send PAGES. */
  SCAN: "scan",
  /** `{type}`, over `tabs.sendMessage`: open a port if there is none, and send PAGES. */
  CONNECT: "connect",
  /** `{type, address}`: the person chose this picture with "Colour this image": send it in PAGES with `chosen: true`,
   *  whatever its size and place. Answered with CHOSEN. */
  CHOOSE: "choose",
  /** `{type, key, from}`: bring a page into view from so many CSS pixels below its top, with nothing over it. */
  PLACE: "place",
  /** `{type}`: the page that was brought into view for the screen is done with. */
  LEAVE: "leave",
});

/** Views → background; each is answered with an Answer. */
export const FROM_VIEW = Object.freeze({
  /** `{type, address, token}` → `{ok: true, version}` or `{ok: false, code, message}`; address: an origin; code: @see PAIRING */
  PAIR_TEST: "pair.test",
  /** `{type, address, token}` → `{ok: true}`: kept whatever the test said. */
  PAIR_SAVE: "pair.save",
  /** `{type}` → `{ok: true}` */
  PAIR_FORGET: "pair.forget",
  /** `{type}` → `{ok: true, address, hasToken, state: "ok"|"unpaired"|a code of PAIRING}`; the token never leaves the background. */
  PAIR_GET: "pair.get",
  /** `{type, tabId}` → SiteAnswer */
  SITE_GET: "site.get",
  /** `{type, origin, tabId, on?, reference?, direction?}` → `{ok: true}`; the view has asked for the permission itself. */
  SITE_SET: "site.set",
  /** `{type}` → `{ok: true, sites: [{origin, on, granted, reference, direction}]}` */
  SITES_LIST: "sites.list",
  /** `{type, tabId, shown: "colour"|"original"}` → `{ok: true}` */
  TAB_SHOW: "tab.show",
  /** `{type, tabId}` → `{ok: true, cancelled: number}`; the tab's chapter is paused until TAB_RETRY. */
  TAB_CANCEL: "tab.cancel",
  /** `{type, tabId}` → `{ok: true, retried: number}`; failed, paused and cancelled pages again. */
  TAB_RETRY: "tab.retry",
  /** `{type, tabId, key}` → `{ok: true}`; a page that failed, or was stopped, again. */
  PAGE_RETRY: "page.retry",
  /** `{type, tabId, key}` → `{ok: true}` */
  PAGE_REROLL: "page.reroll",
  /** `{type, tabId, key}` → `{ok: true}`; takes a page that could not be read from the screen. The tab has to be in view. */
  PAGE_SCREEN: "page.screen",
  /** `{type, tabId}` → `{ok: true, name, pages}`; the browser saves `name`, a CBZ of the chapter's finished pages. */
  TAB_SAVE: "tab.save",
  /** `{type}` → `{ok: true, references: [{sha256, name, thumbnail}]}`; thumbnail is a data: URL or null. */
  REFERENCES_LIST: "references.list",
  /** `{type, name, mime, base64}` → `{ok: true, sha256}` */
  REFERENCES_ADD: "references.add",
  /** `{type}` → `{ok: true, chapters: [{chapter_id, title, address, done, total, last}]}`, the newest first; `last` in ms. */
  HISTORY_LIST: "history.list",
  /** `{type}` → `{ok: true, bytes, pictures, cap}` */
  CACHE_SIZE: "cache.size",
  /** `{type}` → `{ok: true}` */
  CACHE_CLEAR: "cache.clear",
  /** `{type}` → `{ok: true, settings: Settings}` */
  SETTINGS_GET: "settings.get",
  /** `{type, settings: Partial<Settings>}` → `{ok: true, settings: Settings}` */
  SETTINGS_SET: "settings.set",
});

/** Background → open views, without an answer: what they show has changed, ask again. */
export const CHANGED = "changed";

/** The exact causes that pairing tells apart; `pair.test` answers with one of them as `code`. */
export const PAIRING = Object.freeze({
  /** Nothing answers at this address. */
  SERVER_OFF: "server_off",
  /** MangaFlux answers, and refuses the token (or asks for one). */
  WRONG_TOKEN: "wrong_token",
  /** The browser has not been allowed to call this host: ask for `hostPattern(address)`. */
  NO_PERMISSION: "no_permission",
  /** The browser keeps extensions from the local network. */
  LOCAL_NETWORK_BLOCKED: "local_network_blocked",
  /** Something answers, and it is not MangaFlux. */
  NOT_MANGAFLUX: "not_mangaflux",
  /** MangaFlux answers and cannot take work yet; `message` says why. */
  NOT_READY: "not_ready",
  /** The browser turns http into https ("HTTPS-Only mode"). */
  HTTPS_ONLY: "https_only",
  /** MangaFlux answers, and does not go by this name. */
  HOST_NOT_ALLOWED: "host_not_allowed",
  /** MangaFlux runs without a token, and extensions may write with one only. */
  SERVER_WITHOUT_TOKEN: "server_without_token",
});

/** What may become of a page, in the order in which it usually does. */
export const PAGE_STATES = Object.freeze([
  "waiting", "reading", "sending", "queued", "running", "done", "skipped", "failed", "paused",
]);

/** Something comes of these by itself. */
export const OPEN_STATES = Object.freeze(["waiting", "reading", "sending", "queued", "running"]);
/** These can be tried again. */
export const STUCK_STATES = Object.freeze(["failed", "paused"]);

/** Why a page is `failed` or `paused` for reasons of the extension's own; the server's codes stand beside them. */
export const CODES = Object.freeze({
  /** No style reference was chosen for this site. */
  NO_REFERENCE: "no_reference",
  /** No server was paired. */
  NOT_PAIRED: "not_paired",
  /** The picture could not be read by any step of the ladder. */
  CANNOT_READ: "cannot_read",
  /** The person cancelled it. */
  CANCELLED: "cancelled",
  /** The server cannot be reached; goes on by itself. */
  SERVER_OFF: "server_off",
  /** The server refuses the token; goes on with a new one. */
  WRONG_TOKEN: "wrong_token",
});

/** The pattern of host permissions for a server or a site; Firefox's patterns take no port.
 *  @param {string} address @returns {string} */
export function hostPattern(address) {
  const url = new URL(address);
  return `${url.protocol}//${url.hostname}/*`;
}

/**
 * @typedef {object} FoundPage
 * @property {string} key        names the page within its chapter, the same whenever it is found again
 * @property {number} order      0-based place in reading order
 * @property {{kind: "image"|"background"|"canvas"|"blob", url?: string}} source
 * @property {number} width      natural size in pixels
 * @property {number} height
 * @property {number} near       distance from the view in places: 0 visible, 1 next …, negative: already passed
 * @property {boolean} [chosen]  the person asked for this one ("Colour this image")
 */

/**
 * All pages now known of a frame, in reading order.
 * @typedef {object} PagesMessage
 * @property {"pages"} type
 * @property {string} title      of the document
 * @property {string} address    of the document, without the fragment
 * @property {"rtl"|"ltr"|"vertical"} [direction]  as the site rule says or the layout suggests; the site's setting wins
 * @property {FoundPage[]} pages
 */

/**
 * @typedef {object} BytesMessage
 * @property {"bytes"} type
 * @property {string} key
 * @property {string} [mime]
 * @property {string} [base64]
 * @property {string} [error]    instead of mime and base64
 */

/**
 * @typedef {object} PlacedMessage
 * @property {"placed"} type
 * @property {string} key
 * @property {{width: number, height: number}} [size]  of the whole page; all in CSS pixels
 * @property {{x: number, y: number, width: number, height: number}} [seen]  the part in view, as the window has it
 * @property {number} [left]     where that part begins in the page
 * @property {number} [from]
 * @property {{width: number, height: number}} [view]  of the window
 * @property {string} [error]    for the person, instead of all others
 */

/**
 * @typedef {object} ViewMessage
 * @property {"view"} type
 * @property {boolean} on         this site is on
 * @property {"colour"|"original"} shown
 * @property {string} peekKey     `KeyboardEvent.key` to hold for the original
 * @property {boolean} badges     badges are shown
 * @property {"rtl"|"ltr"|"vertical"|null} direction  as the person chose for this site; null: as the page suggests
 */

/**
 * @typedef {object} StateMessage
 * @property {"state"} type
 * @property {string} key
 * @property {typeof PAGE_STATES[number]} state
 * @property {number} [position]  place in the server's queue, from 1
 * @property {number} [step]      done steps of the stage that counts
 * @property {number} [totalSteps]
 * @property {number} [etaSeconds]
 * @property {string} [message]   for the person: why skipped, paused or failed
 * @property {string} [code]      of CODES, or the server's
 */

/**
 * @typedef {object} PictureMessage
 * @property {"picture"} type
 * @property {string} key
 * @property {string} mime
 * @property {string} base64
 */

/**
 * Of the tab that is asked for.
 * @typedef {object} SiteAnswer
 * @property {true} ok
 * @property {string|null} origin     null where no site can be (browser pages)
 * @property {boolean} on
 * @property {boolean} granted        the browser allows this site
 * @property {string|null} reference  sha256 of the style reference
 * @property {"rtl"|"ltr"|"vertical"} direction
 * @property {Record<string, number>} counts  pages by state
 * @property {{key: string, place: number, page_num: number, state: string, code?: string, message?: string, step?: number,
 *   totalSteps?: number, etaSeconds?: number, how?: string}[]} pages  in reading order, place from 1; the server
 *   knows the page by its page_num
 * @property {string|null} chapter_id
 * @property {string} title
 * @property {"colour"|"original"} shown
 * @property {string|null} trouble    why what was chosen in the menu of a picture of this page could not be done
 */

/**
 * @typedef {object} Settings
 * @property {number} cacheMegabytes  cap of the pictures kept here; default 200
 * @property {boolean} badges         default true
 * @property {string} peekKey         default "o"
 * @property {string} engine          "auto" | "flux" | "lite"; default "auto"
 * @property {number} strength        0–1; default 1
 * @property {number} ahead           how many pages ahead of the view are sent; default 40
 */

/**
 * @typedef {{ok: true} & Record<string, unknown> | {ok: false, code: string, message: string}} Answer
 */
