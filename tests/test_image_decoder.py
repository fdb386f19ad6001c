"""Images that break, hang or fill the decoder harm only themselves."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from mangaflux.engine.imaging import decode_original
from mangaflux.errors import ImageTooLargeError, UnreadableImageError
from mangaflux.image_decoder import ChildDecoder, ImageDecoder, LocalDecoder
from mangaflux.settings import LimitSettings

MIB = 1024 * 1024

#: A decoding process whose decoder has holes, as decoders of images have had them again and again.
HOLED_CHILD = """
import ctypes, time
from mangaflux.engine import decoding_child

sound = decoding_child.decode_original

def decode(data, *, max_pixels):
    if data.endswith(b"SEGV"):
        ctypes.string_at(0)
    if data.endswith(b"HANG"):
        time.sleep(60)
    return sound(data, max_pixels=max_pixels)

decoding_child.decode_original = decode
decoding_child.main()
"""


@pytest.fixture(scope="module")
def child() -> Iterator[ChildDecoder]:
    decoder = ChildDecoder(LimitSettings())
    yield decoder
    decoder.close()


@pytest.fixture
def holed() -> Iterator[ChildDecoder]:
    decoder = ChildDecoder(LimitSettings(decode_seconds=5), (sys.executable, "-P", "-c", HOLED_CHILD))
    yield decoder
    decoder.close()


@pytest.fixture(params=["child", "local"])
def decoder(request: pytest.FixtureRequest, child: ChildDecoder) -> ImageDecoder:
    return child if request.param == "child" else LocalDecoder(LimitSettings().max_pixels)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(1).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "page.png")
    return tmp_path / "page.png"


def _with_tail(page: Path, tail: bytes) -> Path:
    path = page.with_name(f"{tail.decode()}.png")
    path.write_bytes(page.read_bytes() + tail)
    return path


def test_pixels_are_those_of_the_image(decoder: ImageDecoder, page: Path) -> None:
    assert np.array_equal(decoder.pixels(page), decode_original(page.read_bytes(), max_pixels=MIB))


@pytest.mark.parametrize("whole", [True, False])
def test_the_header_says_what_it_is(decoder: ImageDecoder, page: Path, whole: bool) -> None:
    header = decoder.header(page, whole=whole)

    assert (header.media_type, header.width, header.height) == ("image/png", 70, 90)


def test_an_image_on_its_side_is_decoded_upright(decoder: ImageDecoder, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "side.jpg", exif=exif)

    assert decoder.pixels(tmp_path / "side.jpg").shape == (30, 20, 3)


def test_what_is_cut_off_is_found_where_the_whole_is_read(decoder: ImageDecoder, page: Path) -> None:
    page.write_bytes(page.read_bytes()[:-200])

    assert decoder.header(page, whole=False).width == 70
    with pytest.raises(UnreadableImageError, match="damaged or incomplete"):
        decoder.header(page, whole=True)
    with pytest.raises(UnreadableImageError, match="damaged or incomplete"):
        decoder.pixels(page)


def test_what_is_no_image_is_refused(decoder: ImageDecoder, tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0")

    with pytest.raises(UnreadableImageError, match="Not an image"):
        decoder.pixels(tmp_path / "page.png")


def test_too_many_pixels_name_the_limit(page: Path) -> None:
    decoder = ChildDecoder(LimitSettings(max_pixels=70 * 90 - 1))
    try:
        with pytest.raises(ImageTooLargeError) as refusal:
            decoder.pixels(page)
    finally:
        decoder.close()

    assert refusal.value.details == {"max_pixels": 70 * 90 - 1}


def test_one_child_does_one_image_after_another(child: ChildDecoder, page: Path) -> None:
    before = {each.pid for each in psutil.Process().children()}
    child.pixels(page)
    running = {each.pid for each in psutil.Process().children()}

    child.pixels(page)

    assert {each.pid for each in psutil.Process().children()} == running
    assert len(running - before) <= 1


def test_an_image_that_kills_the_decoder_is_unreadable_and_the_next_is_not(holed: ChildDecoder, page: Path) -> None:
    with pytest.raises(UnreadableImageError, match="breaks the decoder"):
        holed.pixels(_with_tail(page, b"SEGV"))

    assert holed.pixels(page).shape == (90, 70, 3)


def test_an_image_that_hangs_the_decoder_is_given_up(page: Path) -> None:
    decoder = ChildDecoder(LimitSettings(decode_seconds=2), (sys.executable, "-P", "-c", HOLED_CHILD))
    try:
        started = time.monotonic()
        with pytest.raises(UnreadableImageError, match=r"more than 2 s \(limits\.decode_seconds\)"):
            decoder.pixels(_with_tail(page, b"HANG"))
    finally:
        decoder.close()

    assert time.monotonic() - started < 20


def test_an_image_that_fills_the_memory_is_too_large(tmp_path: Path) -> None:
    Image.new("L", (12_000, 8_000)).save(tmp_path / "wide.png", compress_level=1)
    decoder = ChildDecoder(LimitSettings(decode_memory_bytes=256 * MIB))
    try:
        with pytest.raises(ImageTooLargeError, match=r"limits\.decode_memory_bytes"):
            decoder.pixels(tmp_path / "wide.png")
    finally:
        decoder.close()


def test_a_child_killed_while_idle_is_replaced(child: ChildDecoder, page: Path) -> None:
    child.pixels(page)
    for process in psutil.Process().children():
        if "mangaflux.engine.decoding_child" in process.cmdline():
            process.kill()
            process.wait(5)

    assert child.pixels(page).shape == (90, 70, 3)


def test_closing_ends_children_at_work(holed: ChildDecoder, page: Path) -> None:
    refusals: list[str] = []

    def decode() -> None:
        with pytest.raises(UnreadableImageError) as refusal:
            holed.pixels(_with_tail(page, b"HANG"))
        refusals.append(refusal.value.message)

    thread = threading.Thread(target=decode)
    thread.start()
    deadline = time.monotonic() + 10
    while not psutil.Process().children() and time.monotonic() < deadline:
        time.sleep(0.01)
    holed.close()
    thread.join(10)

    assert len(refusals) == 1
    with pytest.raises(UnreadableImageError, match="stopping"):
        holed.pixels(page)


def test_a_child_knows_no_secrets(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGA_FLUX_API_TOKEN", "secret")
    decoder = ChildDecoder(LimitSettings())
    try:
        before = {each.pid for each in psutil.Process().children()}
        decoder.pixels(page)
        (started,) = [each for each in psutil.Process().children() if each.pid not in before]
        assert "MANGA_FLUX_API_TOKEN" not in started.environ()
    finally:
        decoder.close()
