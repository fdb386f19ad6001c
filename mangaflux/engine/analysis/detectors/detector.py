"""What a detector is, and what several of them see together."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.detections import Detections


class Detector(Protocol):
    """Sees things on pages. Made once, used on any thread, on several pages at once."""

    #: The word in the settings.
    name: str
    #: Of its weights. Part of the fingerprint of every page that it helped with.
    sha256: str
    license: str

    def detect(self, page: NDArray[np.uint8]) -> Detections:
        """What it sees on an (H, W, 3) uint8 sRGB page of any size; the same page always gives the same answer."""


def see(detectors: Iterable[Detector], page: NDArray[np.uint8]) -> Detections:
    """What all of them see on a page, one after another."""
    return together([detector.detect(page) for detector in detectors])


def together(seen: Sequence[Detections]) -> Detections:
    """All detections as one; what two detectors saw is in it twice."""
    names = [field.name for field in fields(Detections)]
    return Detections(**{name: tuple(chain.from_iterable(getattr(each, name) for each in seen)) for name in names})
