// What a person pastes to pair: an address, or the pairing link that the studio draws as a QR code.

/** The port that a server listens on unless told otherwise. */
const DEFAULT_PORT = "8765";

/**
 * `{address, token}` of a text; `token` is null where the text names none. Null where it is no address at all.
 * A pairing link is `mangaflux://pair?address=…&token=…`; an address without a scheme is http, and gets the usual port.
 */
export function readPairing(text) {
  const trimmed = text.trim();
  if (/^mangaflux:/i.test(trimmed)) return readLink(trimmed);
  const address = readAddress(trimmed);
  return address && { address, token: null };
}

function readLink(text) {
  const query = new URLSearchParams(text.slice(text.indexOf("?") + 1));
  const address = readAddress(query.get("address") ?? "");
  return address && { address, token: query.get("token") ?? "" };
}

function readAddress(text) {
  if (/\s/.test(text)) return null;
  const bare = !/^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const url = parsed(bare ? `http://${text}` : text);
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  if (bare && !/:\d+\/?$/.test(text)) url.port = DEFAULT_PORT;
  return url.origin;
}

function parsed(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
