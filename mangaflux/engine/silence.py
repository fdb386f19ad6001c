"""For how long may an engine give no sign of life before it is taken for hung?"""

import statistics
from collections import deque

#: Pages whose times count.
PAGES_REMEMBERED = 32
#: An engine may be silent for so many times what a page takes, by the median of its last pages.
PAGES_OF_SILENCE = 5
#: Before a page was measured, for so many times the shortest limit: a first page may compile kernels.
UNMEASURED_LIMITS = 10


class SilenceLimit:
    """The limit of one engine, from the pages it did so far. Any thread."""

    def __init__(self, least_seconds: float) -> None:
        self._least_seconds = least_seconds
        self._pages: deque[float] = deque(maxlen=PAGES_REMEMBERED)

    def page_took(self, seconds: float) -> None:
        """Takes in one page that came out."""
        self._pages.append(seconds)

    @property
    def seconds(self) -> float:
        """How long it may be silent now."""
        if not self._pages:
            return UNMEASURED_LIMITS * self._least_seconds
        return max(self._least_seconds, PAGES_OF_SILENCE * statistics.median(self._pages))
