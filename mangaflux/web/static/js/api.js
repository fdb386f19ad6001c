// Calls to the server this page came from, and what went wrong in the words of a person.

import { t } from "./i18n.js";
import { refusalText } from "./refusal.js";
import { openSession } from "./session.js";

//: No answer at all, and what a proxy says for a server that gives none.
export const AWAY = [0, 502, 503, 504];
//: What never was, and what is no more.
const GONE = [404, 410];

/** A refusal of the server, or silence. `message` is for people. */
export class Problem extends Error {
  constructor(status, code, message, details = {}) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** True where the server itself did not answer: it may be back in a moment. */
  get isAway() {
    return AWAY.includes(this.status);
  }

  /** True where there is nothing at the address, now and later. */
  get isGone() {
    return GONE.includes(this.status);
  }
}

/**
 * One call; the answer as `Response`. A token is asked for once where the server wants one, and the call made again.
 * Throws `Problem`.
 */
export async function call(method, path, { json, body, headers = {}, signal } = {}) {
  const init = { method, headers: { ...headers }, body, signal, credentials: "same-origin" };
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers["Content-Type"] = "application/json";
  }
  const answer = await send(path, init);
  if (answer.status !== 401) return checked(answer);
  await openSession();
  return checked(await send(path, init));
}

/** The JSON of a GET. */
export async function get(path, options) {
  return (await call("GET", path, options)).json();
}

/** POSTs JSON; the JSON of the answer, or null where it has none. */
export async function post(path, json, options) {
  const answer = await call("POST", path, { json, ...options });
  return answer.headers.get("Content-Type")?.includes("json") ? answer.json() : null;
}

/** Changes something. */
export async function patch(path, json) {
  return (await call("PATCH", path, { json })).json();
}

/** Throws something away. */
export async function remove(path) {
  await call("DELETE", path);
}

/** What came of a call: `{body}`, or `{problem}` where it was refused. */
export async function tried(answer) {
  try {
    return { body: await answer };
  } catch (error) {
    if (error.name !== "Problem") throw error;
    return { problem: error };
  }
}

/** The SHA-256 in an `asset:` name. */
export function sha256Of(assetId) {
  return assetId ? assetId.replace(/^asset:/, "") : null;
}

/** The address of a small picture; `width` is one of 160, 320, 640, 1280, 2560. */
export function thumbnail(sha256, width = 320) {
  return `/v1/thumbnails/${sha256}?width=${width}`;
}

async function send(path, init) {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "offline", t("problem.offline"));
  }
}

async function checked(answer) {
  if (answer.ok) return answer;
  let body = {};
  try {
    body = await answer.json();
  } catch {
    /* a proxy in between answers without a body of ours */
  }
  const code = body.code ?? (AWAY.includes(answer.status) ? "offline" : "unknown");
  throw new Problem(answer.status, code, refusalText(code, body.message, answer.status), body.details);
}
