"""Schemathesis on the description that the server gives of itself."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from mangaflux.web.openapi import describe
from mangaflux.web.routes import ROUTES
from tests.acceptance.server_process import ServerProcess, submit_pages, until_ended
from tests.small_pages import page_bytes, style_bytes

#: What schemathesis judges. Left out: that everything the schema allows is accepted. No schema says that exactly one of
#: three fields names the pages, or which assets there are.
LEFT_OUT_CHECKS = "positive_data_acceptance"
#: Of the addresses with a key in them.
MIT_KEY = "a-key-of-its-own-0123456789"
#: Answered for as long as a client listens.
ENDLESS_PATH = "/v1/events"
#: Open to everyone: watchdogs, and the pages for people, which hold nothing of anyone.
OPEN_PATHS = ("/healthz", "/", "/docs")
OPEN_FOLDER = "/static/"


@dataclass(frozen=True)
class FuzzReport:
    """What schemathesis sent and found."""

    #: How many requests were answered with each status.
    statuses: dict[int, int]
    #: Addresses that answered 2xx although they are not open to everyone.
    answered: list[str]
    #: Whether schemathesis found nothing.
    passed: bool
    #: What it printed.
    text: str

    @property
    def cases(self) -> int:
        """Requests that were sent."""
        return sum(self.statuses.values())


async def fuzz(
    running: ServerProcess, folder: Path, *, token: str, examples: int, phases: str, seed: int = 1, seconds: float = 240
) -> FuzzReport:
    """Runs schemathesis against a server.

    Args:
        running: the server.
        folder: where the reports are written.
        token: sent with every request; empty: none is.
        examples: cases of one operation in one phase.
        phases: of examples, coverage, fuzzing and stateful, separated by commas.
        seed: of the cases.
        seconds: after which it is given up.
    """
    folder.mkdir()
    names = await _names(running, token) if token else ""
    (folder / "schemathesis.toml").write_text(_REFUSALS + names)
    # As a file: schemathesis itself would be refused without the token.
    (folder / "openapi.json").write_text(json.dumps(describe(ROUTES)))
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("--config-file", str(folder / "schemathesis.toml"), "run", "openapi.json", "--url", running.url),
        *("--phases", phases, "--max-examples", str(examples), "--seed", str(seed), "--exclude-path", ENDLESS_PATH),
        *("--exclude-checks", LEFT_OUT_CHECKS, "--suppress-health-check", "all", "--generation-database", "none"),
        *("--continue-on-failure", "--no-shrink", "--no-color", "--report", "har"),
        *("--report-har-path", str(folder / "report.har")),
        *(("-H", f"Authorization: Bearer {token}") if token else ()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    async with asyncio.timeout(seconds):
        output, _ = await process.communicate()
    entries = json.loads((folder / "report.har").read_text())["log"]["entries"]
    answers = [(entry["request"]["url"], int(entry["response"]["status"])) for entry in entries]
    return FuzzReport(
        statuses=dict(Counter(status for _, status in answers)),
        answered=[url for url, status in answers if 200 <= status < 300 and not _is_open(urlsplit(url).path)],
        passed=process.returncode == 0,
        text=output.decode(),
    )


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_FOLDER)


#: How data that breaks the schema may be refused: a job that is gone (410) is refused whatever else is sent. Two routes
#: answer 200 whatever their form holds: with what was sent, and with a frame that says why.
_REFUSALS = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 416, 422, "5xx"]

[[operations]]
include-path-regex = "^/v1/convert$|/image/stream$"
checks.negative_data_rejection.enabled = false
"""


async def _names(running: ServerProcess, token: str) -> str:
    """Names of things that there are, so that reading reaches more than 404."""
    job_id = await submit_pages(running.url, [page_bytes(1)], style_bytes(), token=token)
    await until_ended(running.url, job_id, 120, token=token)
    # A part of a JSON file is no JSON; schemathesis would call that a breach.
    return f"""
[[operations]]
include-path-regex = "/(metadata|runmeta)"
parameters = {{ "path.chapter_id" = "chapter_001", "path.page_num" = 1, "header.Range" = "bytes=0-" }}

[[operations]]
include-path-regex = "^/mit/"
parameters = {{ "path.key" = "{MIT_KEY}" }}

[[operations]]
include-method = "GET"
parameters = {{ "path.job_id" = "{job_id}", "path.chapter_id" = "chapter_001", "path.page_num" = 1 }}
"""
