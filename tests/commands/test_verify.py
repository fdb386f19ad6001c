"""`mangaflux verify` and `mangaflux backup` on data folders and on folders of results."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.jobs import Status
from mangaflux.storage.data_folder import DATABASE_NAME
from tests.commands.driving import run_cli
from tests.small_pages import page_bytes, style_bytes
from tests.test_worker import end_of, running, submit


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one finished job of two pages."""
    folder = tmp_path_factory.mktemp("original") / "data"

    async def fill() -> None:
        async with running(folder, FakeEngine()) as parts:
            await end_of(parts, await submit(parts, page_bytes(1), page_bytes(2)))

    asyncio.run(fill())
    return folder


@pytest.fixture
def data(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "data"))


def _change(data: Path, sql: str) -> None:
    with closing(sqlite3.connect(data / DATABASE_NAME, isolation_level=None)) as connection:
        connection.execute(sql)


def _a_file(data: Path, pattern: str) -> Path:
    return next(iter(sorted(data.glob(pattern))))


def _remove_a_page(data: Path) -> None:
    _a_file(data, "assets/*/*.png").unlink()


def _cut_a_result(data: Path) -> None:
    path = _a_file(data, "artifacts/*/*.png")
    path.write_bytes(path.read_bytes()[:-1])


def _change_a_byte(data: Path) -> None:
    path = _a_file(data, "artifacts/*/*.png")
    path.write_bytes(path.read_bytes()[:-1] + b"x")


def _lose_a_result(data: Path) -> None:
    _change(data, "DELETE FROM artifacts WHERE kind = 'colorized' AND page_num = 1")


def _lose_an_event(data: Path) -> None:
    _change(data, "DELETE FROM events WHERE type = 'page.pass2.completed' AND id = (SELECT max(id) FROM events) - 1")


def _tell_it_twice(data: Path) -> None:
    columns = "job_id, type, data, created_at"
    _change(data, f"INSERT INTO events ({columns}) SELECT {columns} FROM events")


def _end_it_too_early(data: Path) -> None:
    _change(data, "UPDATE page_passes SET status = 'queued' WHERE page_num = 2")


def _lose_a_row(data: Path) -> None:
    _change(data, "DELETE FROM artifact_files WHERE sha256 = (SELECT min(sha256) FROM artifacts)")


def test_a_data_folder_that_keeps_its_promises_is_well(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("verify", "--data-dir", data) == 0

    assert "all is well" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_remove_a_page, "No such file"),
        (_cut_a_result, "bytes and should have"),
        (_change_a_byte, "is not what its name says"),
        (_lose_a_result, "page 1, pass 2: is completed and has no colorized"),
        (_lose_an_event, "was told 0 times"),
        (_tell_it_twice, "was told 2 times"),
        (_end_it_too_early, "its pages say otherwise"),
        (_lose_a_row, "that is not there"),
    ],
)
def test_each_broken_promise_is_told(
    data: Path, capsys: pytest.CaptureFixture[str], break_it: Callable[[Path], None], said: str
) -> None:
    break_it(data)

    assert run_cli("verify", "--data-dir", data) == 1

    assert said in capsys.readouterr().err


def test_metadata_that_breaks_its_contract_is_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in data.glob("artifacts/*/*.json"):
        document = json.loads(path.read_text())
        if "page_seed" in document:
            path.write_text(json.dumps({**document, "width": "wide"}))

    assert run_cli("verify", "--data-dir", data, "--json") == 1

    problems = json.loads(capsys.readouterr().out)["problems"]
    assert any("breaks its contract: width" in problem for problem in problems)


def test_a_folder_that_is_neither_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("verify", tmp_path) == 2

    assert "neither" in capsys.readouterr().err


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that `colorize` wrote, of one page."""
    folder = tmp_path_factory.mktemp("results")
    (folder / "page.png").write_bytes(page_bytes(1))
    style = folder / "style.png"
    style.write_bytes(style_bytes())
    assert run_cli("colorize", folder / "page.png", "--style", style, "-o", folder / "out", "--engine", "fake") == 0
    return folder / "out"


def test_a_folder_of_results_is_well(results: Path) -> None:
    assert run_cli("verify", results) == 0


def _retouch(out: Path) -> None:
    (out / "page_001_colorized.png").write_bytes(b"retouched")


def _lose_a_mask(out: Path) -> None:
    (out / "masks" / "page_001_balloons.png").unlink()


def _lose_the_runmeta(out: Path) -> None:
    (out / "page_001_colorized.runmeta.json").unlink()


def _break_the_metadata(out: Path) -> None:
    (out / "page_001.meta.json").write_text("{}")


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_retouch, "is not what page_001_colorized.runmeta.json says"),
        (_lose_a_mask, "page_001_balloons.png is missing"),
        (_lose_the_runmeta, "page_001_colorized.runmeta.json: No such file"),
        (_break_the_metadata, "breaks its contract"),
    ],
)
def test_each_broken_result_is_told(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], break_it: Callable[[Path], None], said: str
) -> None:
    out = Path(shutil.copytree(results, tmp_path / "out"))
    break_it(out)

    assert run_cli("verify", out) == 1

    assert said in capsys.readouterr().err


async def test_a_backup_made_while_a_server_works_is_a_data_folder_to_go_on_from(tmp_path: Path) -> None:
    target = tmp_path / "backup"
    async with running(tmp_path / "data", FakeEngine(seconds_per_step=0.2)) as parts:
        job = await submit(parts, page_bytes(1), page_bytes(2))
        code = await asyncio.to_thread(run_cli, "backup", target, "--data-dir", tmp_path / "data")
        assert code == 0
        assert (await end_of(parts, job)).status is Status.COMPLETED

    assert await asyncio.to_thread(run_cli, "verify", target) == 0
    async with running(target, FakeEngine()) as parts:
        assert (await end_of(parts, job)).status is Status.COMPLETED


def test_a_second_backup_copies_only_what_is_new(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_cli("backup", tmp_path / "backup", "--data-dir", data) == 0
    capsys.readouterr()

    assert run_cli("backup", tmp_path / "backup", "--data-dir", data) == 0

    assert "0 of them copied" in capsys.readouterr().out


def test_a_backup_tells_what_is_missing(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _remove_a_page(data)

    assert run_cli("backup", tmp_path / "backup", "--data-dir", data) == 1

    assert "is missing" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["verify", "backup"])
def test_without_a_data_folder_there_is_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    target = [tmp_path / "backup"] if command == "backup" else []

    assert run_cli(command, *target, "--data-dir", tmp_path / "none") == 2

    assert "none" in capsys.readouterr().err


def test_a_folder_is_not_copied_onto_itself(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_cli("backup", data, "--data-dir", data) == 2

    assert "itself" in capsys.readouterr().err
