"""Of which kind is a balloon, and where does its tail point? Pure functions; any thread."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.metadata import BalloonKind, Point

#: A contour is simplified until no point is further off than this part of a square's side that is as large.
_SIMPLER = 0.025
#: Corners below this angle, in degrees, are spikes; what turns inward by more than this is a cusp between two puffs.
_SPIKE, _CUSP = 85.0, 40.0
#: So many spikes make a shout, so many cusps a thought; a tail alone has two or three corners.
_SPIKES, _CUSPS = 7, 5
#: The body is what a disc of this part of the largest that fits can reach; a tail sticks out by so many of its radii.
_DISC, _STICKS_OUT = 0.5, 0.22
#: The tail is so much longer than whatever else sticks out.
_LONGER = 1.35


def balloon_kind(contour: NDArray[np.int32], *, is_box: bool) -> BalloonKind:
    """What the outline says: square corners hold captions, spikes shouts, puffs thoughts, and all else speech."""
    if is_box:
        return "caption"
    turns = _turns(contour)
    if int((turns > 180 - _SPIKE).sum()) >= _SPIKES:
        return "shout"
    return "thought" if int((turns < -_CUSP).sum()) >= _CUSPS else "speech"


def tail_tip(contour: NDArray[np.int32]) -> Point | None:
    """The point of a contour where its tail ends; None where nothing sticks out of it more than the rest."""
    corner = contour.min(axis=0) - 1
    width, height = (contour.max(axis=0) - corner + 2).tolist()
    filled = np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(filled, [contour - corner], (1,))
    depth = cv2.distanceTransform(filled, cv2.DIST_L2, 3)
    radius = float(depth.max())
    core = (depth > _DISC * radius).astype(np.uint8)
    # Further from the core than the disc is what the disc cannot reach.
    away = cv2.distanceTransform(1 - core, cv2.DIST_L2, 5) - _DISC * radius
    parts, labels = cv2.connectedComponents(((away > 1) & (filled > 0)).astype(np.uint8))
    reaches = [float(away[labels == number].max()) for number in range(1, parts)]
    if not reaches:
        return None
    longest = int(np.argmax(reaches))
    others = [reach for number, reach in enumerate(reaches) if number != longest]
    if reaches[longest] < _STICKS_OUT * radius or reaches[longest] < _LONGER * max(others, default=0.0):
        return None
    y, x = np.unravel_index(int(np.where(labels == longest + 1, away, 0).argmax()), away.shape)
    return int(x + corner[0]), int(y + corner[1])


def _turns(contour: NDArray[np.int32]) -> NDArray[np.float64]:
    """By how many degrees a simplified contour turns at each corner: positive outward, negative inward."""
    side = float(np.sqrt(max(1.0, cv2.contourArea(contour))))
    corners = cv2.approxPolyDP(contour, _SIMPLER * side, closed=True).reshape(-1, 2).astype(np.float64)
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    angles = np.degrees(np.arctan2(cross, (before * after).sum(axis=1)))
    return np.asarray(angles if angles.sum() >= 0 else -angles)
