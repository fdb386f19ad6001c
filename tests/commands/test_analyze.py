"""What Pass 1 sees, as a folder; through the command line, on the real analysis."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from mangaflux.engine.analysis.metadata import PageMetadata
from mangaflux.engine.runmeta import RunMeta
from tests.commands.driving import run_cli
from tests.small_pages import HEIGHT, WIDTH, blank_page_bytes, page_bytes

PAGE_FILES = {
    "page_001.meta.json",
    "page_001.meta.pass1.runmeta.json",
    "page_001_overlay.png",
    "masks/page_001_lettering.png",
    "masks/page_001_balloons.png",
    "masks/page_001_panels.png",
}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def summary_of(out: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((out / "batch_summary.json").read_text())
    return loaded


def test_a_page_leaves_its_analysis_its_overlay_and_a_summary_and_nothing_else(pages: Path, out: Path) -> None:
    code = run_cli("analyze", pages / "p1.png", "-o", out)

    assert code == 0
    assert set(snapshot(out)) == PAGE_FILES | {"batch_summary.json"}
    with Image.open(out / "page_001_overlay.png") as overlay:
        assert overlay.size == (WIDTH, HEIGHT)


def test_every_output_in_the_runmeta_has_the_sha256_of_its_file(pages: Path, out: Path) -> None:
    run_cli("analyze", pages / "p1.png", "-o", out)

    runmeta = RunMeta.model_validate_json((out / "page_001.meta.pass1.runmeta.json").read_bytes())
    on_disk = {hashlib.sha256((out / name).read_bytes()).hexdigest() for name in PAGE_FILES if "runmeta" not in name}
    assert set(runmeta.outputs.values()) == on_disk


def test_the_summary_counts_what_was_seen(pages: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_cli("analyze", pages / "p1.png", "-o", out, "--json")

    told = json.loads(capsys.readouterr().out)
    metadata = PageMetadata.model_validate_json((out / "page_001.meta.json").read_bytes())
    assert told["engine"] is None
    assert told["pages"][0]["panels"] == len(metadata.panels) == 2
    assert told == summary_of(out)


def test_the_pages_of_an_archive_are_analysed_and_no_archive_is_written(tmp_path: Path, out: Path) -> None:
    with zipfile.ZipFile(tmp_path / "vol1.cbz", "w") as archive:
        archive.writestr("1.png", page_bytes(1))
        archive.writestr("2.png", page_bytes(2))

    assert run_cli("analyze", tmp_path / "vol1.cbz", "-o", out) == 0

    assert (out / "page_002.meta.json").exists()
    assert not list(out.glob("*.cbz"))


def test_the_reading_direction_orders_the_panels_and_is_noted(pages: Path, out: Path) -> None:
    run_cli("analyze", pages / "p1.png", "-o", out, "--reading", "ltr")

    metadata = PageMetadata.model_validate_json((out / "page_001.meta.json").read_bytes())
    assert metadata.reading_direction == "ltr"


def test_a_blank_page_is_analysed_like_any_other(tmp_path: Path, out: Path) -> None:
    (tmp_path / "blank.png").write_bytes(blank_page_bytes())

    assert run_cli("analyze", tmp_path / "blank.png", "-o", out) == 0

    assert summary_of(out)["counts"] == {"completed": 1, "kept": 0, "skipped": 0, "failed": 0}


def test_a_damaged_page_fails_by_name_and_the_others_are_done(
    pages: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "p2.png").write_bytes(page_bytes(2)[:200])

    assert run_cli("analyze", pages, "-o", out) == 1

    told = capsys.readouterr()
    assert "page 2 (p2.png) failed: The image is damaged" in told.err
    assert "2 analysed, 1 failed" in told.out
    assert (out / "page_003.meta.json").exists()


def test_the_same_command_again_computes_nothing(pages: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_cli("analyze", pages, "-o", out)
    before = snapshot(out)
    capsys.readouterr()

    assert run_cli("analyze", pages, "-o", out) == 0

    after = snapshot(out)
    assert "3 done before" in capsys.readouterr().out
    assert {name for name in after if after[name] != before.get(name)} == {"batch_summary.json"}


@pytest.mark.parametrize("name", ["page_002_overlay.png", "masks/page_002_panels.png"])
def test_a_page_that_lost_a_file_alone_is_analysed_again(pages: Path, out: Path, name: str) -> None:
    run_cli("analyze", pages, "-o", out)
    before = snapshot(out)
    (out / name).unlink()

    assert run_cli("analyze", pages, "-o", out) == 0

    after = snapshot(out)
    assert after[name][0] == before[name][0]
    assert summary_of(out)["counts"] == {"completed": 1, "kept": 2, "skipped": 0, "failed": 0}


def test_pages_analysed_otherwise_are_not_overwritten(
    pages: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_cli("analyze", pages, "-o", out)
    before = snapshot(out)

    assert run_cli("analyze", pages, "-o", out, "--reading", "ltr") == 2

    assert "--force" in capsys.readouterr().err
    assert snapshot(out) == before


def test_force_overwrites(pages: Path, out: Path) -> None:
    run_cli("analyze", pages, "-o", out)

    assert run_cli("analyze", pages, "-o", out, "--reading", "ltr", "--force") == 0

    assert summary_of(out)["counts"] == {"completed": 3, "kept": 0, "skipped": 0, "failed": 0}


def test_the_colours_can_be_added_to_the_same_folder(pages: Path, style: Path, out: Path) -> None:
    run_cli("analyze", pages, "-o", out)

    assert run_cli("colorize", pages, "--style", style, "-o", out, "--engine", "fake") == 0

    assert (out / "page_003_colorized.png").exists()
    assert run_cli("analyze", pages, "-o", out) == 0
    assert summary_of(out)["counts"] == {"completed": 0, "kept": 3, "skipped": 0, "failed": 0}


def test_pages_that_were_coloured_keep_their_style_reference(pages: Path, style: Path, out: Path) -> None:
    run_cli("colorize", pages, "--style", style, "-o", out, "--engine", "fake")

    run_cli("analyze", pages, "-o", out)

    metadata = PageMetadata.model_validate_json((out / "page_001.meta.json").read_bytes())
    assert metadata.style_reference == ("style.png",)


def test_a_coloured_archive_is_still_known_after_an_analysis(tmp_path: Path, style: Path, out: Path) -> None:
    with zipfile.ZipFile(tmp_path / "vol1.cbz", "w") as archive:
        archive.writestr("1.png", page_bytes(1))
    colouring = ("colorize", tmp_path / "vol1.cbz", "--style", style, "-o", out, "--engine", "fake")
    run_cli(*colouring)

    run_cli("analyze", tmp_path / "vol1.cbz", "-o", out)

    assert run_cli(*colouring) == 0


def test_colouring_anew_keeps_an_overlay_in_step(pages: Path, style: Path, out: Path) -> None:
    run_cli("analyze", pages / "p1.png", "-o", out)
    (out / "page_001_overlay.png").write_bytes(page_bytes(7))

    run_cli("colorize", pages / "p1.png", "--style", style, "-o", out, "--engine", "fake", "--force")

    assert (out / "page_001_overlay.png").read_bytes() != page_bytes(7)


def test_results_beside_their_originals_are_refused(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("analyze", pages, "-o", pages) == 2
    assert "OUT is the folder of the pages" in capsys.readouterr().err


def test_a_missing_path_is_refused(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("analyze", "absent", "-o", out) == 2
    assert "no file or folder absent" in capsys.readouterr().err
    assert not out.exists()
