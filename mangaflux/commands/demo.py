"""`mangaflux demo`: a sample chapter through a real server over HTTP, and a picture of before and after."""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mangaflux.commands.before_after import before_after
from mangaflux.commands.console import Terminal
from mangaflux.commands.demo_folder import publish, refuse_foreign
from mangaflux.commands.demo_server import ServerClient, open_client, running_server
from mangaflux.commands.interruption import EXIT_INTERRUPTED, InterruptedByUserError, run_interruptibly
from mangaflux.commands.job_view import counted_pages, open_job_view
from mangaflux.engine.imaging import decode_original, encode_png
from mangaflux.samples.chapter import draw_chapter, draw_reference

#: Of the cast and the story; another number draws another chapter.
SEED = 108
CHAPTER_ID = "demo"
EXIT_SOME_FAILED = 1

REFERENCE_NAME = "style_reference.png"
ARCHIVE_NAME = "chapter.cbz"
PICTURE_NAME = "before_after.png"


@dataclass(frozen=True, slots=True)
class _Chapter:
    pages: tuple[NDArray[np.uint8], ...]
    reference: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Coloured:
    #: PNG by page number.
    pages: dict[int, bytes]
    archive: bytes


def demo(output: Path, pages: int, terminal: Terminal) -> int:
    """Writes the chapter, its coloured pages and the picture to `output`; the exit code.

    Raises:
        InvalidRequestError: a file in `output` is not of an earlier demo.
        DataFolderError: `output` cannot be written.
        MangaFluxError: the server could not be started, or failed.
    """
    refuse_foreign(output, _names(pages))
    try:
        with tempfile.TemporaryDirectory(prefix="mangaflux-demo-") as temporary:
            chapter, coloured = run_interruptibly(_colour(Path(temporary), pages, terminal))
        publish(output, _contents(chapter, coloured))
    except (InterruptedByUserError, KeyboardInterrupt):
        terminal.complain("Interrupted; nothing was written.")
        return EXIT_INTERRUPTED
    return _report(output, pages, coloured, terminal)


async def _colour(folder: Path, pages: int, terminal: Terminal) -> tuple[_Chapter, _Coloured]:
    terminal.say(f"Drawing {counted_pages(pages)} and a style reference; starting a server meanwhile …")
    async with running_server(folder) as server:
        chapter = await _draw(pages)
        url = await server.url()
        async with open_client(url) as client:
            await client.wait_until_ready()
            terminal.say(f"Server ready on {url}; uploading.")
            return chapter, await _colour_over_http(client, chapter, terminal)


async def _draw(pages: int) -> _Chapter:
    drawing = draw_chapter(SEED, pages)
    # Page by page, so that Ctrl-C waits for one page at most.
    drawn = [(await asyncio.to_thread(next, drawing)).ink for _ in range(pages)]
    return _Chapter(tuple(drawn), await asyncio.to_thread(draw_reference, SEED))


async def _colour_over_http(client: ServerClient, chapter: _Chapter, terminal: Terminal) -> _Coloured:
    uploads = [encode_png(page) for page in chapter.pages]
    job_id = await client.submit(CHAPTER_ID, uploads, encode_png(chapter.reference))
    names = {number: f"page_{number:03d}.png" for number in range(1, len(uploads) + 1)}
    with open_job_view(terminal, names) as view:
        async for event_type, data in client.events(job_id):
            view.show(event_type, data)
    return _Coloured(await client.colorized(job_id), await client.archive(job_id))


def _names(pages: int) -> list[str]:
    numbers = range(1, pages + 1)
    drawn, coloured = map(_page_name, numbers), map(_colorized_name, numbers)
    return [*drawn, *coloured, REFERENCE_NAME, ARCHIVE_NAME, PICTURE_NAME]


def _contents(chapter: _Chapter, coloured: _Coloured) -> dict[str, bytes]:
    contents = {_page_name(number): encode_png(page) for number, page in enumerate(chapter.pages, start=1)}
    contents |= {_colorized_name(number): page for number, page in coloured.pages.items()}
    contents |= {REFERENCE_NAME: encode_png(chapter.reference), ARCHIVE_NAME: coloured.archive}
    if coloured.pages:
        first = min(coloured.pages)
        ink = chapter.pages[first - 1]
        colorized = decode_original(coloured.pages[first], max_pixels=ink.size)
        contents[PICTURE_NAME] = encode_png(before_after(ink, chapter.reference, colorized))
    return contents


def _page_name(number: int) -> str:
    return f"pages/page_{number:03d}.png"


def _colorized_name(number: int) -> str:
    return f"colorized/page_{number:03d}_colorized.png"


def _report(output: Path, pages: int, coloured: _Coloured, terminal: Terminal) -> int:
    missing = pages - len(coloured.pages)
    if missing:
        terminal.complain(f"{missing} of {counted_pages(pages)} not coloured; the lines above say why.")
    terminal.say(
        f"Look at {output / PICTURE_NAME}; the coloured pages are in {output / 'colorized'}, all of them "
        f"together in {output / ARCHIVE_NAME}.",
        style="bold",
    )
    return EXIT_SOME_FAILED if missing else 0
