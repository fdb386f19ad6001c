// Images on their way to the server: a few at a time, each stored by content and named `asset:<sha256>`.

import { call } from "./api.js";

//: Browsers allow six connections to a host, and one of them is the event stream.
const AT_ONCE = 3;
//: What the server says of one image: it is too large, of another kind, or none at all. Anything else stops the rest too.
const OF_ONE_IMAGE = [413, 415, 422];

/** Stores one image; what the server says of it. */
export async function upload(image) {
  const blob = await image.read();
  const type = blob.type.startsWith("image/") ? blob.type : "application/octet-stream";
  const answer = await call("POST", "/v1/assets", { body: blob, headers: { "Content-Type": type } });
  return answer.json();
}

/**
 * Stores images in their order, a few at a time.
 * `onDone(index, asset)` is called for each, `onRefused(index, problem)` where one cannot be taken; the rest goes on.
 * Throws `Problem` where none can be taken now: the server is gone, its disk is full, its token is missing.
 */
export async function uploadAll(images, { onDone, onRefused }) {
  let next = 0;
  const lane = async () => {
    while (next < images.length) {
      const index = next;
      next += 1;
      try {
        onDone(index, await upload(images[index]));
      } catch (error) {
        if (error.name === "Problem" && !OF_ONE_IMAGE.includes(error.status)) {
          next = images.length;
          throw error;
        }
        onRefused(index, error);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
