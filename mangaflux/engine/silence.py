"""For how long may an engine give no sign of life before it is taken for hung?"""

import statistics
from collections import deque

from mangaflux.engine.base import ColorizeRequest

#: Pages whose times count.
PAGES_REMEMBERED = 32
#: An engine may be silent for so many times what a page takes, by the median of its last pages.
PAGES_OF_SILENCE = 5
#: For a size that was not done before, for so many times the shortest limit: it may compile kernels for it.
UNMEASURED_LIMITS = 10
#: Sizes that are known to be compiled; a forgotten one only has more patience.
SIZES_REMEMBERED = 256


class SilenceLimit:
    """The limit of one engine, from the pages it did so far. Any thread."""

    def __init__(self, least_seconds: float) -> None:
        self._least_seconds = least_seconds
        self._pages: deque[float] = deque(maxlen=PAGES_REMEMBERED)
        self._sizes: deque[tuple[int, int]] = deque(maxlen=SIZES_REMEMBERED)

    def took(self, request: ColorizeRequest, seconds: float) -> None:
        """Takes in one request that came out."""
        self._pages.append(seconds)
        if (size := _size(request)) not in self._sizes:
            self._sizes.append(size)

    def seconds(self, request: ColorizeRequest) -> float:
        """How long the engine may be silent over a request."""
        if _size(request) not in self._sizes:
            return UNMEASURED_LIMITS * self._least_seconds
        return max(self._least_seconds, PAGES_OF_SILENCE * statistics.median(self._pages))


def _size(request: ColorizeRequest) -> tuple[int, int]:
    """Height and width of what is painted, in pixels."""
    if request.region is not None:
        return request.region.height, request.region.width
    return request.page.shape[0], request.page.shape[1]
