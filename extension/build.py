"""Builds the extension: a folder to load unpacked and a zip to publish, for each browser.

The sources are the same for all; only the manifest differs. Nothing is bundled, minified or fetched.
"""

import argparse
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).resolve().parent
REPOSITORY = SOURCE.parent

#: Folders of the extension that ship; everything else beside them is for those who build it.
FOLDERS = ("_locales", "background", "content", "icons", "shared", "views")
#: Modules and style sheets of the studio that the extension shares; they ship as studio/<name>.
STUDIO = REPOSITORY / "mangaflux" / "web" / "static"
STUDIO_FILES = (
    *("css/tokens.css", "css/base.css", "css/controls.css", "css/messages.css"),
    *("js/dom.js", "js/format.js", "js/icons.js"),
)
#: Kinds of files that ship.
SUFFIXES = frozenset({".css", ".html", ".js", ".json", ".png", ".svg"})
#: Modification time of every member of a zip, the earliest that the format knows: equal sources give equal bytes.
MEMBER_TIME = (1980, 1, 1, 0, 0, 0)

#: Public half of a key that nobody needs to keep: it gives the extension the same id on every machine.
CHROMIUM_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0Z4ZuekCb6EHPUinMf/MwKdFD7Sk0dH1M6al4CXtYKz1AqEwnITjO8WvG4QZD9GzfPZm"
    "cTrzYT48ijCP1N/Q52k3CTi7kQyv//q0q6iC0QjwSMZEs8LW2xYmVS/dtFiISV+Ncjznv/CFzULh+8G1Gv1ls/kIKcbSIqh7rv6ItSXsIZDfIZAN"
    "8Ho8T2IoYHJJpxmvxIDF1ypYe8Z3CWClWL62Ho5aqAy66j31Ca4wn6/sCubAKoHA7zV7xjV3Y7YVSx5tjoZhjL95C2+lJF7Lw36rmNuIYOXlUBWN"
    "P8tGeGRLwaUiPqRyuUXNAIGhWfawJTqU438pd3Dddmvx1Ctl/wIDAQAB"
)

#: What the manifest of each browser has beside what both share. Lists are appended to the shared ones.
DIFFERENCES: dict[str, dict[str, Any]] = {
    "chromium": {
        "key": CHROMIUM_KEY,
        # Chromium runs the worker; the scripts are for the linter, which knows Firefox only.
        "background": {
            "service_worker": "background/main.js",
            "scripts": ["background/main.js"],
            "type": "module",
        },
        "minimum_chrome_version": "123",  # light-dark() in style sheets
        "permissions": ["sidePanel"],
        "side_panel": {"default_path": "views/options.html"},
    },
    "firefox": {
        "background": {"scripts": ["background/main.js"], "type": "module"},
        "sidebar_action": {
            "default_title": "__MSG_extension_name__",
            "default_panel": "views/options.html",
            "default_icon": {"16": "icons/icon-16.png", "32": "icons/icon-32.png"},
            "open_at_install": False,
        },
    },
}


def version() -> str:
    """The version of MangaFlux, as its package says it."""
    text = (REPOSITORY / "mangaflux" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(\d+(?:\.\d+){0,3})', text, re.MULTILINE)
    if found is None:
        raise SystemExit("mangaflux/__init__.py has no version that a browser takes: one to four numbers with dots.")
    return found[1]


def manifest_of(browser: str, granted: Iterable[str] = ()) -> dict[str, Any]:
    """The manifest of a browser; `granted` are match patterns of hosts that it holds without asking."""
    manifest: dict[str, Any] = json.loads((SOURCE / "manifest.json").read_text(encoding="utf-8"))
    for key, value in deepcopy(DIFFERENCES[browser]).items():
        manifest[key] = [*manifest[key], *value] if key in manifest else value
    manifest["host_permissions"] += list(granted)
    manifest["version"] = version()
    return manifest


def shipped_files() -> Iterator[tuple[Path, str]]:
    """The files that ship beside the manifest, each with its place in the extension."""
    for folder in FOLDERS:
        for path in sorted((SOURCE / folder).rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES:
                yield path, path.relative_to(SOURCE).as_posix()
    for name in STUDIO_FILES:
        yield STUDIO / name, f"studio/{Path(name).name}"


def build_folder(browser: str, folder: Path, granted: Iterable[str] = ()) -> Path:
    """Writes the unpacked extension of a browser into `folder`, anew, and returns it."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    text = json.dumps(manifest_of(browser, granted), indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    for path, place in shipped_files():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return folder


def pack(folder: Path, target: Path) -> Path:
    """Zips a folder into `target`. Equal files give equal bytes: members are sorted, undated and not compressed."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), MEMBER_TIME)
                member.external_attr = 0o644 << 16
                archive.writestr(member, path.read_bytes())
    return target


def main(arguments: list[str] | None = None) -> int:
    """Builds what the command line asks for; the exit status."""
    parser = argparse.ArgumentParser(
        prog="extension/build.py",
        description="Build the browser extension: for each browser a folder to load unpacked and a zip to publish.",
        epilog="Load the folder in Chromium from chrome://extensions (developer mode, “Load unpacked”), in Firefox "
        "its manifest.json from about:debugging (“This Firefox”, “Load Temporary Add-on”).",
    )
    parser.add_argument(
        "--browser", choices=("all", *DIFFERENCES), default="all", help="which to build (default: %(default)s)"
    )
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "dist", metavar="DIR", help="where to write (default: dist/)"
    )
    parser.add_argument(
        "--grant",
        action="append",
        default=[],
        metavar="PATTERN",
        help="a host pattern such as '*://*/*' that the build holds without asking; for tests, where nobody can click",
    )
    options = parser.parse_args(arguments)
    for browser in DIFFERENCES if options.browser == "all" else (options.browser,):
        folder = build_folder(browser, options.out / f"extension-{browser}", options.grant)
        archive = pack(folder, options.out / f"mangaflux-{browser}-{version()}.zip")
        sys.stdout.write(f"{browser}: {folder} and {archive.name}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
