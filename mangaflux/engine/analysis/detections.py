"""What optional detectors say of a page: boxes that the analysis takes as hints, not as the last word. Values only."""

from dataclasses import dataclass

from mangaflux.engine.analysis.metadata import BoundingBox


@dataclass(frozen=True, slots=True)
class DetectedBox:
    """One thing that a detector saw."""

    #: x, y, width, height in pixels of the page, inside the page.
    bbox: BoundingBox
    #: 0–1.
    confidence: float


@dataclass(frozen=True, slots=True)
class Detections:
    """Everything that the detectors of a page saw; empty without detectors."""

    lettering: tuple[DetectedBox, ...] = ()
    balloons: tuple[DetectedBox, ...] = ()
    panels: tuple[DetectedBox, ...] = ()
    faces: tuple[DetectedBox, ...] = ()
    bodies: tuple[DetectedBox, ...] = ()


NOTHING_DETECTED = Detections()
