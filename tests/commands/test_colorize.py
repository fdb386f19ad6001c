import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from tests.commands.driving import run_cli
from tests.small_pages import HEIGHT, WIDTH, blank_page_bytes, page_bytes

PAGE_FILES = {
    "page_001_colorized.png",
    "page_001_colorized.runmeta.json",
    "page_001.meta.json",
    "page_001.meta.pass1.runmeta.json",
    "masks/page_001_lettering.png",
    "masks/page_001_balloons.png",
    "masks/page_001_panels.png",
}


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def colorize(*arguments: str | Path) -> int:
    return run_cli("colorize", "--engine", "fake", *arguments)


def test_a_page_leaves_its_files_and_a_summary_and_nothing_else(pages: Path, style: Path, out: Path) -> None:
    code = colorize(pages / "p1.png", "--style", style, "-o", out)

    assert code == 0
    assert names_in(out) == PAGE_FILES | {"batch_summary.json"}
    with Image.open(out / "page_001_colorized.png") as image:
        assert image.size == (WIDTH, HEIGHT)


def test_the_names_in_the_metadata_are_those_of_the_folder(pages: Path, style: Path, out: Path) -> None:
    colorize(pages, "--style", style, "-o", out)

    metadata = PageMetadata.model_validate_json((out / "page_002.meta.json").read_bytes())
    assert (metadata.page_image, metadata.style_reference) == ("p2.png", ("style.png",))
    assert (out / metadata.text_mask).is_file()


def test_every_output_in_a_runmeta_has_the_sha256_of_its_file(pages: Path, style: Path, out: Path) -> None:
    colorize(pages / "p1.png", "--style", style, "-o", out)

    made: dict[str, str] = {}
    for name in ("page_001.meta.pass1.runmeta.json", "page_001_colorized.runmeta.json"):
        made |= RunMeta.model_validate_json((out / name).read_bytes()).outputs
    on_disk = {hashlib.sha256((out / name).read_bytes()).hexdigest() for name in PAGE_FILES if "runmeta" not in name}
    assert set(made.values()) == on_disk


def test_paths_are_numbered_on_in_the_order_given(pages: Path, style: Path, out: Path, tmp_path: Path) -> None:
    extra = tmp_path / "a.png"
    extra.write_bytes(page_bytes(9))

    colorize(pages, extra, "--style", style, "-o", out)

    summary = json.loads((out / "batch_summary.json").read_text())
    assert [page["name"] for page in summary["pages"]] == ["p1.png", "p2.png", "p3.png", "a.png"]


def test_a_blank_page_is_skipped_and_no_error(
    tmp_path: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "blank.png"
    page.write_bytes(blank_page_bytes())

    code = colorize(page, "--style", style, "-o", out)

    assert code == 0
    assert "skipped, blank page" in capsys.readouterr().out
    assert not (out / "page_001_colorized.png").exists()


def test_a_damaged_page_fails_by_name_and_the_others_are_done(
    pages: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "p2.png").write_bytes(page_bytes(2)[:200])

    code = colorize(pages, "--style", style, "-o", out)

    assert code == 1
    assert "page 2 (p2.png) failed: The image is damaged" in capsys.readouterr().err
    assert (out / "page_003_colorized.png").exists()


def test_a_page_that_is_no_image_fails_by_name(
    pages: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "p1.png").write_text("not a picture")

    code = colorize(pages, "--style", style, "-o", out)

    assert code == 1
    assert "page 1 (p1.png) failed: Not an image" in capsys.readouterr().err


def test_another_seed_gives_other_colours(pages: Path, style: Path, tmp_path: Path) -> None:
    for seed in ("1", "2"):
        colorize(pages / "p1.png", "--style", style, "-o", tmp_path / seed, "--seed", seed)

    first, second = (tmp_path / seed / "page_001_colorized.png" for seed in ("1", "2"))
    assert first.read_bytes() != second.read_bytes()


def test_json_is_the_only_thing_on_stdout(
    pages: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colorize(pages, "--style", style, "-o", out, "--json")

    told = json.loads(capsys.readouterr().out)
    assert told["counts"] == {"completed": 3, "kept": 0, "skipped": 0, "failed": 0}
    assert told == json.loads((out / "batch_summary.json").read_text())


def test_the_lite_engine_colours_a_page(pages: Path, tmp_path: Path, out: Path) -> None:
    style = tmp_path / "style.jpg"
    Image.linear_gradient("L").convert("RGB").save(style)

    assert run_cli("colorize", pages / "p1.png", "--style", style, "-o", out) == 0
    assert (out / "page_001_colorized.png").exists()


def refusal(capsys: pytest.CaptureFixture[str], out: Path, *arguments: str | Path) -> str:
    """What a command that is refused with 2 says; it writes nothing."""
    before = names_in(out)
    assert run_cli("colorize", *arguments) == 2
    assert names_in(out) == before
    return capsys.readouterr().err


def test_no_style_reference_is_refused(pages: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--style REF" in refusal(capsys, out, pages, "-o", out)


def test_a_missing_style_reference_is_refused(pages: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "absent.png" in refusal(capsys, out, pages, "--style", "absent.png", "-o", out)


def test_a_damaged_style_reference_is_refused(
    pages: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    style = tmp_path / "style.png"
    style.write_bytes(page_bytes(1)[:200])

    assert "style.png" in refusal(capsys, out, pages, "--style", style, "-o", out)


def test_a_missing_path_is_refused(style: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no file or folder absent" in refusal(capsys, out, "absent", "--style", style, "-o", out)


def test_a_folder_without_images_is_refused(
    style: Path, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()

    assert "holds no images" in refusal(capsys, out, tmp_path / "empty", "--style", style, "-o", out)


def test_an_engine_that_cannot_run_is_refused(
    pages: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "use lite" in refusal(capsys, out, pages, "--style", style, "-o", out, "--engine", "flux")


def test_a_wrong_chapter_id_is_refused(pages: Path, style: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--chapter-id" in refusal(capsys, out, pages, "--style", style, "-o", out, "--chapter-id", "a/b")


def test_results_beside_their_originals_are_refused(
    pages: Path, style: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "OUT is the folder of the pages" in refusal(capsys, pages, pages, "--style", style, "-o", pages)
