from dataclasses import replace

import cv2
import numpy as np

from mangaflux.engine.lite.drawing import read_drawing
from mangaflux.engine.lite.regions import find_regions
from mangaflux.samples.screentone import Screen, screened
from tests.engine.engine_contract import make_request, request_for


def test_a_line_through_a_dense_wide_screen_parts_two_patches() -> None:
    page = screened(np.full((1700, 1200), 140, np.uint8), Screen("dots", 9.0))
    cv2.ellipse(page, (600, 1700), (900, 700), 0, 0, 360, (0,), 4)
    panel, none = np.ones(page.shape, np.bool_), np.zeros(page.shape, np.bool_)
    analysis = replace(make_request().analysis, panel_mask=panel, balloon_mask=none, lettering_mask=none)

    drawing = read_drawing(request_for(np.repeat(page[..., None], 3, axis=2), analysis=analysis), 900)

    labels = find_regions(drawing.art, drawing.paper).labels
    assert labels.shape == (900, 635)
    sky, hill = labels[200, 317], labels[750, 317]
    assert sky != hill
    assert (labels[:350] == sky).mean() > 0.95
    assert (labels[650:, 200:440] == hill).mean() > 0.95
