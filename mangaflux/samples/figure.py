"""A whole figure: hair behind, body, head, hair before."""

from mangaflux.samples.cast import Character
from mangaflux.samples.clothes import draw_body
from mangaflux.samples.curve import Frame
from mangaflux.samples.drawing import Canvas
from mangaflux.samples.face import draw_eyes, draw_face
from mangaflux.samples.hair import bangs, draw_back_hair, draw_front_hair, draw_tails
from mangaflux.samples.pen import Pen
from mangaflux.samples.pose import Pose

#: Pixels of white between a figure and the tone behind it.
_CUT = 5.0


def draw_figure(canvas: Canvas, who: Character, pose: Pose, *, x: float, y: float, size: float) -> None:
    """Draws a figure, whole as far as the canvas reaches.

    Args:
        canvas: what is drawn on.
        who: the member of the cast.
        pose: what they do.
        x: column of the middle of the face, in pixels.
        y: row of the middle of the face, in pixels.
        size: pixels of a head unit, which is half the width of the face.
    """
    body = Pen(canvas, Frame(x, y, size, tilt=pose.tilt * 0.15))
    head = Pen(canvas, Frame(x, y, size, tilt=pose.tilt))
    with canvas.cut_around(_CUT):
        draw_back_hair(head, who, pose)
        draw_body(body, who, pose)
        draw_tails(head, who, pose)
        draw_face(head, who, pose, bangs(who.hair_style, pose))
        draw_front_hair(head, who, pose)
        draw_eyes(head, who, pose)
