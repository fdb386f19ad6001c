"""One picture that shows what MangaFlux does: the page, the style reference, the page in colour."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

#: Pixels; wide enough to read balloons in a README, which shows it at about half of that.
WIDTH = 1600
MARGIN = 36
#: Between the pages, for the reference and the arrow.
MIDDLE = 248
CAPTION_HEIGHT = 52
CAPTION_SIZE = 22
#: Of the drop shadow, in pixels.
SHADOW = 6

BACKGROUND = (246, 243, 238)
SHADE = (222, 216, 206)
FRAME = (92, 88, 82)
INK = (66, 62, 58)
ACCENT = (214, 94, 64)

Rgb = NDArray[np.uint8]


def before_after(ink: Rgb, reference: Rgb, colorized: Rgb) -> Rgb:
    """The picture, (height, WIDTH, 3) uint8 sRGB.

    Args:
        ink: the black-and-white page, (H, W) or (H, W, 3) uint8.
        reference: the style reference, (h, w, 3) uint8.
        colorized: the coloured page, of the shape of `ink` in colour.
    """
    page_width = (WIDTH - 2 * MARGIN - MIDDLE) // 2
    page_height = round(page_width * ink.shape[0] / ink.shape[1])
    canvas = Image.new("RGB", (WIDTH, MARGIN + page_height + CAPTION_HEIGHT + SHADOW), BACKGROUND)
    right = WIDTH - MARGIN - page_width
    for pixels, left, caption in ((ink, MARGIN, "black-and-white page"), (colorized, right, "coloured by MangaFlux")):
        page = Image.fromarray(pixels).convert("RGB").resize((page_width, page_height), Image.Resampling.LANCZOS)
        _paste_framed(canvas, page, left, MARGIN)
        _write(canvas, caption, left + page_width // 2, MARGIN + page_height + CAPTION_HEIGHT // 2)
    _draw_middle(canvas, Image.fromarray(reference), MARGIN + page_height // 2)
    return np.asarray(canvas, dtype=np.uint8)


def _draw_middle(canvas: Image.Image, reference: Image.Image, centre_y: int) -> None:
    """The reference as an inset, and an arrow below it that points to the result."""
    side = MIDDLE - 2 * MARGIN + 24
    inset = ImageOps.contain(reference, (side, side), Image.Resampling.LANCZOS)
    centre_x = WIDTH // 2
    _paste_framed(canvas, inset, centre_x - inset.width // 2, centre_y - inset.height)
    _write(canvas, "style reference", centre_x, centre_y + CAPTION_HEIGHT // 2)
    _draw_arrow(canvas, centre_x, centre_y + CAPTION_HEIGHT + 30, side // 2)


def _draw_arrow(canvas: Image.Image, centre_x: int, centre_y: int, half_length: int) -> None:
    """Drawn four times as large and scaled down: Pillow's polygons have no smooth edges."""
    length, height, head = 2 * half_length * 4, 40 * 4, 28 * 4
    mask = Image.new("L", (length, height), 0)
    draw = ImageDraw.Draw(mask)
    draw.rounded_rectangle((0, height * 3 // 8, length - head + 8, height * 5 // 8), radius=height // 8, fill=255)
    draw.polygon([(length - head, 0), (length - 1, height // 2), (length - head, height - 1)], fill=255)
    small = mask.resize((length // 4, height // 4), Image.Resampling.LANCZOS)
    canvas.paste(ACCENT, (centre_x - half_length, centre_y - height // 8), small)


def _paste_framed(canvas: Image.Image, picture: Image.Image, left: int, top: int) -> None:
    draw = ImageDraw.Draw(canvas)
    right, bottom = left + picture.width, top + picture.height
    draw.rectangle((left + SHADOW, top + SHADOW, right + SHADOW, bottom + SHADOW), fill=SHADE)
    canvas.paste(picture, (left, top))
    draw.rectangle((left - 1, top - 1, right, bottom), outline=FRAME)


def _write(canvas: Image.Image, text: str, centre_x: int, centre_y: int) -> None:
    font = ImageFont.load_default(CAPTION_SIZE)
    ImageDraw.Draw(canvas).text((centre_x, centre_y), text, fill=INK, font=font, anchor="mm")
