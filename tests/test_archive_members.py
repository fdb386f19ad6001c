"""Archives that are not what they say."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from mangaflux import archive_members
from mangaflux.errors import ImageTooLargeError, InvalidRequestError, UnreadableImageError
from mangaflux.image_sources import list_images, read_source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chapter.cbz"


def _archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


def _names(path: Path) -> list[str]:
    return [source.name for source in list_images(path, max_pages=100)]


SLIPS = ["../page.png", "a/../../page.png", "/etc/page.png", "C:/page.png", "..\\page.png", "\\\\host\\page.png"]


@pytest.mark.parametrize("name", [*SLIPS, "../notes.txt"])
def test_a_name_that_leads_out_is_refused(path: Path, name: str) -> None:
    with pytest.raises(InvalidRequestError, match="lead out of it"):
        _names(_archive(path, "page_1.png", name))


def test_names_of_windows_are_read(path: Path) -> None:
    assert _names(_archive(path, "ch\\page_2.png", "ch\\page_1.png")) == ["page_1.png", "page_2.png"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_device_is_refused(path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("page.png")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")

    with pytest.raises(InvalidRequestError, match="links or devices"):
        _names(path)


@pytest.mark.parametrize("names", [("page.png", "page.png"), ("a/page.png", "a\\page.png"), ("é.png", "e\u0301.png")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_one_name_twice_is_refused(path: Path, names: tuple[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match="twice"):
        _names(_archive(path, *names))


def _set_flags(path: Path, flags: int) -> None:
    data = bytearray(path.read_bytes())
    local, central = data.index(b"PK\x03\x04"), data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, local + 6, flags)
    struct.pack_into("<H", data, central + 8, flags)
    path.write_bytes(data)


def test_an_encrypted_archive_is_refused(path: Path) -> None:
    _set_flags(_archive(path, "page.png"), 1)

    with pytest.raises(InvalidRequestError, match="encrypted"):
        _names(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_may_take_gigabytes_of_memory_are_refused(path: Path, method: int) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("page.png", b"x" * 1000)

    with pytest.raises(InvalidRequestError, match="deflate"):
        _names(path)


def test_a_bomb_is_refused_before_anything_is_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.png", b"\0" * 20 * 1024**2)

    with pytest.raises(ImageTooLargeError, match="too much for a file of its size"):
        _names(path)


def test_too_many_members_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_members, "MAX_MEMBERS", 2)

    with pytest.raises(ImageTooLargeError, match="holds 3 files"):
        _names(_archive(path, "1.png", "2.png", "notes.txt"))


def test_a_member_that_lies_about_its_size_is_cut_off(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.png", b"\0" * 1_000_000)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    (source,) = list_images(path, max_pages=9)

    with pytest.raises(UnreadableImageError, match="damaged"):
        read_source(source, max_bytes=2_000_000)
