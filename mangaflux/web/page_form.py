"""A form with one page in it, as readers of other programs send it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from aiohttp import web

from mangaflux.errors import InvalidRequestError
from mangaflux.web.bodies import MAX_JSON_BYTES, BodyWatch, capped, read_all, refuse_other_media_types
from mangaflux.web.keys import SETTINGS
from mangaflux.web.route import FORM
from mangaflux.web.uploads import file_name, form_parts, part_chunks

Stored = TypeVar("Stored")

#: The part with the page. What else there is, such as what to translate and into which language, says nothing here.
IMAGE_PART = "image"


async def read_page_form(
    request: web.Request, store: Callable[[AsyncIterator[bytes]], Awaitable[Stored]]
) -> tuple[str, Stored]:
    """The file name of the page in a form, and what `store` made of its bytes as they arrived.

    Raises:
        InvalidRequestError: no well-formed form, or not one part `image`.
        ImageTooLargeError: the page, or what is beside it, has too many bytes.
        SlowBodyError: the form does not arrive.
        web.HTTPUnsupportedMediaType: no form at all.
    """
    refuse_other_media_types(request, (FORM,))
    limits = request.app[SETTINGS].limits
    watch = BodyWatch(limits)
    page: tuple[str, Stored] | None = None
    async for part in form_parts(request, watch):
        chunks = part_chunks(part, watch)
        if part.name != IMAGE_PART:
            await read_all(capped(chunks, MAX_JSON_BYTES, f"The part {part.name}", "max_json_bytes"))
        elif page is None:
            stored = await store(capped(chunks, limits.max_upload_bytes, "The page", "max_upload_bytes"))
            page = file_name(part.filename) or IMAGE_PART, stored
        else:
            raise InvalidRequestError("The form has more than one part image; send one page at a time.")
    if page is None:
        raise InvalidRequestError("The form has no part image; send the page as one.")
    return page
