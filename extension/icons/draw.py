"""Draws the icons of the extension from the icon of the studio, in Debian's Chromium."""

import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent
DRAWING = FOLDER.parent.parent / "mangaflux" / "web" / "static" / "icon.svg"
#: Sides in pixels that browsers ask for.
SIDES = (16, 32, 48, 128)


def draw(browser: Browser, side: int) -> None:
    """Writes the icon of one size, on nothing."""
    page = browser.new_page(viewport={"width": side, "height": side})
    page.set_content(
        f"<style>*{{margin:0}}svg{{display:block;width:{side}px;height:{side}px}}</style>{DRAWING.read_text()}"
    )
    page.screenshot(path=FOLDER / f"icon-{side}.png", omit_background=True)
    page.close()


def main() -> None:
    """Draws all sizes."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not installed (apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for side in SIDES:
            draw(browser, side)
        browser.close()


if __name__ == "__main__":
    main()
