/** Bytes in messages, which are JSON. Content scripts, which cannot import this, have their own. */

/** `data:` URL of a blob. @param {Blob} blob @returns {Promise<string>} */
export function toDataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** @param {Blob} blob @returns {Promise<string>} */
export async function toBase64(blob) {
  const url = await toDataUrl(blob);
  return url.slice(url.indexOf(",") + 1);
}

/** @param {string} base64 @param {string} mime @returns {Blob} */
export function fromBase64(base64, mime) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return new Blob([bytes], { type: mime });
}
