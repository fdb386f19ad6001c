"""kill -9 at 25 random moments: every accepted page ends, once, and everything is whole."""

from pathlib import Path

import pytest

from tests.acceptance.kill_loop import kill_loop

LOOPS = 25
#: Pages that a server may have in its hands when it is killed: a lane of Pass 1 and three of Pass 2.
IN_FLIGHT = 4


@pytest.mark.timeout(1200)
async def test_nothing_is_lost_or_torn_by_kills_at_random_moments(tmp_path: Path) -> None:
    report = await kill_loop(tmp_path / "data", LOOPS, seed=7)

    assert report.lost == []
    assert report.is_whole
    assert report.started_again <= IN_FLIGHT * LOOPS
    assert report.accepted_jobs > LOOPS / 4
