"""Bytes ↔ pixels: decode, convert, encode. Pure functions; all of them block, call them off the event loop.

*Original* means the input decoded upright to 8-bit sRGB on white; every other part works on that.
"""

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from mangaflux.errors import ImageTooLargeError, UnreadableImageError

#: Pillow's names of the formats we read. Nothing else reaches a parser (Pillow security handbook, S-1).
FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")

MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}

#: What Pillow's parsers raise on damaged files; UnidentifiedImageError is an OSError.
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, RuntimeError, struct.error)

#: How zlib packs what we write: by runs of equal bytes, which the filters of PNG leave of flat colours and of masks.
#: That takes as long as Pillow's level 1, and 0.83 to 0.99 of its bytes (eight coloured pages of 1200×1700 pixels), but
#: 1.06 of them for a page in black and white; Pillow's default takes ten times as long (design §7).
_PNG_PACKING = {"compress_level": 1, "compress_type": zlib.Z_RLE}

#: Longest side of a preview in pixels, and its JPEG quality: a page of 512 pixels takes about 40 KB.
PREVIEW_SIDE, _PREVIEW_QUALITY = 512, 80

# Pillow's own limit, whatever ours is. Ours is checked in `_open`, before any pixel is decoded.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What the first bytes of an image say, before any pixel is decoded."""

    media_type: str
    #: In pixels, upright.
    width: int
    height: int


def read_header(data: bytes, *, max_pixels: int) -> ImageHeader:
    """The header of an image, checked against the limits; no pixel is decoded.

    Raises:
        UnreadableImageError: not an image of an accepted format.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    with _open(data, max_pixels) as image:
        width, height = image.size
        if _orientation(image) in (5, 6, 7, 8):  # the EXIF orientations that lie on their side
            width, height = height, width
        return ImageHeader(MEDIA_TYPES[image.format or "PNG"], width, height)


def decode_original(data: bytes, *, max_pixels: int) -> NDArray[np.uint8]:
    """The original of an image: (H, W, 3) uint8, sRGB, upright, transparency laid on white.

    16-bit grey is scaled, not clipped; the first frame of an animation is taken.

    Raises:
        UnreadableImageError: not an image of an accepted format, damaged or incomplete.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    with _open(data, max_pixels) as image:
        try:
            image.load()
            upright = ImageOps.exif_transpose(image)
            return np.asarray(_to_rgb(upright), dtype=np.uint8)
        except DAMAGE as error:
            raise UnreadableImageError("The image is damaged or incomplete.") from error


def encode_png(pixels: NDArray[np.uint8] | NDArray[np.bool_]) -> bytes:
    """PNG bytes of (H, W, 3) or (H, W) uint8 pixels, or of an (H, W) bool mask as mode L with 0 and 255."""
    array = pixels.astype(np.uint8) * 255 if pixels.dtype == np.bool_ else pixels
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array)).save(buffer, "PNG", **_PNG_PACKING)
    return buffer.getvalue()


def encode_preview(pixels: NDArray[np.uint8]) -> tuple[bytes, int, int]:
    """JPEG bytes, width and height of an (H, W, 3) picture, shrunk where a side is longer than PREVIEW_SIDE."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_PREVIEW_QUALITY)
    return buffer.getvalue(), image.width, image.height


def decode_mask(data: bytes) -> NDArray[np.bool_]:
    """The (H, W) bool mask that `encode_png` wrote."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        return np.asarray(image.convert("L")) > 127


def _open(data: bytes, max_pixels: int) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except DAMAGE as error:
        names = ", ".join(name for name in FORMATS)
        raise UnreadableImageError(f"Not an image that can be read here; these can: {names}.") from error
    if image.width * image.height > max_pixels:
        raise _too_many_pixels(max_pixels)
    return image


def _orientation(image: Image.Image) -> int | None:
    """The EXIF orientation, 1–8, or None."""
    try:
        # PNG's own getexif decodes the whole image to look for EXIF behind the pixels.
        orientation: int | None = Image.Image.getexif(image).get(0x0112)
    except DAMAGE:
        return None
    return orientation


def _too_many_pixels(max_pixels: int) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"The image has more than {max_pixels} pixels; scale it down or raise limits.max_pixels.",
        details={"max_pixels": max_pixels},
    )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        # Pillow's convert("L") clips 16-bit grey instead of scaling it.
        levels = np.asarray(image, dtype=np.float64) / 257.0
        image = Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    if image.mode == "F":
        image = Image.fromarray(np.clip(np.asarray(image), 0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return _to_srgb(image)


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            # A broken profile says nothing about the pixels; they are read as sRGB.
            return image.convert("RGB")
    return image.convert("RGB")
