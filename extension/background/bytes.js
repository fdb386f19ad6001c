/** What bytes are: their hash, and the kind of an image by its first ones. */

/** SHA-256 in lower-case hexadecimal. @param {ArrayBuffer} bytes @returns {Promise<string>} */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of a text. @param {string} text @returns {Promise<string>} */
export const sha256OfText = (text) => sha256(new TextEncoder().encode(text));

/**
 * The media type of an image that the server takes, by its first bytes; null where it is none. What a site says of its
 * files is no guide: a refusal may come as 200 with a page of HTML.
 * @param {ArrayBuffer} buffer @returns {string|null}
 */
export function imageType(buffer) {
  const text = String.fromCharCode(...new Uint8Array(buffer.slice(0, 32)));
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "image/gif";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  if (text.slice(4, 8) === "ftyp" && /avi[fs]/.test(text.slice(8))) return "image/avif";
  return null;
}
