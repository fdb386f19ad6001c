import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import pytest

from mangaflux.errors import NotFoundError, StorageError
from mangaflux.storage.content_files import ContentFiles


def _write_in_two(file: BinaryIO) -> None:
    file.write(b"con")
    file.write(b"tent")


def test_a_stored_file_is_named_by_its_content_and_read_back(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)

    stored = files.store(b"content", "image/png")

    assert stored.sha256 == hashlib.sha256(b"content").hexdigest()
    assert files.path(stored.sha256, "image/png").name == f"{stored.sha256}.png"
    assert files.read(stored.sha256, "image/png") == b"content"


def test_storing_the_same_content_again_writes_nothing(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)
    first = files.store(b"content", "image/png")
    written = files.path(first.sha256, "image/png").stat().st_ino

    again = files.store(b"content", "image/png")

    assert again == first
    assert files.path(again.sha256, "image/png").stat().st_ino == written


def test_what_is_written_bit_by_bit_is_named_by_its_content_too(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)

    stored = files.store_written(_write_in_two, "image/png")

    assert stored == files.store(b"content", "image/png")
    assert [path.name for path in tmp_path.rglob(".part-*")] == []


def test_a_write_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ContentFiles(tmp_path)

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)

    with pytest.raises(StorageError, match="No space left"):
        files.store(b"content", "image/png")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_half_written_files_of_a_dead_process_are_removed_and_whole_ones_kept(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)
    stored = files.store(b"whole", "image/png")
    leftover = tmp_path / ".part-abc"
    leftover.write_bytes(b"half")

    assert files.remove_temporary() == 1

    assert not leftover.exists()
    assert files.read(stored.sha256, "image/png") == b"whole"


def test_a_file_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is gone"):
        ContentFiles(tmp_path).read("0" * 64, "image/png")


def test_touching_makes_a_file_young_again_and_says_whether_there_is_one(tmp_path: Path) -> None:
    files = ContentFiles(tmp_path)
    stored = files.store(b"content", "image/png")
    path = files.path(stored.sha256, "image/png")
    os.utime(path, (0, 0))

    assert files.touch(stored.sha256, "image/png")
    assert path.stat().st_mtime > 1_000_000_000
    assert not files.touch("0" * 64, "image/png")
