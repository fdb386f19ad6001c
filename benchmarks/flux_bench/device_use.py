"""How busy the GPU itself says it was, beside how long the engine was called."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

#: Milliseconds from one reading to the next. Each covers the driver's own sample period, a sixth of a second to one.
READING_MS = 100


@dataclass
class DeviceUse:
    """Readings of `utilization.gpu`: the share of a sample period in which at least one kernel ran."""

    #: When each was read (`time.perf_counter`), and the percentage.
    readings: list[tuple[float, float]] = field(default_factory=list)

    def mean(self, start: float, end: float) -> str:
        """Their mean between two moments, in percent; empty where nothing was read."""
        read = [percent for moment, percent in self.readings if start <= moment <= end]
        return f"{sum(read) / len(read):.1f}" if read else ""


@contextmanager
def watched_device() -> Iterator[DeviceUse]:
    """What nvidia-smi reads of the first device of torch during the block; nothing where there is no such program."""
    use = DeviceUse()
    if not torch.cuda.is_available():
        yield use
        return
    uuid = torch.cuda.get_device_properties(0).uuid
    command = ["nvidia-smi", f"--id=GPU-{uuid}", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        program = subprocess.Popen([*command, "-lms", str(READING_MS)], stdout=subprocess.PIPE, text=True)
    except OSError:
        yield use
        return
    reader = threading.Thread(target=_read, args=(program, use), daemon=True)
    reader.start()
    try:
        yield use
    finally:
        program.terminate()
        program.wait(timeout=10)
        reader.join(timeout=10)


def _read(program: "subprocess.Popen[str]", use: DeviceUse) -> None:
    assert program.stdout is not None  # for the type checker: it is piped
    for line in program.stdout:
        # A driver that does not tell says [N/A].
        if line.strip().isdigit():
            use.readings.append((time.perf_counter(), float(line)))
