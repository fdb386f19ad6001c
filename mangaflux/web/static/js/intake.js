// What a person drops, picks or pastes → images with names: folders are walked, archives opened.

import { byNaturalName } from "./format.js";
import { readArchive } from "./zip.js";

const IMAGE = /\.(png|jpe?g|webp|avif|gif|bmp|tiff?)$/i;
const ARCHIVE = /\.(cbz|zip)$/i;
const HIDDEN = /(^|\/)(\.|__MACOSX)/;

const MEDIA_TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  avif: "image/avif",
  gif: "image/gif",
  bmp: "image/bmp",
  tif: "image/tiff",
  tiff: "image/tiff",
};

/** What the file picker offers. */
export const ACCEPTED = "image/*,.cbz,.zip";

/** The files of a drop or paste, folders walked. Call it at once: the browser empties the transfer after the event. */
export async function filesOf(transfer) {
  const entries = [...(transfer.items ?? [])]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  return (await Promise.all(entries.filter(Boolean).map(walk))).flat();
}

/** The files of an `<input type=file>`. */
export function filesOfInput(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * The images among files, in natural order, as `{name, read()}`; and what they seem to be called together.
 * Throws `{archive}` where an archive cannot be read.
 */
export async function imagesOf(files) {
  const images = [];
  for (const { path, file } of files.filter((each) => !HIDDEN.test(each.path))) {
    if (ARCHIVE.test(path)) images.push(...(await imagesInArchive(file)));
    else if (IMAGE.test(path) || file.type.startsWith("image/")) images.push({ path, read: async () => file });
  }
  images.sort((left, right) => byNaturalName(left.path, right.path));
  return { title: titleOf(files), images: images.map(({ path, read }) => ({ name: path.split("/").pop(), read })) };
}

async function imagesInArchive(file) {
  let members;
  try {
    members = await readArchive(file);
  } catch {
    throw Object.assign(new Error("archive"), { archive: file.name });
  }
  return members
    .filter((member) => IMAGE.test(member.name) && !HIDDEN.test(member.name))
    .map((member) => ({
      path: `${file.name}/${member.name}`,
      read: async () => typed(await member.read(), member.name),
    }));
}

function typed(blob, name) {
  return new Blob([blob], { type: MEDIA_TYPES[name.split(".").pop().toLowerCase()] ?? "application/octet-stream" });
}

/** The name of the archive, or of the innermost folder that holds all images; nothing where single images came. */
function titleOf(files) {
  const [first] = files;
  if (!first) return "";
  if (ARCHIVE.test(first.path)) return first.path.split("/").pop().replace(ARCHIVE, "");
  const paths = files.filter(({ path }) => IMAGE.test(path)).map(({ path }) => path.split("/").slice(0, -1));
  const [folders = []] = paths;
  const apart = folders.findIndex((name, depth) => paths.some((path) => path[depth] !== name));
  return folders.slice(0, apart < 0 ? folders.length : apart).at(-1) ?? "";
}

async function walk(entry) {
  if (entry instanceof File) return [{ path: entry.name, file: entry }];
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => {
      entry.file(resolve, reject);
    });
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = entry.createReader();
  const inside = [];
  // A reader gives at most a hundred entries at a time, and an empty list at the end.
  for (let part = await readSome(reader); part.length; part = await readSome(reader)) inside.push(...part);
  return (await Promise.all(inside.map(walk))).flat();
}

function readSome(reader) {
  return new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });
}
