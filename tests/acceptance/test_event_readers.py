"""Events reach everyone who listens, and everyone who comes back."""

from pathlib import Path

from tests.acceptance.event_readers import deliver, resume
from tests.acceptance.server_process import server

CLIENTS = 300
RECONNECTS = 100


async def test_every_reader_gets_every_event_once_and_in_order(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}) as running:
        delivery = await deliver(running, clients=CLIENTS, pages=6)

    assert delivery.incomplete == 0
    # job.created, job.started, both passes of each page, job.completed
    assert delivery.events == 6 * 2 + 3


async def test_a_reader_that_is_cut_off_again_and_again_misses_nothing(tmp_path: Path) -> None:
    async with server(tmp_path / "data", script={}) as running:
        resumption = await resume(running, reconnects=RECONNECTS, restarts=1)

    assert resumption.reconnects >= RECONNECTS - 10
    assert resumption.seen == resumption.stored
