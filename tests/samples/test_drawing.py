import numpy as np

from mangaflux.samples.curve import ellipse
from mangaflux.samples.drawing import SURFACES, Canvas
from mangaflux.samples.palette import Paint

SQUARE = np.array([(20.0, 20.0), (60.0, 20.0), (60.0, 60.0), (20.0, 60.0)])
GREY = Paint((90, 120, 150), 0.4)


def test_a_filled_shape_has_its_colour_and_its_tone() -> None:
    canvas = Canvas(80, 80)

    canvas.fill(SQUARE, GREY)

    drawing = canvas.finish()
    assert tuple(drawing.colour[40, 40]) == GREY.colour
    assert drawing.tone[40, 40] == GREY.level
    assert drawing.tone[10, 10] == 0


def test_a_later_shape_covers_the_lines_of_an_earlier_one() -> None:
    canvas = Canvas(80, 80)
    canvas.stroke(np.array([(0.0, 40.0), (80.0, 40.0)]), 4.0)
    assert canvas.finish().line[40, 40] == 0

    canvas.fill(SQUARE, GREY)

    assert canvas.finish().line[40, 40] == 255


def test_a_clipped_shape_stays_inside_its_clip() -> None:
    canvas = Canvas(80, 80)

    canvas.fill(ellipse((60.0, 40.0), 15.0, 15.0), GREY, clip=SQUARE)

    tone = canvas.finish().tone
    assert tone[40, 55] == GREY.level
    assert tone[40, 66] == 0


def test_a_clip_that_shares_nothing_with_the_shape_draws_nothing() -> None:
    canvas = Canvas(80, 80)

    canvas.fill(SQUARE + 500.0, GREY, clip=SQUARE)

    assert (canvas.finish().tone == 0).all()


def test_a_shadow_keeps_the_lines() -> None:
    canvas = Canvas(80, 80)
    canvas.stroke(np.array([(0.0, 40.0), (80.0, 40.0)]), 4.0)

    canvas.shade(SQUARE, SQUARE, tone=0.3)

    drawing = canvas.finish()
    assert drawing.line[40, 40] == 0
    assert drawing.colour[30, 40].max() < 255


def test_tone_is_cut_around_a_figure_but_not_inside_it() -> None:
    canvas = Canvas(80, 80, Paint((50, 50, 50), 0.6))

    with canvas.cut_around(4.0):
        canvas.fill(SQUARE, GREY)

    tone = canvas.finish().tone
    assert tone[40, 40] == GREY.level
    assert tone[40, 63] == 0
    assert tone[40, 75] == round(0.6 * 255)


def test_shapes_far_outside_the_canvas_are_harmless() -> None:
    canvas = Canvas(80, 80)

    canvas.fill(SQUARE * 1e6, GREY)
    canvas.stroke(SQUARE * 1e3, 3.0)

    assert canvas.finish().line.min() == 255


def test_a_shape_has_the_surface_of_its_paint_or_else_of_its_canvas() -> None:
    canvas = Canvas(80, 80)
    canvas.surface = "place"
    canvas.gradient(GREY, GREY, until=80)
    canvas.fill(SQUARE, Paint(GREY.colour, GREY.tone, "cloth"))

    surface = canvas.finish().surface

    assert SURFACES[surface[40, 40]] == "cloth"
    assert SURFACES[surface[10, 10]] == "place"


def test_a_shadow_keeps_the_surface_of_what_is_toned_and_gives_its_own_to_paper() -> None:
    canvas = Canvas(80, 80)
    canvas.fill(SQUARE, Paint(GREY.colour, GREY.tone, "cloth"))
    canvas.surface = "place"

    canvas.shade(SQUARE + 20.0, SQUARE + 20.0, tone=0.6)

    surface = canvas.finish().surface
    assert SURFACES[surface[50, 50]] == "cloth"
    assert SURFACES[surface[70, 70]] == "place"


def test_a_paint_keeps_its_surface_in_light_and_in_shadow() -> None:
    cloth = Paint(GREY.colour, GREY.tone, "cloth")

    assert {paint.surface for paint in (cloth.shadow(), cloth.light(), cloth.toned(0.1))} == {"cloth"}
