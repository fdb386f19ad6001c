"""The server does what its own description says, whatever it is sent."""

from pathlib import Path

from tests.acceptance.api_fuzz import MIT_KEY, fuzz
from tests.acceptance.server_process import server

TOKEN = "correct horse battery staple"
GUARDED = {
    "api_token": TOKEN,
    "server.token_for_reads": True,
    "limits.body_patience_seconds": 5,
    "compatibility.convert": True,
    "compatibility.mit_key": MIT_KEY,
}


async def test_no_answer_breaks_the_description(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}, settings=GUARDED, token=TOKEN) as running:
        report = await fuzz(running, tmp_path / "fuzz", token=TOKEN, examples=10, phases="examples,fuzzing,stateful")

    assert report.passed, report.text
    assert report.cases >= 300
    assert not [status for status in report.statuses if status >= 500]


async def test_nothing_is_answered_without_the_token(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}, settings=GUARDED, token=TOKEN) as running:
        report = await fuzz(running, tmp_path / "fuzz", token="", examples=8, phases="fuzzing")

    assert report.cases >= 200
    assert report.answered == []
    assert not [status for status in report.statuses if status >= 500]
