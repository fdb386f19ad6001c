/** Bytes as the browser's parts pass them on: hashes, base64, and what an image is by its first bytes. */

/** Characters that one call of `String.fromCharCode` takes without filling the stack. */
const CHUNK = 0x8000;

/** SHA-256 in lower-case hexadecimal. @param {ArrayBuffer} bytes @returns {Promise<string>} */
export async function sha256(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256 of a text. @param {string} text @returns {Promise<string>} */
export const sha256OfText = (text) => sha256(new TextEncoder().encode(text));

/** @param {Blob} blob @returns {Promise<string>} */
export async function toBase64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes.toBase64) return bytes.toBase64();
  const parts = [];
  for (let start = 0; start < bytes.length; start += CHUNK) {
    parts.push(String.fromCharCode(...bytes.subarray(start, start + CHUNK)));
  }
  return btoa(parts.join(""));
}

/** @param {string} base64 @param {string} mime @returns {Blob} */
export function fromBase64(base64, mime) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return new Blob([bytes], { type: mime });
}

/** `data:` URL of a blob. @param {Blob} blob @returns {Promise<string>} */
export async function toDataUrl(blob) {
  return `data:${blob.type};base64,${await toBase64(blob)}`;
}

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
