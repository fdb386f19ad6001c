"""How far do two pictures of one drawing agree? Numbers over an area of a comparison. Pure functions; any thread."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from mangaflux.engine.analysis.metadata import Mask
from mangaflux.engine.finishing.comparison import LONGEST_DISTANCE, Comparison, FloatImage, Strokes, distance_to
from mangaflux.engine.finishing.tiles import Area, side_by_side

#: Distance up to which two strokes are the same, and from which a stroke is invented, in pixels of the comparison.
_SAME_STROKE, _INVENTED = 1.5, 3.0
#: Correlation at the best shift below which two edge maps have too little in common to speak of a shift.
_LEAST_PEAK = 0.2
#: Edges of a layer, as a share of the page's, below which it lacks lines, which is no fault, and says little of where
#: they are: the lite engine's fills have 0.15 to 0.4 where they agree badly, swapped panels 0.5 and more. And below
#: which nothing was painted at all.
_FLAT, _EMPTY_PAINT = 0.45, 0.1
#: Largest drift that is looked for, in pixels of the comparison.
_LARGEST_DRIFT = 12
#: CIE L* darker than which the page has ink or shade enough for any stroke.
_DARK = 65.0
#: Length in pixels of the comparison from which a stroke may cross dots, and the share of it that lies on them, at
#: least, if it is one of their rows.
_CROSSING, _ON_DOTS = 25, 0.8
#: Share of the strokes that are printed somewhere below which a layer does not repeat the dots there.
_BARE = 0.5
#: Side of the window in which invented strokes are counted, in pixels of the comparison.
_CLUSTER = 51
#: Side of the two box filters that leave only light and shade, in pixels of the comparison: a deviation of four.
_SHADE_WINDOW = 9
#: Share of the lettering's strokes that a layer must have at all, for them to be compared.
_LETTERED_AT_ALL = 0.15
#: Deviation of lightness, CIE L*, below which there is no drawing in an area.
_EMPTY = 5.0
#: Deviation of edges or shade below which an area holds nothing but what blurring left: 0.002 to 0.005 in an empty
#: panel, 2.6 and more in those of three drawn pages.
_STILL = 0.05
#: Deviation of edges below which an area has too few to say where they belong: 0.18 in a flat sky with a strip of
#: another colour along its frame.
_FAINT = 0.5
#: Least pixels of an area that say anything.
_ENOUGH = 400
#: Constants of SSIM for a range of 100 (Wang et al., 2004): (0.01 × 100)² and (0.03 × 100)²; side of its window, even
#: as the one of 8 × 8 that its authors began with (Wang and Bovik, 2002).
_SSIM_MEANS, _SSIM_DEVIATIONS, _SSIM_WINDOW = 1.0, 9.0, 7


@dataclass(frozen=True, slots=True)
class LineAgreement:
    """How alike the strokes of two pictures are."""

    #: Of the strokes, within a tolerance of 1.5 pixels; 0–1. Both are 1 where neither picture has strokes.
    iou: float
    dice: float
    #: Mean distance from the strokes of each to those of the other, in pixels of the page, 10 compared ones at most.
    chamfer: float


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured of one area."""

    raw_lines: LineAgreement
    finished_lines: LineAgreement
    #: How far the layer's edges lie beside the page's, in pixels of the page; 0 where the layer is flat fills.
    drift: float
    #: Agreement of the edges where they are, by what it would be after the best small shift; up to 1, and 1 where the
    #: layer is flat fills.
    aligned: float
    #: Correlation of the edges of layer and page, with its dots or without, −1 … 1; 1 where the layer is flat fills.
    structure: float
    #: By how much CIE L* the layer is lighter on the page's strokes than around them; what has no strokes is near 0.
    light_strokes: float
    #: Correlation of light and shade, −1 … 1.
    tone: float
    #: How far the layer's colours lie apart, by how far the page's levels do.
    contrast: float
    #: The most invented strokes in one place, as a share of it: in the layer, and on the finished page.
    invented: float
    invented_finished: float
    #: Correlation with the page where it is lettered, −1 … 1; 1 where the layer has no letters at all.
    lettering: float
    #: Mean structural similarity of the lightness of page and finished page, 0–1.
    ssim: float

    def rounded(self) -> dict[str, object]:
        """As JSON with four digits."""
        return {name: _rounded(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Maps:
    """What is computed once for a page; all (h, w) of the comparison."""

    #: float32, 0–1: share of the surroundings under invented strokes, in the layer and on the finished page.
    invented: FloatImage
    invented_finished: FloatImage
    #: float32, up to 1: structural similarity of page and finished page.
    ssim: FloatImage
    #: float32, CIE L*: light and shade without lines, of page and layer.
    page_shade: FloatImage
    layer_shade: FloatImage
    #: True where the drawing is judged: not in balloons, not on lettering.
    judged: Mask


def make_maps(pictures: Comparison) -> Maps:
    """The maps of a page."""
    judged = ~(pictures.balloons | _dilated(pictures.lettering, 3))
    beyond = distance_to(pictures.page.strokes | (pictures.page.lightness < _DARK)) > _INVENTED
    beyond_dots = beyond & (pictures.printed.distance > _INVENTED)
    makers: tuple[Callable[[], FloatImage], ...] = (
        lambda: _crowded(_beyond_dots(pictures.layer.strokes & judged & beyond, pictures.printed)),
        lambda: _crowded(pictures.finished.strokes & beyond_dots),
        lambda: _ssim(pictures.page.lightness, pictures.finished.lightness),
        lambda: _shade(pictures.page.lightness),
        lambda: _shade(pictures.layer.lightness),
    )
    invented, invented_finished, ssim, page_shade, layer_shade = side_by_side(lambda make: make(), makers)
    return Maps(
        invented=invented,
        invented_finished=invented_finished,
        ssim=ssim,
        page_shade=page_shade,
        layer_shade=layer_shade,
        judged=judged,
    )


def measure(pictures: Comparison, maps: Maps, area: Area) -> Measures:
    """The measures of one area."""
    judged = maps.judged[area]
    page, layer = pictures.page, pictures.layer
    drift, aligned = 0.0, 1.0
    if not _is_flat(layer.edges[area], page.edges[area], judged):
        drift, aligned = _drift(*(_masked(each.edges[area], judged) for each in (page, layer)))
    return Measures(
        raw_lines=_agreement(page, layer, area, pictures.scale),
        finished_lines=_agreement(page, pictures.finished, area, pictures.scale),
        drift=drift / pictures.scale,
        aligned=aligned,
        structure=_structure(pictures, area, judged),
        light_strokes=_light_strokes(pictures, maps, area),
        tone=_correlation(maps.page_shade[area], maps.layer_shade[area], judged),
        contrast=_contrast(pictures, area, judged),
        invented=float(maps.invented[area].max(initial=0.0)),
        invented_finished=float(maps.invented_finished[area].max(initial=0.0)),
        lettering=_lettering(pictures, area),
        ssim=float(maps.ssim[area].mean()) if maps.ssim[area].size else 1.0,
    )


def _agreement(one: Strokes, other: Strokes, area: Area, scale: float) -> LineAgreement:
    strokes, others = one.strokes[area], other.strokes[area]
    if not strokes.any() and not others.any():
        return LineAgreement(1.0, 1.0, 0.0)
    apart = np.concatenate([other.distance[area][strokes], one.distance[area][others]])
    dice = float((apart <= _SAME_STROKE).mean())
    return LineAgreement(dice / (2 - dice), dice, float(np.minimum(apart, LONGEST_DISTANCE).mean()) / scale)


def _beyond_dots(strokes: Mask, printed: Strokes) -> Mask:
    """Strokes that are no printed dots: far from all of them, or long and so much beside them that they cross them.

    What has nothing to do with dots lies on them as much as they cover the area, which is nearly all of it in a night.
    A layer that has dots of its own there repeats them, if with another pitch.
    """
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(strokes.view(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA]
    on_dots = np.bincount(pieces[strokes & printed.strokes], minlength=count) / area
    painted, covered = (
        np.bincount(pieces[strokes], weights=_crowded(each)[strokes], minlength=count) / area
        for each in (strokes, printed.strokes)
    )
    least = np.where(painted < _BARE * covered, np.maximum(_ON_DOTS, (1 + covered) / 2), _ON_DOTS)
    reach = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    crossing = (reach >= _CROSSING) & (on_dots < least)
    return np.asarray(strokes & ((printed.distance > _INVENTED) | crossing[pieces]))


def _crowded(strokes: Mask) -> FloatImage:
    return np.asarray(
        cv2.blur(strokes.astype(np.float32), (_CLUSTER, _CLUSTER), borderType=cv2.BORDER_CONSTANT), np.float32
    )


def _drift(edges: FloatImage, others: FloatImage) -> tuple[float, float]:
    """Pixels to the best agreement of two edge maps, and how good it is without moving, by how good it is there.

    The correlation over all small shifts by way of Fourier transforms; phase correlation without whitening, which
    would give the noise of flat areas the weight of lines.
    """
    # OpenCV makes no window for a single row.
    if edges.size < _ENOUGH or min(edges.shape) < 2 or min(edges.std(), others.std()) < _FAINT:
        return 0.0, 1.0
    # The square root of Hann's window.
    window = cv2.createHanningWindow(edges.shape[::-1], cv2.CV_32F)
    page, other = ((each - each.mean()) * window for each in (edges, others))
    spectra = [cv2.dft(_padded(each)) for each in (page, other)]
    everywhere = cv2.idft(cv2.mulSpectrums(spectra[1], spectra[0], 0, conjB=True), flags=cv2.DFT_SCALE)
    reach = _LARGEST_DRIFT
    near = np.roll(everywhere, (reach, reach), (0, 1))[: 2 * reach + 1, : 2 * reach + 1]
    best = float(near.max())
    if best <= _LEAST_PEAK * float(np.linalg.norm(page) * np.linalg.norm(other)):
        return 0.0, 1.0
    row, column = np.unravel_index(int(near.argmax()), near.shape)
    here = float(near[min(reach, near.shape[0] - 1), min(reach, near.shape[1] - 1)])
    return float(np.hypot(row - reach, column - reach)), here / best


def _padded(values: FloatImage) -> FloatImage:
    """With zeros below and on the right, of a size whose transform is quick."""
    below, right = (cv2.getOptimalDFTSize(side) - side for side in values.shape)
    return np.asarray(cv2.copyMakeBorder(values, 0, below, 0, right, cv2.BORDER_CONSTANT, value=(0,)), np.float32)


def _structure(pictures: Comparison, area: Area, judged: Mask) -> float:
    painted = pictures.layer.edges[area]
    if _is_flat(painted, pictures.page.edges[area], judged):
        return 1.0
    return max(_correlation(each.edges[area], painted, judged) for each in (pictures.page, pictures.printed))


def _is_flat(painted: FloatImage, drawn: FloatImage, judged: Mask) -> bool:
    """Whether the edges painted are so few beside those drawn that they are fills without lines."""
    if not judged.any():
        return False
    return bool(_EMPTY_PAINT < _mean(painted, judged) / max(_mean(drawn, judged), _EMPTY_PAINT) < _FLAT)


def _correlation(values: FloatImage, others: FloatImage, where: Mask) -> float:
    """Pearson's; 1 where there is too little to say or nothing changes in either."""
    if _count(where) < _ENOUGH:
        return 1.0
    (mean, deviation), (other_mean, other_deviation) = (_spread(each, where) for each in (values, others))
    if max(deviation, other_deviation) < _STILL:
        return 1.0
    product = _mean((values - np.float32(mean)) * (others - np.float32(other_mean)), where)
    return product / (deviation * other_deviation) if min(deviation, other_deviation) > 1e-3 else 0.0


def _mean(values: FloatImage, where: Mask) -> float:
    """0 where there are none."""
    # OpenCV takes six times as long to sum up what lies under a mask as to blank the rest and sum up all.
    return cv2.sumElems(_masked(values, where))[0] / max(1, _count(where))


def _spread(values: FloatImage, where: Mask) -> tuple[float, float]:
    """Mean and standard deviation; both are 0 where there is nothing."""
    masked, count = _masked(values, where), max(1, _count(where))
    mean = cv2.sumElems(masked)[0] / count
    return mean, max(0.0, cv2.norm(masked, cv2.NORM_L2SQR) / count - mean * mean) ** 0.5


def _masked(values: FloatImage, where: Mask) -> FloatImage:
    """The values there, and zeros elsewhere."""
    if not values.size:
        return values
    return np.asarray(cv2.copyTo(values, where.view(np.uint8)), np.float32)


def _count(where: Mask) -> int:
    return cv2.countNonZero(where.view(np.uint8))


def _shade(lightness: FloatImage) -> FloatImage:
    window = (_SHADE_WINDOW, _SHADE_WINDOW)
    return np.asarray(cv2.blur(cv2.blur(lightness, window), window), np.float32)


def _light_strokes(pictures: Comparison, maps: Maps, area: Area) -> float:
    strokes = pictures.page.strokes[area] & maps.judged[area]
    if _count(strokes) < _ENOUGH:
        return 0.0
    return _mean(pictures.layer.lightness[area] - maps.layer_shade[area], strokes)


def _contrast(pictures: Comparison, area: Area, judged: Mask) -> float:
    """Colours count by their distance from grey, lightness by its distance from the mean."""
    if _count(judged) < _ENOUGH:
        return 1.0
    drawn = _spread(pictures.page.lightness[area], judged)[1]
    if drawn < _EMPTY:
        return 1.0
    lightness = _spread(pictures.layer.lightness[area], judged)[1]
    chroma = [_spread(plane[area], judged) for plane in pictures.chroma]
    return float(np.sqrt(lightness**2 + np.square(chroma).sum())) / drawn


def _lettering(pictures: Comparison, area: Area) -> float:
    if pictures.lettering[area].size == 0:
        return 1.0
    lettered = _dilated(pictures.lettering[area], 3)
    strokes = _count(pictures.page.strokes[area] & lettered)
    if _count(pictures.layer.strokes[area] & lettered) <= _LETTERED_AT_ALL * strokes:
        return 1.0
    return _correlation(pictures.page.lightness[area], pictures.layer.lightness[area], lettered)


def _ssim(lightness: FloatImage, other: FloatImage) -> FloatImage:
    """Structural similarity map (Wang, Bovik, Sheikh and Simoncelli, 2004)."""
    mean, other_mean = _window(lightness), _window(other)
    means, squares = mean * other_mean, mean * mean
    squares += other_mean * other_mean
    covariance = _window(lightness * other)
    covariance -= means
    variances = _window(lightness * lightness)
    variances += _window(other * other)
    variances -= squares
    above = (2 * means + _SSIM_MEANS) * (2 * covariance + _SSIM_DEVIATIONS)
    squares += _SSIM_MEANS
    variances += _SSIM_DEVIATIONS
    squares *= variances
    return np.asarray(np.divide(above, squares, out=squares), np.float32)


def _window(values: FloatImage) -> FloatImage:
    return np.asarray(cv2.blur(values, (_SSIM_WINDOW, _SSIM_WINDOW)), np.float32)


def _dilated(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.dilate(mask.view(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0)


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
