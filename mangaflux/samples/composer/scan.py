"""What a scanner does to a page: it comes out a little askew, on grey paper, with noise and the blocks of JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mangaflux.samples.composer.contents import Gray
from mangaflux.samples.curve import Points

#: Most degrees that a page lies askew.
MOST_SKEW = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """How one page lies on the glass."""

    #: (2, 3): from places on the page to places in the picture, in pixels.
    matrix: NDArray[np.float64]
    paper: int
    ink: int
    noise: float
    jpeg_quality: int
    #: Grey level beside the page.
    surround: int

    def points(self, points: Points) -> Points:
        """(n, 2) places of the page in the picture."""
        moved: Points = points @ self.matrix[:, :2].T + self.matrix[:, 2]
        return moved

    def mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask of the page in the picture."""
        return np.asarray(self._warped(mask.astype(np.uint8) * 255, 0) > 127)

    def picture(self, rng: np.random.Generator, gray: Gray) -> Gray:
        """The page as it comes out."""
        warped = self._warped(gray, self.surround).astype(np.float32)
        height, width = gray.shape
        light = np.linspace(0, 1, width, dtype=np.float32)[None, :] * float(rng.uniform(-8, 8))
        levels = self.ink + warped * (self.paper - self.ink) / 255 + light
        noisy = levels + rng.standard_normal((height, width), dtype=np.float32) * self.noise
        blurred = cv2.GaussianBlur(np.clip(noisy, 0, 255).astype(np.uint8), (0, 0), 0.6)
        return _through_jpeg(np.asarray(blurred, dtype=np.uint8), self.jpeg_quality)

    def _warped(self, picture: Gray, beside: int) -> Gray:
        size = (picture.shape[1], picture.shape[0])
        warped = cv2.warpAffine(picture, self.matrix, size, flags=cv2.INTER_LINEAR, borderValue=beside)
        return np.asarray(warped, dtype=np.uint8)


def lay_on_glass(rng: np.random.Generator, width: int, height: int, surround: int) -> Scan:
    """A scan of a page, which is shrunk just so much that all of it stays in the picture."""
    skew = float(rng.uniform(-MOST_SKEW, MOST_SKEW))
    lost = abs(np.sin(np.radians(skew))) * max(width, height) / min(width, height)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew, 1 / (1 + lost))
    return Scan(
        matrix=np.asarray(turn, dtype=np.float64),
        paper=int(rng.integers(218, 250)),
        ink=int(rng.integers(0, 35)),
        noise=float(rng.uniform(1.0, 5.0)),
        jpeg_quality=int(rng.integers(45, 86)),
        surround=surround,
    )


def _through_jpeg(gray: Gray, quality: int) -> Gray:
    _, coded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
