"""A background that answers views from a script, so that every state of a view can be looked at."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image

from mangaflux.samples.chapter import draw_reference

#: Replaces the way to the background: `window.answers` has what each message gets, `window.asked` what was sent.
SCRIPT = """
window.asked = [];
window.answers = ANSWERS;
chrome.runtime.sendMessage = async (message) => {
  window.asked.push(message);
  return window.answers[message.type] ?? { ok: true };
};
chrome.permissions.request = async () => GRANT;
"""

ADDRESS = "http://127.0.0.1:8765"
ORIGIN = "https://reader.example"
SITE = f"{ORIGIN}/the-long-way-home/3"


def thumbnail() -> str:
    """A small style reference as a data: URL."""
    picture = Image.fromarray(draw_reference(11))
    picture.thumbnail((160, 160))
    buffer = BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def page(number: int, state: str, **facts: object) -> dict[str, object]:
    return {"key": f"page-{number}", "place": number, "page_num": number, "state": state, **facts}


def pages() -> list[dict[str, object]]:
    """A chapter in which everything is seen that may become of a page."""
    return [
        page(1, "skipped", code="already_in_colour"),
        *(page(number, "done") for number in range(2, 7)),
        page(7, "failed", code="engine_failed", message="The device ran out of memory."),
        page(8, "running", step=3, totalSteps=4, etaSeconds=12),
        page(9, "queued"),
        page(10, "sending"),
        page(11, "reading"),
        page(12, "paused", code="cancelled"),
        page(13, "waiting"),
        page(14, "failed", code="cannot_read"),
        page(15, "done", how="screen"),
    ]


def counts(shown: list[dict[str, object]]) -> dict[str, int]:
    states = [str(each["state"]) for each in shown]
    return {state: states.count(state) for state in states}


def answers(**changed: Any) -> dict[str, Any]:
    """What a background in the middle of a chapter answers; `changed` are other answers by message."""
    shown = pages()
    sha256 = "a" * 64
    site = {"origin": ORIGIN, "on": True, "granted": True, "reference": sha256, "direction": "rtl"}
    here = {**site, "counts": counts(shown), "pages": shown, "chapter_id": "c", "title": "The Long Way Home, chapter 3"}
    settings = {"cacheMegabytes": 200, "badges": True, "peekKey": "o", "engine": "auto", "strength": 1, "ahead": 40}
    other = {**site, "origin": "https://scans.example:8443", "on": False, "granted": False, "reference": None}
    chapters = [
        {"chapter_id": str(number), "title": title, "address": SITE, "done": done, "total": total, "last": LAST[number]}
        for number, (title, done, total) in enumerate(READ)
    ]
    known = [{"sha256": digit * 64, "name": f"cover {digit}.png", "thumbnail": thumbnail()} for digit in "ab"]
    table: dict[str, Any] = {
        "pair.get": {"address": ADDRESS, "hasToken": True, "state": "ok"},
        "pair.test": {"version": "0.1.0"},
        "site.get": {**here, "shown": "colour"},
        "sites.list": {"sites": [site, other]},
        "references.list": {"references": known},
        "references.add": {"sha256": "c" * 64},
        "history.list": {"chapters": chapters},
        "cache.size": {"bytes": 81_400_000, "pictures": 96, "cap": 200_000_000},
        "settings.get": {"settings": settings},
        "tab.save": {"name": "The Long Way Home 3.cbz", "pages": 5},
        **changed,
    }
    return {name: {"ok": True, **answer} for name, answer in table.items()}


#: Milliseconds of the epoch.
LAST = (1_795_000_000_000, 1_794_900_000_000, 1_780_000_000_000)
READ = (("The Long Way Home, chapter 3", 5, 13), ("The Long Way Home, chapter 2", 24, 24), ("A one-shot", 40, 40))
