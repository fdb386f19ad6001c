"""Names in requests lead to assets and to files under the input roots, and nowhere else."""

from pathlib import Path

import pytest

from mangaflux.errors import InvalidRequestError, PathForbiddenError
from mangaflux.image_sources import ImageSource
from mangaflux.web.input_names import image_source, input_path, sources_inside

SHA256 = "ab" * 32


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "page.png").write_bytes(b"page")
    return root


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    return secret


def test_an_asset_is_named_by_its_sha256() -> None:
    assert image_source(f"asset:{SHA256}", [], "page_image").asset_sha256 == SHA256


def test_an_asset_name_without_a_sha256_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="64 hexadecimal digits"):
        image_source("asset:latest", [], "page_image")


def test_a_relative_path_is_found_under_a_root(root: Path) -> None:
    source = image_source("page.png", [root], "page_image")

    assert (source.path, source.name) == (root / "page.png", "page.png")


def test_an_absolute_path_under_a_root_is_found(root: Path) -> None:
    assert image_source(str(root / "page.png"), [root], "page_image").path == root / "page.png"


def test_relative_paths_are_tried_against_the_roots_in_order(root: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    first.mkdir()

    assert input_path("page.png", [first, root], "page_image") == root / "page.png"

    (first / "page.png").write_bytes(b"another")
    assert input_path("page.png", [first, root], "page_image") == first / "page.png"


def test_without_roots_paths_are_forbidden_and_the_flag_is_named(secret: Path) -> None:
    with pytest.raises(PathForbiddenError, match="--input-root"):
        image_source(str(secret), [], "page_image")


@pytest.mark.parametrize("name", ["../secret.png", "./a/../../secret.png", "/etc/passwd"])
def test_a_path_that_leaves_the_roots_is_forbidden(root: Path, secret: Path, name: str) -> None:
    with pytest.raises(PathForbiddenError, match="--input-root"):
        image_source(name, [root], "page_image")


def test_a_link_that_leaves_the_roots_is_forbidden(root: Path, secret: Path) -> None:
    (root / "link.png").symlink_to(secret)

    with pytest.raises(PathForbiddenError):
        image_source("link.png", [root], "page_image")


def test_a_root_that_is_a_link_itself_may_be_used(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)

    assert input_path("page.png", [tmp_path / "link"], "page_image") == root / "page.png"


def test_a_refusal_does_not_tell_whether_a_forbidden_file_exists(root: Path, secret: Path) -> None:
    with pytest.raises(PathForbiddenError) as existing:
        image_source(str(secret), [root], "page_image")
    with pytest.raises(PathForbiddenError) as absent:
        image_source(str(secret.with_name("absent.png")), [root], "page_image")

    assert existing.value.message == absent.value.message


def test_a_missing_file_is_named_without_its_folder(root: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"page_image: there is no absent\.png under") as refusal:
        image_source("sub/absent.png", [root], "page_image")

    assert str(root) not in refusal.value.message


def test_a_folder_is_no_image(root: Path) -> None:
    (root / "folder").mkdir()

    with pytest.raises(InvalidRequestError, match="folder is not a file"):
        image_source("folder", [root], "page_image")


@pytest.mark.parametrize("name", ["page\0.png", "x" * 4000])
def test_a_path_that_no_file_system_takes_is_refused(root: Path, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        image_source(name, [root], "page_image")


def test_a_loop_of_links_is_refused(root: Path) -> None:
    (root / "loop").symlink_to(root / "loop")

    with pytest.raises(InvalidRequestError):
        image_source("loop", [root], "page_image")


def test_a_folder_with_a_link_out_of_the_roots_is_forbidden(root: Path, secret: Path) -> None:
    (root / "linked.png").symlink_to(secret)
    sources = [ImageSource("linked.png", path=root / "linked.png")]

    with pytest.raises(PathForbiddenError, match=r"linked\.png is a link"):
        sources_inside(sources, [root], "input_dir")


def test_a_folder_with_files_and_links_inside_the_roots_is_taken(root: Path) -> None:
    (root / "linked.png").symlink_to(root / "page.png")
    sources = [ImageSource("linked.png", path=root / "linked.png"), ImageSource("page.png", path=root / "page.png")]

    assert sources_inside(sources, [root], "input_dir") == sources
