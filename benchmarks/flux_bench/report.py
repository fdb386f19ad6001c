"""Tables in Markdown, written as they grow: a run that is cut off leaves what it measured."""

import os
import platform
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import torch

from flux_bench.device import Place, clear

PACKAGES = ("torch", "diffusers", "transformers", "torchao", "triton")


class Report:
    """A Markdown file and the terminal, with the same lines."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._started = time.perf_counter()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("", encoding="utf-8")

    def say(self, line: str = "") -> None:
        """One line, to both."""
        print(line, flush=True)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(line + "\n")

    def note(self, text: str) -> None:
        """Where the run is; to the terminal only."""
        print(f"[{time.perf_counter() - self._started:6.1f} s] {text}", file=sys.stderr, flush=True)

    def open_section(self, title: str, *columns: str) -> None:
        """A heading and the head of a table."""
        self.note(title)
        self.say()
        self.say(f"## {title}")
        self.say()
        self.say("| " + " | ".join(columns) + " |")
        self.say("|" + "---|" * len(columns))

    def row(self, *cells: object) -> None:
        """One row; floats with three digits that count."""
        self.say("| " + " | ".join(_cell(cell) for cell in cells) + " |")

    @contextmanager
    def guarded(self, what: str, seconds: int) -> Iterator[None]:
        """Gives the block up after so many seconds, or where it fails, and says so; what comes after it is measured all
        the same. Blocks may lie in one another: the inner limit then counts alone until the inner block has ended.
        """

        def stop(_number: int, _frame: object) -> None:
            raise TimeoutError(f"not done within {seconds} s")

        before = signal.signal(signal.SIGALRM, stop)
        left = signal.alarm(seconds)
        started = time.monotonic()
        try:
            yield
        except Exception as error:  # noqa: BLE001 — one row harms only itself
            traceback.print_exc()
            self.say(f"\n{what}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}\n")
        finally:
            signal.signal(signal.SIGALRM, before)
            signal.alarm(max(1, left - round(time.monotonic() - started)) if left else 0)
            clear()


def tell_machine(report: Report, place: Place) -> None:
    """Command, device, versions and the device's own rate."""
    name = torch.cuda.get_device_name() if place.device.type == "cuda" else platform.machine()
    versions = ", ".join(f"{package} {_version(package)}" for package in PACKAGES)
    report.say(f"    command: python {' '.join([Path(sys.argv[0]).name, *sys.argv[1:]])}")
    report.say(f"    device: {name}, {os.cpu_count()} cores, Python {platform.python_version()}")
    report.say(f"    versions: {versions}")
    if place.matmul_tflops:
        report.say(f"    bf16 matrix product, 8192³, random data: {place.matmul_tflops:.0f} TFLOP/s")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
