/** Is this a MangaFlux server that takes our work? And if not: why, exactly. */

import { browser } from "../shared/browser.js";
import { hostPattern, PAIRING } from "../shared/messages.js";
import { callAt } from "./server.js";
import { say } from "./words.js";

/** Milliseconds that a server may take to say that it is there. */
const PATIENCE_MILLISECONDS = 8_000;
/** Names of the browser's permission to reach machines nearby, of newer and older versions. */
const LOCAL_NETWORK = ["loopback-network", "local-network", "local-network-access"];

/** What hinders, by a code of PAIRING. */
class Hindrance extends Error {
  constructor(code, ...values) {
    super(say(`pair_${code}`, ...values));
    this.code = code;
  }
}

/**
 * Throws Hindrance, or ServerProblem, with a code and a sentence for the person.
 * @param {string} address  its origin @param {string} token @returns {Promise<{version: string}>}
 */
export async function testPairing(address, token) {
  if (!(await browser.permissions.contains({ origins: [hostPattern(address)] }))) {
    throw new Hindrance(PAIRING.NO_PERMISSION, new URL(address).hostname);
  }
  await findServer(address);
  const server = { address, token };
  const version = await checkToken(server);
  await checkReady(server);
  return { version };
}

/** Throws where what answers, if anything does, is no MangaFlux. */
async function findServer(address) {
  const answer = await knock(address);
  if (!answer) throw await silence(address);
  if (new URL(answer.url).protocol !== new URL(address).protocol) throw new Hindrance(PAIRING.HTTPS_ONLY, address);
  const body = await answer.json().catch(() => ({}));
  if (body.code === "host_not_allowed") throw new Hindrance(PAIRING.HOST_NOT_ALLOWED, new URL(address).hostname);
  const isOurs = answer.ok && body.status === "ok" && answer.headers.has("X-Trace-Id");
  if (!isOurs) throw new Hindrance(PAIRING.NOT_MANGAFLUX, address);
}

/** What `/healthz` answers; null where nothing does. */
async function knock(address) {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  try {
    return await fetch(`${address}/healthz`, { signal, credentials: "omit", cache: "no-store" });
  } catch {
    return null;
  }
}

/** Why an address stays silent. */
async function silence(address) {
  for (const name of LOCAL_NETWORK) {
    // A browser that does not know the name has no such permission.
    const permission = await navigator.permissions?.query({ name }).catch(() => null);
    if (permission?.state === "denied") return new Hindrance(PAIRING.LOCAL_NETWORK_BLOCKED, address);
  }
  if (address.startsWith("http:") && (await isUpgraded(address))) return new Hindrance(PAIRING.HTTPS_ONLY, address);
  return new Hindrance(PAIRING.SERVER_OFF, address);
}

/** True where the browser, or the address itself, turns http into https, and that leads nowhere. */
async function isUpgraded(address) {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  const init = { signal, credentials: "omit", cache: "no-store", redirect: "manual" };
  const answer = await fetch(`${address}/healthz`, init).catch(() => null);
  if (answer?.type === "opaqueredirect") return true;
  const mode = await browser.privacy?.network?.httpsOnlyMode?.get({}).catch(() => null);
  return mode?.value === "always";
}

/** The server's version; throws where it does not take the token for what we are going to do. */
async function checkToken(server) {
  try {
    // Writes nothing, and wants what every route that writes wants.
    await callAt(server, "POST", "/v1/session");
    return (await (await callAt(server, "GET", "/version")).json()).version;
  } catch (error) {
    if (error.details?.api_token_set === false) throw new Hindrance(PAIRING.SERVER_WITHOUT_TOKEN);
    if (error.code === PAIRING.WRONG_TOKEN) throw new Hindrance(PAIRING.WRONG_TOKEN);
    throw error;
  }
}

async function checkReady(server) {
  try {
    await callAt(server, "GET", "/readyz");
  } catch (error) {
    if (error.status !== 503) throw error;
    throw new Hindrance(PAIRING.NOT_READY, (error.details.reasons ?? []).join(" "));
  }
}
