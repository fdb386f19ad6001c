"""The folder of a demo: files of an earlier demo are replaced, everything else is left alone. Blocks."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mangaflux.commands.result_folder import read_model, sha256_of, write_whole
from mangaflux.errors import InvalidRequestError

#: Lists what the demo wrote, so that the next one knows its files from others.
MANIFEST_NAME = ".mangaflux-demo.json"


class _Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    #: Path below the folder → the SHA-256 it may have: two while one demo replaces another.
    files: dict[str, tuple[str, ...]]


def refuse_foreign(folder: Path, names: Iterable[str]) -> None:
    """Makes sure that no file of these names is anybody else's.

    Raises:
        InvalidRequestError: there is one; the message names it.
    """
    earlier = _earlier(folder)
    for name in names:
        path = folder / name
        if path.exists() and (name not in earlier or not _is_unchanged(path, earlier[name])):
            raise InvalidRequestError(f"{path} is not of an earlier demo. Choose another folder with -o.")


def publish(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Writes the files of a demo, and removes those of an earlier one that have no successor.

    Raises:
        DataFolderError: the folder cannot be written.
    """
    earlier = _earlier(folder)
    made: dict[str, tuple[str, ...]] = {name: (hashlib.sha256(data).hexdigest(),) for name, data in contents.items()}
    # Both before the files are: should the process die among them, all are still known as a demo's.
    _write_manifest(folder, {name: earlier.get(name, ()) + made.get(name, ()) for name in earlier | made})
    for name in earlier.keys() - made.keys():
        if _is_unchanged(folder / name, earlier[name]):
            (folder / name).unlink()
    for name, data in contents.items():
        write_whole(folder / name, data)
    _write_manifest(folder, made)


def _write_manifest(folder: Path, files: dict[str, tuple[str, ...]]) -> None:
    write_whole(folder / MANIFEST_NAME, _Manifest(files=files).model_dump_json(indent=1).encode())


def _earlier(folder: Path) -> dict[str, tuple[str, ...]]:
    manifest = read_model(_Manifest, folder / MANIFEST_NAME)
    return manifest.files if manifest is not None else {}


def _is_unchanged(path: Path, sha256s: tuple[str, ...]) -> bool:
    return path.is_file() and sha256_of(path) in sha256s
