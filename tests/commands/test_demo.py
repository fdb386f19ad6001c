"""The demo from outside, with a real server: one page, to be quick."""

import signal
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mangaflux.commands.demo_folder import refuse_foreign
from tests.commands.driving import DEADLINE_SECONDS, next_line, run_cli, server_process


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """Exit code and folder of a demo of one page, run where the operator has set a token for a server of their own."""
    out = tmp_path_factory.mktemp("finished") / "demo"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MANGA_FLUX_API_TOKEN", "secret")
        return run_cli("demo", "-o", out, "--pages", "1"), out


def test_the_demo_leaves_pages_colours_and_a_book(finished: tuple[int, Path]) -> None:
    code, out = finished

    assert code == 0
    with Image.open(out / "pages" / "page_001.png") as ink:
        assert ink.mode == "L"
    with zipfile.ZipFile(out / "chapter.cbz") as book:
        assert (out / "colorized" / "page_001_colorized.png").read_bytes() == book.read("page_001.png")


def test_the_picture_has_the_width_of_a_readme_and_colours_on_its_right(finished: tuple[int, Path]) -> None:
    _, out = finished

    with Image.open(out / "before_after.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.int16)
    spread = np.ptp(pixels, axis=2) > 60
    assert picture.width == 1600
    assert spread[:, 1000:].mean() > 10 * spread[:, :600].mean()


def test_the_next_demo_may_replace_the_files_of_this_one(finished: tuple[int, Path]) -> None:
    _, out = finished

    refuse_foreign(out, [path.relative_to(out).as_posix() for path in out.rglob("*.png")])


def test_a_foreign_file_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "before_after.png").write_bytes(b"theirs")

    assert run_cli("demo", "-o", tmp_path) == 2

    assert "before_after.png is not of an earlier demo" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["before_after.png"]


def test_an_interrupted_demo_writes_nothing_and_leaves_no_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with server_process(["demo", "-o", tmp_path / "demo", "--pages", "20"]) as demo:
        assert "Drawing" in next_line(demo)

        demo.send_signal(signal.SIGINT)

        assert demo.wait(timeout=DEADLINE_SECONDS) == 130
    assert list(tmp_path.iterdir()) == []
