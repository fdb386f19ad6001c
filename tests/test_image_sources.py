import os
import zipfile
from pathlib import Path

import pytest

from mangaflux.errors import ImageTooLargeError, InvalidRequestError, UnreadableImageError
from mangaflux.image_sources import ImageSource, list_images, read_source


def _names(path: Path) -> list[str]:
    return [source.name for source in list_images(path, max_pages=100)]


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for name in ("page10.png", "page2.png", "Page1.jpg", "notes.txt", ".hidden.png"):
        (tmp_path / name).write_bytes(b"x")

    assert _names(tmp_path) == ["Page1.jpg", "page2.png", "page10.png"]


def test_an_archive_is_read_in_natural_order_without_folders_and_shadows(tmp_path: Path) -> None:
    path = tmp_path / "chapter.cbz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("ch/p10.png", "ch/p2.png", "ComicInfo.xml", "__MACOSX/ch/._p2.png"):
            archive.writestr(name, name)

    assert _names(path) == ["p2.png", "p10.png"]
    assert read_source(list_images(path, max_pages=9)[0], max_bytes=100) == b"ch/p2.png"


def test_a_single_image_is_a_list_of_one(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"x")

    assert _names(tmp_path / "page.png") == ["page.png"]


def test_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="holds no images"):
        list_images(tmp_path, max_pages=9)


def test_more_pages_than_a_job_takes_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(b"x")

    with pytest.raises(ImageTooLargeError, match="holds 3 images; one job takes at most 2"):
        list_images(tmp_path, max_pages=2)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.cbz").write_bytes(b"PK no")

    with pytest.raises(InvalidRequestError, match="not a readable CBZ"):
        list_images(tmp_path / "x.cbz", max_pages=9)


def test_a_damaged_member_is_unreadable_and_not_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "x.cbz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.png", bytes(range(256)) * 40)
    data = bytearray(path.read_bytes())
    data[50:60] = b"\xff" * 10
    path.write_bytes(data)
    (source,) = list_images(path, max_pages=9)

    with pytest.raises(UnreadableImageError, match="damaged or encrypted"):
        read_source(source, max_bytes=100_000)


def test_a_name_that_is_not_utf_8_can_be_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\x83\x7d.png")).write_bytes(b"x")

    (source,) = list_images(tmp_path, max_pages=9)

    assert source.name == "\ufffd}.png"
    assert read_source(source, max_bytes=9) == b"x"


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="neither a folder"):
        list_images(tmp_path / "absent", max_pages=9)


def test_no_more_than_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "big.cbz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", b"0" * 1_000_000)
    (source,) = list_images(path, max_pages=9)

    with pytest.raises(ImageTooLargeError, match="more than 1000 bytes"):
        read_source(source, max_bytes=1000)


def test_a_file_that_went_away_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"gone\.png cannot be read"):
        read_source(ImageSource("gone.png", path=tmp_path / "gone.png"), max_bytes=10)
