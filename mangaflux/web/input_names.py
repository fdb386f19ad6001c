"""Names of images and folders in requests → where they are. Paths never leave the input roots.

Everything here blocks.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from mangaflux.errors import InvalidRequestError, PathForbiddenError
from mangaflux.image_sources import ImageSource

_ASSET_NAME = re.compile(r"asset:([0-9a-f]{64})")


def image_source(name: str, roots: Sequence[Path], field: str) -> ImageSource:
    """The image of a name.

    Args:
        name: `asset:<sha256>` or a path.
        roots: the input roots; relative paths are tried against each in order.
        field: where the name stands in the request, for the message.

    Raises:
        InvalidRequestError: an asset name of the wrong form, or no such file.
        PathForbiddenError: a path, and it lies under none of the roots.
    """
    if name.startswith("asset:"):
        return _asset(name, field)
    path = input_path(name, roots, field)
    if not path.is_file():
        raise InvalidRequestError(f"{field}: {path.name} is not a file.", details={"field": field})
    return ImageSource(path.name, path=path)


def input_path(name: str, roots: Sequence[Path], field: str) -> Path:
    """The file or folder of a path in a request, every symbolic link resolved.

    Raises:
        InvalidRequestError: nothing is there.
        PathForbiddenError: it lies under none of the roots, links included.
    """
    if not roots:
        raise PathForbiddenError(
            f"{field}: this server reads no files by path. Start it with --input-root FOLDER, or upload the image.",
            details={"field": field},
        )
    try:
        return _find(name, roots, field)
    except (OSError, ValueError, RuntimeError) as error:  # too long, with a null byte, or a loop of links
        raise InvalidRequestError(f"{field}: this is not a usable path.", details={"field": field}) from error


def sources_inside(sources: Sequence[ImageSource], roots: Sequence[Path], field: str) -> list[ImageSource]:
    """The sources of a folder or archive, unless one of them is a link that leads out of the roots.

    Raises:
        PathForbiddenError: one is.
    """
    resolved_roots = [root.resolve() for root in roots]
    for source in sources:
        resolved = source.path.resolve() if source.path is not None else None
        if resolved is None or not any(resolved.is_relative_to(root) for root in resolved_roots):
            raise PathForbiddenError(
                f"{field}: {source.name} is a link that leads out of every input root.", details={"field": field}
            )
    return list(sources)


def _find(name: str, roots: Sequence[Path], field: str) -> Path:
    resolved_roots = [root.resolve() for root in roots]
    candidates = [(root / name).resolve() for root in resolved_roots]
    inside = [path for path in candidates if any(path.is_relative_to(root) for root in resolved_roots)]
    if not inside:
        raise PathForbiddenError(
            f"{field}: the path lies outside every input root; start the server with --input-root FOLDER to allow it.",
            details={"field": field},
        )
    found = next((path for path in inside if path.exists()), None)
    if found is None:
        raise InvalidRequestError(
            f"{field}: there is no {Path(name).name} under the input roots.", details={"field": field}
        )
    return found


def _asset(name: str, field: str) -> ImageSource:
    matched = _ASSET_NAME.fullmatch(name)
    if matched is None:
        raise InvalidRequestError(
            f"{field}: an asset is named asset: and the 64 hexadecimal digits of its SHA-256.", details={"field": field}
        )
    return ImageSource(f"asset {matched[1][:12]}", asset_sha256=matched[1])
