"""Which images an archive holds, and whether it is what it says. Everything here blocks.

Nothing is ever unpacked to the names inside: pages are read one by one and stored by content. Archives that could harm
other programs, or that show different readers different pages, are refused all the same.
"""

import lzma
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from mangaflux.errors import ImageTooLargeError, InvalidRequestError

#: How Python's archive reader says that an archive is damaged.
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, ValueError, EOFError, NotImplementedError)

#: Members of one archive, whatever they are. A volume has 200 pages; 10,000 names are read in a tenth of a second.
MAX_MEMBERS = 10_000
#: Bytes of everything in one archive. A volume of 200 lossless pages has 4 GiB.
MAX_UNPACKED_BYTES = 8 * 1024**3
#: How much larger than its archive the content may be. Images hardly shrink, bombs grow a thousandfold.
MAX_RATIO = 200
#: Below this size no ratio is suspicious: an archive of one small drawing.
MIN_SUSPICIOUS_BYTES = 16 * 1024**2

#: What readers of comics can unpack. The others can be made to ask for gigabytes of memory.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
#: How absolute names of Windows begin.
_DRIVE = re.compile(r"[A-Za-z]:")


def image_members(path: Path, is_image_name: Callable[[str], bool]) -> list[str]:
    """The names of the images in an archive, as its own directory spells them, in its order.

    Args:
        path: the archive.
        is_image_name: says of a plain name whether it is that of an image.

    Raises:
        InvalidRequestError: it is damaged or encrypted, holds links, names that lead out of it, or one name twice.
        ImageTooLargeError: it holds too many members or bytes, or unpacks to far more than it is.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, *DAMAGED) as error:
        raise InvalidRequestError(f"{path.name} is not a readable CBZ or ZIP archive.") from error
    _refuse_bombs(path, members)
    images = [info for info in members if not info.is_dir() and is_image_name(plain_name(info.filename))]
    for info in members:
        _refuse_slip(path, info)
    for info in images:
        _refuse_member(path, info)
    _refuse_doubles(path, images)
    return [info.filename for info in images]


def plain_name(name: str) -> str:
    """A member's name with slashes as every system writes them, and letters composed."""
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _refuse_bombs(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise ImageTooLargeError(
            f"{path.name} holds {len(members)} files; archives may hold {MAX_MEMBERS}.",
            details={"max_members": MAX_MEMBERS},
        )
    size = sum(info.file_size for info in members)
    # What a member unpacks to is cut off at the size it claims, so that the sum of the claims is a limit.
    if size > MAX_UNPACKED_BYTES or size > max(MIN_SUSPICIOUS_BYTES, MAX_RATIO * path.stat().st_size):
        raise ImageTooLargeError(
            f"{path.name} unpacks to {size} bytes, which is too much for a file of its size.",
            details={"max_unpacked_bytes": MAX_UNPACKED_BYTES, "max_ratio": MAX_RATIO},
        )


def _refuse_slip(path: Path, info: zipfile.ZipInfo) -> None:
    name = PurePosixPath(plain_name(info.filename))
    if name.is_absolute() or ".." in name.parts or _DRIVE.match(str(name)):
        raise InvalidRequestError(f"{path.name} holds names that lead out of it; pack it anew.")


def _refuse_member(path: Path, info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise InvalidRequestError(f"{path.name} holds links or devices in the place of images; pack it anew.")
    if info.flag_bits & _ENCRYPTED:
        raise InvalidRequestError(f"{path.name} is encrypted; unpack it first.")
    if info.compress_type not in _METHODS:
        raise InvalidRequestError(f"{path.name} is packed in a way that CBZ does not know; pack it anew with deflate.")


def _refuse_doubles(path: Path, images: Sequence[zipfile.ZipInfo]) -> None:
    names = [str(PurePosixPath(plain_name(info.filename))) for info in images]
    if len(set(names)) < len(names):
        double = next(name for name in names if names.count(name) > 1)
        raise InvalidRequestError(f"{path.name} holds {PurePosixPath(double).name} twice; pack it anew.")
