// Reads CBZ and ZIP archives with what browsers have: the central directory by hand, the bytes by DecompressionStream.
//
// APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end), 4.4.4 (flags).

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const ENCRYPTED = 1;
const UTF8 = 1 << 11;
//: A page that unpacks to more than the server takes (64 MiB) is not unpacked at all.
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** The members of an archive as `{name, read()}`; `read` gives a Blob. Throws where it is not a readable archive. */
export async function readArchive(file) {
  const { count, offset, size } = await readEnd(file);
  const view = await viewOf(file, offset, offset + size);
  const members = [];
  let place = 0;
  for (let index = 0; index < count; index += 1) {
    if (place + ENTRY_BYTES > view.byteLength || view.getUint32(place, true) !== ENTRY_SIGNATURE)
      throw new Error("damaged archive");
    const entry = readEntry(view, place);
    place += entry.length;
    if (!entry.name.endsWith("/")) members.push({ name: entry.name, read: () => readMember(file, entry) });
  }
  return members;
}

async function readEnd(file) {
  const start = Math.max(0, file.size - END_BYTES - MAX_COMMENT_BYTES);
  const view = await viewOf(file, start, file.size);
  for (let place = view.byteLength - END_BYTES; place >= 0; place -= 1) {
    if (view.getUint32(place, true) !== END_SIGNATURE) continue;
    return {
      count: view.getUint16(place + 10, true),
      size: view.getUint32(place + 12, true),
      offset: view.getUint32(place + 16, true),
    };
  }
  throw new Error("not an archive");
}

function readEntry(view, place) {
  const nameLength = view.getUint16(place + 28, true);
  const length = ENTRY_BYTES + nameLength + view.getUint16(place + 30, true) + view.getUint16(place + 32, true);
  const flags = view.getUint16(place + 8, true);
  const raw = new Uint8Array(view.buffer, view.byteOffset + place + ENTRY_BYTES, nameLength);
  return {
    name: new TextDecoder(flags & UTF8 ? "utf-8" : "windows-1252").decode(raw),
    length,
    encrypted: Boolean(flags & ENCRYPTED),
    method: view.getUint16(place + 10, true),
    packed: view.getUint32(place + 20, true),
    unpacked: view.getUint32(place + 24, true),
    offset: view.getUint32(place + 42, true),
  };
}

async function readMember(file, entry) {
  if (entry.encrypted || entry.unpacked > MAX_UNPACKED_BYTES) throw new Error("unreadable member");
  const local = await viewOf(file, entry.offset, entry.offset + LOCAL_BYTES);
  if (local.getUint32(0, true) !== LOCAL_SIGNATURE) throw new Error("damaged archive");
  const start = entry.offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = file.slice(start, start + entry.packed);
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new Error("unknown compression");
  return unpack(packed);
}

async function unpack(packed) {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    // A member may lie about its size.
    if (size > MAX_UNPACKED_BYTES) {
      await reader.cancel();
      throw new Error("member too large");
    }
    chunks.push(part.value);
  }
  return new Blob(chunks);
}

async function viewOf(file, start, end) {
  return new DataView(await file.slice(start, end).arrayBuffer());
}
