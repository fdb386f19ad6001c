import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.commands.driving import run_cli
from tests.small_pages import blank_page_bytes, page_bytes


def jpeg(data: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).save(buffer, "JPEG")
    return buffer.getvalue()


def write_book(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def book(tmp_path: Path) -> Path:
    members = {"vol 1/p2.png": page_bytes(2), "vol 1/p1.jpg": jpeg(page_bytes(1)), "vol 1/p10.png": blank_page_bytes()}
    return write_book(tmp_path / "Vol 1.cbz", members)


def colorize(book: Path, style: Path, out: Path, *more: str) -> int:
    return run_cli("colorize", book, "--style", style, "-o", out, "--engine", "fake", *more)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_book_comes_out_as_a_book_with_its_names_and_order(book: Path, style: Path, out: Path) -> None:
    assert colorize(book, style, out) == 0

    made = members(out / "Vol 1 (colorized).cbz")
    assert list(made) == ["ComicInfo.xml", "vol 1/p2.png", "vol 1/p1.png", "vol 1/p10.png"]
    assert made["vol 1/p1.png"] == (out / "page_001_colorized.png").read_bytes()
    assert made["vol 1/p2.png"] == (out / "page_002_colorized.png").read_bytes()


def test_a_skipped_page_is_in_the_book_as_its_original(book: Path, style: Path, out: Path) -> None:
    colorize(book, style, out)

    assert members(out / "Vol 1 (colorized).cbz")["vol 1/p10.png"] == blank_page_bytes()


def test_a_new_comic_info_tells_pages_and_direction(book: Path, style: Path, out: Path) -> None:
    colorize(book, style, out)

    info = members(out / "Vol 1 (colorized).cbz")["ComicInfo.xml"].decode()
    assert "<PageCount>3</PageCount>" in info
    assert "<Manga>YesAndRightToLeft</Manga>" in info


def test_the_comic_info_of_the_book_is_kept(tmp_path: Path, style: Path, out: Path) -> None:
    book = write_book(tmp_path / "b.cbz", {"1.png": page_bytes(1), "ComicInfo.xml": b"<ComicInfo/>"})

    colorize(book, style, out)

    assert members(out / "b (colorized).cbz")["ComicInfo.xml"] == b"<ComicInfo/>"


def test_pages_that_differ_by_suffix_only_stay_apart(tmp_path: Path, style: Path, out: Path) -> None:
    book = write_book(tmp_path / "b.cbz", {"1.png": page_bytes(1), "1.jpg": jpeg(page_bytes(2))})

    colorize(book, style, out)

    assert set(members(out / "b (colorized).cbz")) == {"ComicInfo.xml", "1.png", "1.jpg.png"}


def test_the_same_book_gives_the_same_bytes(book: Path, style: Path, tmp_path: Path) -> None:
    for out in ("a", "b"):
        colorize(book, style, tmp_path / out)

    first, second = (tmp_path / out / "Vol 1 (colorized).cbz" for out in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_book_with_a_failed_page_is_not_written(tmp_path: Path, style: Path, out: Path) -> None:
    book = write_book(tmp_path / "b.cbz", {"1.png": page_bytes(1), "2.png": page_bytes(2)[:200]})

    assert colorize(book, style, out) == 1

    assert (out / "page_001_colorized.png").exists()
    assert not list(out.glob("*.cbz"))
    assert not list(out.glob(".*"))


def test_the_same_command_again_keeps_the_book(book: Path, style: Path, out: Path) -> None:
    colorize(book, style, out)
    before = (out / "Vol 1 (colorized).cbz").read_bytes()

    assert colorize(book, style, out) == 0
    assert (out / "Vol 1 (colorized).cbz").read_bytes() == before


def test_a_book_of_somebody_else_is_not_overwritten(
    book: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.mkdir()
    theirs = write_book(out / "Vol 1 (colorized).cbz", {"a.txt": b"theirs"})

    assert colorize(book, style, out) == 2

    assert "Vol 1 (colorized).cbz" in capsys.readouterr().err
    assert set(members(theirs)) == {"a.txt"}


def test_two_books_of_one_name_are_refused(
    book: Path, style: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = write_book(tmp_path / "other" / book.name, {"1.png": page_bytes(1)})

    assert run_cli("colorize", book, other, "--style", style, "-o", out) == 2
    assert "Two archives are named Vol 1" in capsys.readouterr().err


def test_a_broken_archive_is_refused(
    style: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.cbz").write_bytes(b"not a zip")

    assert run_cli("colorize", tmp_path / "b.cbz", "--style", style, "-o", out) == 2
    assert "b.cbz is not a readable" in capsys.readouterr().err
