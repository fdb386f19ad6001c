"""Images and archives that are damaged, or were made to do damage."""

import io
import random
import stat
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

#: Formats and modes that are read, as seeds of what is damaged.
SEEDS = (
    *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "LA", "1", "P", "I;16")),
    *(("JPEG", mode) for mode in ("RGB", "L", "CMYK")),
    *(("WEBP", mode) for mode in ("RGB", "RGBA")),
    ("AVIF", "RGB"),
    ("GIF", "P"),
    ("BMP", "RGB"),
    *(("TIFF", mode) for mode in ("RGB", "L", "CMYK", "I;16", "F")),
)
SIZE = (48, 64)


def malformed_images(count: int, seed: int) -> Iterator[bytes]:
    """So many images, each damaged in one of the ways below; the same seed gives the same ones."""
    chance = random.Random(seed)
    sound = [_sound_image(kind, mode, chance) for kind, mode in SEEDS]
    damages: list[Callable[[bytes, random.Random], bytes]] = [_flip, _flip, _cut, _cut, _splice, _fill, _lie]
    crafted = list(_crafted_images())
    for number in range(count):
        if number < len(crafted):
            yield crafted[number]
        else:
            yield chance.choice(damages)(chance.choice(sound), chance)


def malformed_archives(count: int, seed: int) -> Iterator[bytes]:
    """So many archives: crafted ones first, then damaged ones."""
    chance = random.Random(seed)
    page = _sound_image("PNG", "L", chance)
    sound = _zip({"page_1.png": page, "page_2.png": page, "ComicInfo.xml": b"<ComicInfo/>"})
    crafted = list(_crafted_archives(page))
    for number in range(count):
        if number < len(crafted):
            yield crafted[number]
        else:
            yield chance.choice([_flip, _flip, _cut, _splice, _fill])(sound, chance)


def _sound_image(kind: str, mode: str, chance: random.Random) -> bytes:
    noise = np.random.default_rng(chance.randrange(2**32)).integers(0, 256, (*SIZE[::-1], 3)).astype(np.uint8)
    image = Image.fromarray(noise)
    if mode == "I;16":
        image = Image.fromarray(noise[:, :, 0].astype(np.uint16) * 257)
    elif mode != "RGB":
        image = image.convert(mode)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 8, 64])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _splice(data: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:start] + data[end:] + data[start:end]


def _fill(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    length = chance.randrange(1, 64)
    return data[:start] + chance.choice([b"\0", b"\xff", b"A"]) * length + data[start + length :]


def _lie(data: bytes, chance: random.Random) -> bytes:
    """Another number where the head has sizes and offsets."""
    changed = bytearray(data)
    value = chance.choice([0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF])
    struct.pack_into(chance.choice(["<I", ">I"]), changed, chance.randrange(4, min(60, len(changed) - 4)), value)
    return bytes(changed)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, pixels: bytes, *more: bytes) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    end = _chunk(b"IDAT", zlib.compress(pixels)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + end


def _crafted_images() -> Iterator[bytes]:
    yield from (b"", b"\0", b"GIF89a", b"\xff\xd8\xff", b"RIFF\xff\xff\xff\xffWEBP", b"II*\0\x08\0\0\0\xff\xff")
    yield b"%!PS-Adobe-3.0 EPSF-3.0\n(x) run"
    yield b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
    yield _png(0, 0, b"")
    yield _png(60_000, 60_000, b"\0" * 1000)
    yield _png(9_500, 9_500, b"\0" * 9_500 * 1189)  # decodes, from 11 kB
    yield _png(2**31 - 1, 1, b"\0")
    text = _chunk(b"zTXt", b"bomb\0\0" + zlib.compress(b"\0" * 50_000_000))
    yield _png(8, 8, b"\0\0" * 8, text)
    profile = _chunk(b"iCCP", b"bomb\0\0" + zlib.compress(b"\0" * 50_000_000))
    yield _png(8, 8, b"\0\0" * 8, profile)


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _crafted_archives(page: bytes) -> Iterator[bytes]:
    for slip in (
        "../evil.png",
        "a/../../evil.png",
        "/tmp/evil.png",
        "..\\evil.png",
        "C:\\evil.png",
        "a/" * 300 + "e.png",
    ):
        yield _zip({slip: page, "page_1.png": page})
    yield _zip({"page_1.png": b"\0" * 40_000_000}, zipfile.ZIP_DEFLATED)
    yield _zip({"page_1.png": b"x" * 1000}, zipfile.ZIP_LZMA)
    yield _zip({f"{number}.png": b"" for number in range(12_000)})
    yield _zip({"inner.cbz": _zip({"page_1.png": page})})
    yield _zip({"page_1.png": b"", "page_2.png": page[:20]})
    yield from (b"", b"PK", b"PK\x05\x06" + b"\0" * 18, b"PK\x05\x06" + b"\xff" * 18)
    yield _link()
    yield _twice(page)
    yield _changed(_zip({"page_1.png": page}), b"PK\x01\x02", 8, 1)  # encrypted, it says
    yield _changed(_zip({"page_1.png": page}), b"PK\x01\x02", 24, 7)  # smaller than it is
    yield _changed(_zip({"page_1.png": page}), b"PK\x01\x02", 42, 0xFFFF)  # elsewhere


def _link() -> bytes:
    buffer = io.BytesIO()
    info = zipfile.ZipInfo("page_1.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def _twice(page: bytes) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("page_1.png", page)
        archive.writestr("page_1.png", page[:100])
    return buffer.getvalue()


def _changed(data: bytes, record: bytes, offset: int, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into("<H", changed, data.index(record) + offset, value)
    return bytes(changed)
