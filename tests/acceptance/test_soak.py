"""A minute of clients that come and go: nothing grows, nothing goes wrong."""

from pathlib import Path

import pytest

from mangaflux.commands.console import open_terminal
from mangaflux.commands.verify import verify
from tests.acceptance.soak import MIB, soak

SECONDS = 60
#: Descriptors that may be more or fewer between two idle moments: the pool of threads for files opens some late.
DESCRIPTORS = 5
#: A minute is too short for a slope; a leak of a page's pixels in each job would be far above this.
GROWTH_MIB = 48


@pytest.mark.timeout(300)
async def test_a_minute_of_clients_leaves_nothing_behind(tmp_path: Path) -> None:
    report = await soak(tmp_path / "data", SECONDS, sample_seconds=1)

    assert report.wrong == []
    assert report.jobs > 0
    before, after = report.idle_descriptors
    assert abs(after - before) <= DESCRIPTORS
    sizes = [size for _, size, _ in report.samples]
    third = len(sizes) // 3
    assert min(sizes[-third:]) - min(sizes[:third]) < GROWTH_MIB * MIB
    assert verify(tmp_path / "data", open_terminal()) == 0
