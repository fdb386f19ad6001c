"""Downloading a model: look it up → is there room? → fetch, check and name one file after another. Everything blocks.

Whatever ends it, a file is whole under its name or is not there, and the next pull goes on from what came.
"""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from mangaflux.errors import ModelStoreError
from mangaflux.models.entry import CatalogueEntry, is_commit
from mangaflux.models.hub import HubFile, fetch, look_up
from mangaflux.models.store import ModelRecord, ModelState, ModelStore, RecordedFile, part_of, put_in_place, sha256_of

#: Bytes that a download leaves free on the disk.
DISK_RESERVE = 256 * 1024**2


class PullView(Protocol):
    """What is told of a download."""

    def start(self, total: int) -> None:
        """Called once, before the first byte: how many bytes are to come."""

    def advance(self, path: str, position: int, size: int) -> None:
        """So many bytes of a file are here, of so many."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull came to."""

    record: ModelRecord
    #: Paths that were downloaded; the others were here already.
    fetched: tuple[str, ...]


def pull(store: ModelStore, entry: CatalogueEntry, view: PullView) -> Pulled:
    """Makes a model whole: what is here and right is kept, everything else comes from the hub.

    Raises:
        ModelStoreError: no network, no room, or a file that is not what it should be; the message says what to do.
    """
    with store.locked(entry):
        before = store.record(entry)
        kept = _kept(store, entry, before)
        if before is not None and store.state(entry) is ModelState.PRESENT and len(kept) == len(before.wanted):
            return Pulled(before, ())
        # A branch may have moved on since the first files came: the rest is taken of their commit.
        revision = before.revision if kept and before and not is_commit(entry.revision) else entry.revision
        every = look_up(entry, revision)
        wanted = [each for each in every if each.file.path not in kept]
        view.start(_check_room(store, entry, wanted))
        record = _record(entry, every, kept)
        try:
            for each in wanted:
                file = _fetch_checked(store, entry, each, view)
                record = record.model_copy(update={"files": {**record.files, each.file.path: file}})
                store.write_record(record)
        except OSError as error:
            raise ModelStoreError(f"{store.folder} cannot be written: {error.strerror}.") from error
    return Pulled(record, tuple(each.file.path for each in wanted))


def _kept(store: ModelStore, entry: CatalogueEntry, record: ModelRecord | None) -> dict[str, RecordedFile]:
    """The files that are here and right, each hashed anew: whoever pulls may do so because something is wrong."""
    if record is None:
        return {}
    whole = [finding.path for finding in store.verify(entry) if finding.problem is None]
    return {path: record.files[path] for path in whole}


def _check_room(store: ModelStore, entry: CatalogueEntry, wanted: list[HubFile]) -> int:
    """The bytes that are still to come.

    Raises:
        ModelStoreError: there is no room for them.
    """
    coming = sum(max(0, each.size - _size_of(part_of(store.file_path(entry, each.file)))) for each in wanted)
    free = shutil.disk_usage(store.folder).free
    if coming + DISK_RESERVE > free:
        raise ModelStoreError(
            f"{entry.name} needs {megabytes(coming + DISK_RESERVE)} and {store.folder} has {megabytes(free)} free. "
            "Free some space, or choose a folder on another disk with MANGA_FLUX_MODELS_DIR."
        )
    return coming


def _fetch_checked(store: ModelStore, entry: CatalogueEntry, wanted: HubFile, view: PullView) -> RecordedFile:
    path = store.file_path(entry, wanted.file)
    part = part_of(path)
    fetch(entry, wanted, part, lambda position: view.advance(wanted.file.path, position, wanted.size))
    sha256 = sha256_of(part)
    _check(wanted, _size_of(part), sha256, part)
    put_in_place(path)
    return RecordedFile(size=wanted.size, sha256=sha256)


def _check(wanted: HubFile, size: int, sha256: str, part: Path) -> None:
    expected = wanted.file.sha256 or wanted.sha256
    if size == wanted.size and sha256 == (expected or sha256):
        return
    part.unlink()
    raise ModelStoreError(
        f"{wanted.file.path} is not what it should be ({size} bytes with SHA-256 {sha256[:12]}…, expected "
        f"{wanted.size} with {(expected or 'any')[:12]}…), so it was removed. Pull again; if it stays so, the file on "
        "the hub has changed, or something on the way changes it."
    )


def _record(entry: CatalogueEntry, every: list[HubFile], files: dict[str, RecordedFile]) -> ModelRecord:
    return ModelRecord(
        name=entry.name,
        repository=entry.repository,
        revision=every[0].commit,
        license=entry.license,
        downloaded_at=datetime.now(UTC),
        wanted=tuple(each.file.path for each in every),
        files=files,
    )


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def megabytes(size: int) -> str:
    """Bytes for people: `11.1 MB`, `7.8 GB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
