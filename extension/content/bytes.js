// Reads the bytes of a page where it is shown, for the background, which could not get them itself.

//: How the site's own script may have fetched it; a site that answers `*` refuses cookies.
const CREDENTIALS = ["include", "same-origin"];

/**
 * @param {import("./finder.js").FoundPage} page
 * @param {"fetch"|"canvas"} how
 * @returns {Promise<{mime: string, base64: string}>}  throws where the browser or the site refuses
 */
export async function readPage(page, how) {
  const blob = how === "fetch" ? await fetched(page.url) : await drawn(page);
  return { mime: blob.type, base64: await toBase64(blob) };
}

async function fetched(url) {
  let refusal;
  for (const credentials of CREDENTIALS) {
    try {
      const answer = await fetch(url, { credentials });
      if (answer.ok) return await answer.blob();
      refusal = new Error(`HTTP ${answer.status}`);
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

async function drawn({ element, kind, url, width, height }) {
  const canvas = new OffscreenCanvas(width, height);
  const picture = kind === "background" || !isDrawable(element) ? await loaded(url) : element;
  canvas.getContext("2d").drawImage(picture, 0, 0, width, height);
  return canvas.convertToBlob({ type: "image/png" }); // refuses what came from another origin
}

function isDrawable(element) {
  return element.localName === "canvas" || (element.complete && element.naturalWidth > 0);
}

async function loaded(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

async function toBase64(blob) {
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    reader.addEventListener("load", resolve);
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
  return reader.result.slice(reader.result.indexOf(",") + 1);
}

/** The address of the picture that arrived in a message, once it can be shown without a gap. */
export async function addressOfPicture(mime, base64) {
  const address = URL.createObjectURL(new Blob([fromBase64(base64)], { type: mime }));
  await loaded(address);
  return address;
}

function fromBase64(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place += 1) bytes[place] = letters.charCodeAt(place);
  return bytes;
}
