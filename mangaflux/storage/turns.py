"""Whose page comes next? Nobody waits behind somebody else's volume, and no volume waits for ever.

Larger priority goes first. Among equals small jobs go before large ones, as somebody looks at them now; after
`SMALL_IN_A_ROW` pages of small jobs a large one has its turn. Then comes the client whose last turn is longest ago,
then the older job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Pages of small jobs in a row while a large job of the same priority waits: it keeps a fifth of the device.
SMALL_IN_A_ROW = 4
#: Clients whose last turn is remembered; who is forgotten comes next, as a new client does.
MAX_REMEMBERED_CLIENTS = 1024


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """A job that has a page to claim."""

    job_id: str
    #: The first page to claim.
    page_num: int
    priority: int
    #: Grows from job to job.
    seq: int
    client: str
    total_pages: int


class Turns:
    """The order of one pass; remembers who had a turn."""

    def __init__(self, small_job_pages: int) -> None:
        self._small_job_pages = small_job_pages
        self._small_in_a_row = 0
        self._turn = 0
        #: By client, oldest first.
        self._last_turns: dict[str, int] = {}

    def next_of(self, waiting: Sequence[WaitingJob]) -> WaitingJob:
        """The job of which a page is taken now, out of at least one; it counts as taken."""
        chosen = min(waiting, key=self._rank)
        self._small_in_a_row = self._small_in_a_row + 1 if self._is_small(chosen) else 0
        self._turn += 1
        self._last_turns.pop(chosen.client, None)
        self._last_turns[chosen.client] = self._turn
        while len(self._last_turns) > MAX_REMEMBERED_CLIENTS:
            del self._last_turns[next(iter(self._last_turns))]
        return chosen

    def _rank(self, job: WaitingJob) -> tuple[int, bool, int, int]:
        small_first = self._small_in_a_row < SMALL_IN_A_ROW
        is_behind = self._is_small(job) is not small_first
        return -job.priority, is_behind, self._last_turns.get(job.client, 0), job.seq

    def _is_small(self, job: WaitingJob) -> bool:
        return job.total_pages <= self._small_job_pages
