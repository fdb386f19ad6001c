// What was dropped, picked or pasted: its images, or a word on why there are none.

import { imagesOf } from "../intake.js";
import { t } from "../i18n.js";
import { say } from "./toasts.js";

//: Names that a message has room for.
const NAMED = 3;

/** `{title, images}` as `imagesOf` has them; null where there are no images, which has been said then. */
export async function imagesOrWord(files) {
  let found;
  try {
    found = await imagesOf(files);
  } catch (error) {
    if (!error.archive) throw error;
    say(t("drop.archive", { name: error.archive }));
    return null;
  }
  if (found.images.length) return found;
  // Dropped text, a link and an empty folder bring no files at all.
  say(files.length ? t("drop.nothing", { name: namesOf(files) }) : t("drop.empty"));
  return null;
}

/** Of files and of folders, rather than of what is inside. */
function namesOf(files) {
  const names = [...new Set(files.map(({ path }) => path.split("/")[0]))];
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? " …" : "");
}
