from pathlib import Path

import pytest

from mangaflux.commands.demo_folder import publish, refuse_foreign
from mangaflux.errors import InvalidRequestError


def test_files_of_an_earlier_demo_are_replaced(tmp_path: Path) -> None:
    publish(tmp_path, {"pages/1.png": b"old", "pages/2.png": b"old"})

    refuse_foreign(tmp_path, ["pages/1.png"])
    publish(tmp_path, {"pages/1.png": b"new"})

    assert (tmp_path / "pages/1.png").read_bytes() == b"new"
    assert not (tmp_path / "pages/2.png").exists()


def test_a_file_of_somebody_else_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "chapter.cbz").write_bytes(b"theirs")

    with pytest.raises(InvalidRequestError, match=r"chapter\.cbz is not of an earlier demo"):
        refuse_foreign(tmp_path, ["before_after.png", "chapter.cbz"])


def test_a_demo_file_that_somebody_changed_is_theirs(tmp_path: Path) -> None:
    publish(tmp_path, {"a.png": b"ours"})
    (tmp_path / "a.png").write_bytes(b"retouched")

    with pytest.raises(InvalidRequestError):
        refuse_foreign(tmp_path, ["a.png"])


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("theirs")
    publish(tmp_path, {"a.png": b"1", "b.png": b"1"})
    (tmp_path / "b.png").write_bytes(b"retouched")

    publish(tmp_path, {"a.png": b"2"})

    assert (tmp_path / "notes.txt").read_text() == "theirs"
    assert (tmp_path / "b.png").read_bytes() == b"retouched"
