"""Runs commands as a person does, in this process or in one of their own."""

import contextlib
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mangaflux.cli import main
from tests.small_pages import page_bytes

DEADLINE_SECONDS = 60


def run_cli(*arguments: str | Path) -> int:
    """The exit code of one command."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


def write_pages(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        (folder / f"p{number}.png").write_bytes(page_bytes(number))
    return folder


@contextlib.contextmanager
def server_process(arguments: Sequence[str | Path], *, code: str | None = None) -> Iterator[subprocess.Popen[str]]:
    """`mangaflux` with these arguments, or a script with them, killed at the end of the block if it still runs."""
    program = ["-m", "mangaflux"] if code is None else ["-c", code]
    process = subprocess.Popen(
        [sys.executable, *program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=DEADLINE_SECONDS)


def next_line(process: subprocess.Popen[str]) -> str:
    """The next line of the process, or nothing where it ended."""
    assert process.stdout is not None
    return process.stdout.readline()


def url_in(line: str) -> str:
    match = re.search(r"http://\S+", line)
    assert match is not None, line
    return match.group()


def get(url: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(url, timeout=DEADLINE_SECONDS) as response:
        return response.status, response.read()
