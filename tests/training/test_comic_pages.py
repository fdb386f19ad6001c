from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from training import comic_ink, comic_pages
from training.comic_pages import comic_images


def _write_page(path: Path) -> None:
    art = np.random.default_rng(3).integers(0, 256, (40, 30, 3)).astype(np.uint8)
    cv2.imwrite(str(path), cv2.resize(art, (700, 990), interpolation=cv2.INTER_LINEAR))


def test_pages_kept_from_training_have_the_licensed_pages_screen_and_others_stray_from_it(tmp_path: Path) -> None:
    (tmp_path / "pc").mkdir()
    for name in ("E01P01", f"E{comic_pages.FIRST_HELD_OUT_EPISODE}P01"):
        _write_page(tmp_path / "pc" / f"{name}.webp")
    with Image.open(tmp_path / "pc" / "E01P01.webp") as picture:
        page = np.asarray(picture.convert("RGB"), np.uint8)

    trained, kept = comic_images(tmp_path)

    licensed = comic_ink.ink_page(page)
    assert (trained.split, kept.split) == ("training", "validation")
    assert trained.ink is not None
    assert kept.ink is not None
    assert kept.ink.shape == kept.colour.shape[:2]
    expected = cv2.resize(licensed, kept.ink.shape[::-1], interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(kept.ink, expected)
    assert (trained.ink != expected).mean() > 0.1
