/** Calls to the paired server, and what went wrong by a stable code. */

import { CODES } from "../shared/messages.js";
import { clearHold } from "./hold.js";
import { readServer } from "./settings.js";
import { say, sayCode } from "./words.js";

/** Milliseconds that an answer may take to begin; uploads of large pages to a slow disk included. */
const PATIENCE_MILLISECONDS = 60_000;
/** Codes that say nothing of a page: they pass, by themselves or by the person's hand on server or pairing. */
const PASSING = new Set([
  CODES.NOT_PAIRED,
  CODES.SERVER_OFF,
  CODES.WRONG_TOKEN,
  "server_busy",
  "queue_full",
  "disk_full",
  "storage_failed",
  "host_not_allowed",
]);

/** A refusal of the server, or silence. `message` is for people. */
export class ServerProblem extends Error {
  /** @param {string} code @param {string} message @param {{status?: number, details?: object, retryAfterSeconds?: number}} [facts] */
  constructor(code, message, { status = 0, details = {}, retryAfterSeconds = 0 } = {}) {
    super(message);
    this.name = "ServerProblem";
    this.code = code;
    this.status = status;
    this.details = details;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** True where the same call can succeed later, and nothing is wrong with what was sent. */
  get passes() {
    return PASSING.has(this.code) || (this.status >= 500 && this.code !== "internal_error");
  }

  /** True where the server has nothing by this name, or not any more. */
  get isGone() {
    return this.status === 404 || this.status === 410;
  }
}

/**
 * One call; the answer as `Response`, which is ok. Throws ServerProblem.
 * @param {string} method @param {string} path
 * @param {{json?: object, body?: BodyInit, headers?: Record<string, string>, signal?: AbortSignal}} [options]
 */
export async function call(method, path, options = {}) {
  const server = await readServer();
  if (!server) throw new ServerProblem(CODES.NOT_PAIRED, say("not_paired"));
  const timeout = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const answer = await callAt(server, method, path, { signal: timeout, ...options });
  await clearHold();
  return answer;
}

/** The same, on a server that need not be the paired one. @param {{address: string, token: string}} server */
export async function callAt(server, method, path, { json, body, headers = {}, signal } = {}) {
  const init = { method, body, signal, headers: { ...headers }, credentials: "omit", cache: "no-store" };
  if (server.token) init.headers.Authorization = `Bearer ${server.token}`;
  if (json !== undefined) {
    init.body = JSON.stringify(json);
    init.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(server.address + path, init);
  } catch (error) {
    throw new ServerProblem(CODES.SERVER_OFF, say("server_off", server.address), { details: { cause: String(error) } });
  }
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

/** The JSON of a GET. */
export async function get(path) {
  return (await call("GET", path)).json();
}

/** POSTs JSON; the JSON of the answer. */
export async function post(path, json, headers) {
  return (await call("POST", path, { json, headers })).json();
}

/** True where the server holds an image. @param {string} sha256 */
export async function hasAsset(sha256) {
  try {
    await call("HEAD", `/v1/assets/${sha256}`);
    return true;
  } catch (error) {
    if (error instanceof ServerProblem && error.status === 404) return false;
    throw error;
  }
}

/** Gives the server an image, unless it holds it. @param {string} sha256 @param {Blob} blob */
export async function storeAsset(sha256, blob) {
  if (await hasAsset(sha256)) return;
  const form = new FormData();
  form.append("image", blob, "page");
  await call("POST", "/v1/assets", { body: form });
}

async function refusal(answer) {
  const body = await answer.json().catch(() => ({}));
  const retryAfterSeconds = Number(answer.headers.get("Retry-After")) || 0;
  const facts = { status: answer.status, details: body.details ?? { reasons: body.reasons }, retryAfterSeconds };
  // Where an extension writes with a token that is not the server's, its origin counts as foreign: 403.
  const isToken = answer.status === 401 || body.code === "origin_not_allowed";
  const code = isToken ? CODES.WRONG_TOKEN : (body.code ?? `http_${answer.status}`);
  return new ServerProblem(code, sayCode(code, body.message ?? say("unknown_problem", answer.status)), facts);
}
