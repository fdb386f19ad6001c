"""A form with one page in it, as readers of other programs send it."""

from dataclasses import dataclass

from aiohttp import BodyPartReader, web

from mangaflux.errors import InvalidRequestError
from mangaflux.web.bodies import MAX_JSON_BYTES, BodyWatch, capped, read_all, refuse_other_media_types
from mangaflux.web.keys import SETTINGS
from mangaflux.web.route import FORM
from mangaflux.web.uploads import file_name, form_parts, part_chunks

#: The part with the page. What else there is, such as what to translate and into which language, says nothing here.
IMAGE_PART = "image"


@dataclass(frozen=True, slots=True)
class PageForm:
    """What a form held."""

    #: File name for people.
    name: str
    data: bytes


async def read_page_form(request: web.Request) -> PageForm:
    """The page of a form, whatever it is, in memory.

    Raises:
        InvalidRequestError: no well-formed form, or not one part `image`.
        ImageTooLargeError: the page, or what is beside it, has too many bytes.
        SlowBodyError: the form does not arrive.
        web.HTTPUnsupportedMediaType: no form at all.
    """
    refuse_other_media_types(request, (FORM,))
    watch = BodyWatch(request.app[SETTINGS].limits)
    page: PageForm | None = None
    async for part in form_parts(request, watch):
        if part.name != IMAGE_PART:
            await read_all(capped(part_chunks(part, watch), MAX_JSON_BYTES, f"The part {part.name}", "max_json_bytes"))
        elif page is None:
            page = await _read_page(request, part, watch)
        else:
            raise InvalidRequestError("The form has more than one part image; send one page at a time.")
    if page is None:
        raise InvalidRequestError("The form has no part image; send the page as one.")
    return page


async def _read_page(request: web.Request, part: BodyPartReader, watch: BodyWatch) -> PageForm:
    limit = request.app[SETTINGS].limits.max_upload_bytes
    data = await read_all(capped(part_chunks(part, watch), limit, "The page", "max_upload_bytes"))
    return PageForm(file_name(part.filename) or IMAGE_PART, data)
