"""Which patches belong to the head around a face: its skin, its hair, the clothes below? Pure functions; any thread.

Places are told in the frame of the face: the origin half-way between the eyes, x to the right along them and y down,
in units of the eye distance. A drawn head is about 2.2 wide, its chin at 1, the top of its hair at −2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.analysis.faces import Face
from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.lite.regions import Regions

FloatArray = NDArray[np.float32]

#: Tones this near belong to one skin, and to one head of hair.
_SAME_SKIN = 0.1
_SAME_HAIR = 0.12
#: What hangs into the face is hair even if it is shaded otherwise.
_SAME_FRINGE = 0.2
#: Tails that hang apart must be nearer in tone.
_SAME_TAIL = 0.05
#: Paler hair is not followed far: a white backdrop beside it looks the same.
_WHITE_HAIR = 0.93
#: Hair against the patch of the face, in area; tails and bangs are pieces of it.
_SMALLEST_LOCK = 0.03
_LARGEST_HAIR = 5.0
#: A patch that runs along the frame for longer than this is a backdrop seen beside the head.
_MOST_RIM = 0.16
#: Half the width of shoulders and the end of a chest, in eye distances; the largest piece of clothes against the patch
#: of the face, and how much of its outline may run along the frame, since busts are cut off.
_SHOULDERS, _HEM = 1.6, 5.0
_LARGEST_COAT = 5.0
_COAT_RIM = 0.4
#: How often hair is followed from piece to piece.
_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The patches of one head."""

    #: (N,) bool each; they share no patch.
    skin: Mask
    hair: Mask
    clothes: Mask


def find_heads(regions: Regions, faces: Sequence[Face]) -> tuple[Head, ...]:
    """The heads around the faces; a patch that two could have belongs to the first of them."""
    taken = np.zeros(len(regions.area), dtype=np.bool_)
    taken[[face.patch for face in faces]] = True
    heads = []
    for face in faces:
        head = _find_head(regions, face, taken)
        taken |= head.skin | head.hair | head.clothes
        heads.append(head)
    return tuple(heads)


def _find_head(regions: Regions, face: Face, taken: Mask) -> Head:
    right, down = _in_frame(regions, face)
    contact = _contact(regions, face.patch)
    skin = _more_skin(regions, face, right, down, contact) & ~taken
    skin[face.patch] = True
    clothes = _find_clothes(regions, face, right, down)
    reach = np.where(regions.tone < _WHITE_HAIR, 2.6, 1.75)
    near = (np.abs(right) < reach) & (down > -2.4) & (down < 3.0) & _may_be_hair(regions, face) & ~skin & ~taken
    crown = near & (contact > 0) & (down < -0.2) & (np.abs(right) < 1.6)
    if not crown.any():
        return Head(skin, np.zeros_like(skin), clothes & ~skin & ~taken)
    main = int(np.argmax(np.where(crown, contact * regions.area, -1.0)))
    step = np.abs(regions.tone - regions.tone[main])
    alike = near & (step < np.where(crown, _SAME_FRINGE, _SAME_HAIR))
    tails = alike & (np.abs(right) > 0.8) & (down < 1.6) & (step < _SAME_TAIL)
    hair = _follow(regions, main, alike) | (tails & (regions.tone < _WHITE_HAIR))
    return Head(skin, hair, clothes & ~skin & ~hair & ~taken)


def _find_clothes(regions: Regions, face: Face, right: FloatArray, down: FloatArray) -> Mask:
    """What hangs below the chin, as wide as shoulders; it may run out of the panel below, but is no backdrop."""
    share = regions.area / regions.area[face.patch]
    below = (np.abs(right) < _SHOULDERS) & (down > 1.5) & (down < _HEM)
    return np.asarray(below & (share > _SMALLEST_LOCK) & (share < _LARGEST_COAT) & (regions.rim < _COAT_RIM))


def _in_frame(regions: Regions, face: Face) -> tuple[FloatArray, FloatArray]:
    """The x and the y of every patch's centre in the frame of the face."""
    height, width = regions.labels.shape
    offset = regions.centre * np.array([width, height], np.float32) - np.array(face.middle, np.float32)
    along = np.subtract(face.right_eye, face.left_eye).astype(np.float32) / face.eye_distance**2
    return offset @ along, offset @ np.array([-along[1], along[0]], np.float32)


def _contact(regions: Regions, patch: int) -> FloatArray:
    """(N,) the length of each patch's border with one of them, in pixels."""
    contact = np.zeros(len(regions.area), np.float32)
    for own, other in ((0, 1), (1, 0)):
        mine = regions.pairs[:, own] == patch
        contact[regions.pairs[mine, other]] += regions.border[mine]
    return contact


def _more_skin(regions: Regions, face: Face, right: FloatArray, down: FloatArray, contact: FloatArray) -> Mask:
    """Touching pieces of the skin: what a nose or a shadow cuts off, the neck, the ears; and large eyes."""
    share = regions.area / regions.area[face.patch]
    alike = (np.abs(regions.tone - regions.tone[face.patch]) < _SAME_SKIN) & (contact > 0)
    below = (np.abs(right) < 0.65) & (down > 0.1) & (down < 2.4) & (share < 0.8)
    ears = (np.abs(right) > 0.8) & (np.abs(right) < 1.5) & (np.abs(down - 0.2) < 0.4) & (share < 0.06)
    eyes = (np.abs(right) < 0.75) & (np.abs(down) < 0.3) & (share < 0.15) & (contact > 0)
    return np.asarray((alike & (below | ears)) | eyes)


def _may_be_hair(regions: Regions, face: Face) -> Mask:
    share = regions.area / regions.area[face.patch]
    return np.asarray((share > _SMALLEST_LOCK) & (share < _LARGEST_HAIR) & (regions.rim < _MOST_RIM))


def _follow(regions: Regions, main: int, alike: Mask) -> Mask:
    """The main piece and all alike that it reaches from patch to patch."""
    hair = np.zeros_like(alike)
    hair[main] = True
    first, second = regions.pairs.T
    for _ in range(_ROUNDS):
        hair[second[hair[first]]] |= alike[second[hair[first]]]
        hair[first[hair[second]]] |= alike[first[hair[second]]]
    return hair
