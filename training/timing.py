"""Where the time of a step goes."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import torch

#: Steps that are left out at first (kernels are chosen, memory is taken), and steps that are timed after them.
_SKIPPED, _TIMED = 10, 20


class StageTimes:
    """Times the parts of the first steps after the warm-up; waits for the device only in those."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._step = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts what is done inside towards the stage `name`."""
        if not _SKIPPED <= self._step < _SKIPPED + _TIMED:
            yield
            return
        self._wait()
        began = time.perf_counter()
        yield
        self._wait()
        self._sums[name] += time.perf_counter() - began

    def step_done(self) -> str | None:
        """A line with the mean of every stage, once, when all are timed."""
        self._step += 1
        if self._step != _SKIPPED + _TIMED:
            return None
        parts = [f"{name} {1000 * total / _TIMED:.0f} ms" for name, total in self._sums.items()]
        memory = torch.cuda.max_memory_allocated() / 2**30 if self._device.type == "cuda" else 0.0
        return f"a step: {', '.join(parts)}; at most {memory:.1f} GiB"

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
