import io

import numpy as np
import pytest
from PIL import Image

from mangaflux.engine.imaging import decode_mask, decode_original, encode_png, encode_preview, read_header
from mangaflux.errors import ImageTooLargeError, UnreadableImageError

MANY = 10_000_000


def _bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_16_bit_grey_is_scaled_and_not_clipped() -> None:
    levels = np.array([[0, 16384, 32768, 65535]], np.uint16)

    decoded = decode_original(_bytes(Image.fromarray(levels)), max_pixels=MANY)

    assert decoded[0, :, 0].tolist() == [0, 64, 128, 255]


def test_transparency_is_laid_on_white() -> None:
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))

    assert decode_original(_bytes(clear), max_pixels=MANY).min() == 255


def test_a_transparent_palette_is_laid_on_white() -> None:
    palette = Image.new("P", (2, 2), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])

    assert decode_original(_bytes(palette, transparency=0), max_pixels=MANY).min() == 255


def test_a_page_that_lies_on_its_side_is_turned_upright() -> None:
    lying = Image.new("L", (30, 20), 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = _bytes(lying, "JPEG", exif=exif)

    assert decode_original(data, max_pixels=MANY).shape == (30, 20, 3)
    assert (read_header(data, max_pixels=MANY).width, read_header(data, max_pixels=MANY).height) == (20, 30)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_every_mode_becomes_three_channels(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"

    decoded = decode_original(_bytes(Image.new(mode, (5, 7)), kind), max_pixels=MANY)

    assert decoded.shape == (7, 5, 3)
    assert decoded.dtype == np.dtype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF"])
def test_every_accepted_format_is_read(kind: str) -> None:
    header = read_header(_bytes(Image.new("RGB", (5, 7)), kind), max_pixels=MANY)

    assert (header.media_type, header.width, header.height) == (f"image/{kind.lower()}", 5, 7)


def test_text_is_not_an_image() -> None:
    with pytest.raises(UnreadableImageError, match="PNG, JPEG"):
        read_header(b"hello", max_pixels=MANY)


def test_a_format_that_is_not_accepted_never_reaches_its_parser() -> None:
    with pytest.raises(UnreadableImageError):
        read_header(_bytes(Image.new("RGB", (5, 7)), "EPS"), max_pixels=MANY)


def test_half_an_image_is_incomplete() -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (50, 50), np.uint8))
    data = _bytes(noise)

    with pytest.raises(UnreadableImageError, match="incomplete"):
        decode_original(data[: len(data) // 2], max_pixels=MANY)


def test_too_many_pixels_are_refused_before_any_is_decoded() -> None:
    with pytest.raises(ImageTooLargeError, match="more than 99 pixels"):
        read_header(_bytes(Image.new("1", (10, 10))), max_pixels=99)


def test_a_pixel_bomb_is_too_large_and_not_unreadable() -> None:
    with pytest.raises(ImageTooLargeError):
        read_header(_bytes(Image.new("1", (20_000, 20_000))), max_pixels=100_000_000)


def test_a_mask_comes_back_as_it_went() -> None:
    mask = np.random.default_rng(1).random((9, 11)) > 0.5
    data = encode_png(mask)

    assert Image.open(io.BytesIO(data)).mode == "L"
    assert np.array_equal(decode_mask(data), mask)


@pytest.mark.parametrize(
    ("size", "shown"), [((1400, 700), (512, 256)), ((300, 900), (171, 512)), ((212, 304), (212, 304))]
)
def test_a_preview_is_a_small_jpeg_of_the_same_shape(size: tuple[int, int], shown: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), (200, 40, 90), np.uint8)

    data, width, height = encode_preview(picture)

    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        assert image.size == (width, height) == shown
        assert np.abs(np.asarray(image).astype(int) - (200, 40, 90)).max() < 6
