"""How close does a panel look at people: close-up, medium or long shot? Pure functions; any thread."""

from collections.abc import Sequence

from mangaflux.engine.analysis.faces import Face
from mangaflux.engine.analysis.metadata import BoundingBox, ShotSize

#: A face is so many eye distances wide and high, and begins so many above the eyes: from brows to chin, measured on
#: drawn faces.
_FACE_WIDTH, _FACE_HEIGHT, _ABOVE_EYES = 2.8, 2.65, 1.2
#: Part of the panel's height, at most so many times its width, that the largest face takes: from here on a close-up,
#: below this a long shot.
_TALL = 1.5
_CLOSE, _LONG = 0.45, 0.16


def face_box(face: Face) -> BoundingBox:
    """Around a face, in pixels of the page that it was found on; parts may lie outside."""
    x, y = face.middle
    width, height = _FACE_WIDTH * face.eye_distance, _FACE_HEIGHT * face.eye_distance
    return round(x - width / 2), round(y - _ABOVE_EYES * face.eye_distance), round(width), round(height)


def shot_size(panel: BoundingBox, faces: Sequence[BoundingBox]) -> ShotSize:
    """The shot of a panel with these faces in it; "none" without any."""
    if not faces:
        return "none"
    side = min(panel[3], _TALL * panel[2])
    share = max(height for _, _, _, height in faces) / max(1.0, side)
    if share >= _CLOSE:
        return "close_up"
    return "medium" if share >= _LONG else "long"


def faces_within(panel: BoundingBox, faces: Sequence[BoundingBox]) -> list[BoundingBox]:
    """The faces whose middle lies in a panel."""
    x, y, width, height = panel
    return [
        face for face in faces if x <= face[0] + face[2] / 2 < x + width and y <= face[1] + face[3] / 2 < y + height
    ]
