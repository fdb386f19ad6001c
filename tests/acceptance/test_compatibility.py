"""A whole server colours the pages of other readers."""

from pathlib import Path

import aiohttp

from tests.acceptance.server_process import get_json, server, until_ended
from tests.small_pages import page_bytes, style_bytes

KEY = "a-key-of-its-own-0123456789"


async def _send(url: str, path: str, page: bytes) -> tuple[int, str, bytes]:
    """Status, what the body is said to be, and the body."""
    form = aiohttp.FormData()
    form.add_field("image", page, filename="page.png", content_type="image/png")
    async with aiohttp.ClientSession(url) as client, client.post(path, data=form) as answer:
        return answer.status, answer.headers.get("X-MangaFlux-Result", ""), await answer.read()


async def test_a_page_that_was_given_back_is_coloured_through_a_kill_and_then_answered_at_once(tmp_path: Path) -> None:
    style, page = tmp_path / "style.png", page_bytes()
    style.write_bytes(style_bytes())
    settings = {
        "compatibility.convert": True,
        "compatibility.convert_wait_seconds": 0.3,
        "compatibility.mit_key": KEY,
        "compatibility.style_reference": str(style),
        "log_level": "debug",
    }
    async with server(tmp_path / "data", script={"seconds_per_step": 0.5}, settings=settings) as running:
        first = await _send(running.url, "/v1/convert", page)
        await running.kill()
        await running.start()
        job_id = (await get_json(running.url, "/v1/jobs"))["jobs"][0]["job_id"]
        ended = await until_ended(running.url, job_id, 60)
        wrong = await _send(running.url, f"/mit/{KEY}x/translate/with-form/image", page)
        at_once = await _send(running.url, f"/mit/{KEY}/translate/with-form/image", page)
        newest = (await get_json(running.url, "/v1/jobs"))["jobs"][0]

    assert first == (200, "passthrough; reason=timeout", page)
    assert ended["status"] == "completed"
    assert wrong[0] == 401
    assert at_once[:2] == (200, "coloured")
    assert newest["progress"]["cached"] == 1
    assert running.output
    assert KEY not in "".join(running.output)
