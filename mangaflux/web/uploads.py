"""Multipart forms: a `request` part with JSON, and images as parts `pages` and `style_reference`.

Parts are read one after another, and each image goes to disk as it arrives and is checked there before the next is
read: neither a volume of 500 pages nor many clients at once fill the memory.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage
from pydantic import BaseModel

from mangaflux.errors import ImageTooLargeError, InvalidRequestError, StyleReferenceError, UnreadableImageError
from mangaflux.image_sources import ImageSource, natural_key
from mangaflux.settings import LimitSettings
from mangaflux.storage.asset_store import Asset
from mangaflux.submission import Submissions
from mangaflux.web.bodies import CHUNK_BYTES, MAX_JSON_BYTES, BodyWatch, capped, read_all
from mangaflux.web.request_schemas import MAX_REFERENCES
from mangaflux.web.validation import parse_json

REQUEST_PART = "request"
PAGES_PART = "pages"
REFERENCE_PART = "style_reference"

#: Longest file name that is kept.
MAX_FILE_NAME = 255

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class JobForm(Generic[Model]):
    """What a form held; its images are stored already."""

    request: Model
    #: In natural file-name order; in the order sent where a part has no file name.
    pages: tuple[ImageSource, ...] = ()
    references: tuple[ImageSource, ...] = ()


@dataclass(slots=True)
class _FormReader:
    """Takes in one part after another."""

    submissions: Submissions
    watch: BodyWatch
    limits: LimitSettings
    accepts_pages: bool
    accepts_references: bool
    request_json: bytes | None = None
    pages: list[ImageSource] = field(default_factory=list)
    references: list[ImageSource] = field(default_factory=list)

    async def take(self, part: BodyPartReader) -> None:
        """Reads and stores one part.

        Raises:
            InvalidRequestError: a part of an unknown name, or one that is not what its name says.
        """
        if part.name == REQUEST_PART:
            chunks = capped(part_chunks(part, self.watch), MAX_JSON_BYTES, "The part request", "max_json_bytes")
            self.request_json = await read_all(chunks)
        elif part.name == PAGES_PART and self.accepts_pages:
            self._refuse_more(len(self.pages), self.limits.max_pages, PAGES_PART, "max_pages")
            self.pages.append(await self._store(part, len(self.pages) + 1))
        elif part.name == REFERENCE_PART and self.accepts_references:
            self._refuse_more(len(self.references), MAX_REFERENCES, REFERENCE_PART, "max_references")
            self.references.append(await self._store_reference(part))
        else:
            raise InvalidRequestError(
                f"The form part {part.name} is not known; known here: {', '.join(self._known_parts())}.",
                details={"known": self._known_parts()},
            )

    def _known_parts(self) -> list[str]:
        return [
            REQUEST_PART,
            *([PAGES_PART] if self.accepts_pages else []),
            *([REFERENCE_PART] if self.accepts_references else []),
        ]

    def _refuse_more(self, count: int, limit: int, name: str, limit_name: str) -> None:
        if count >= limit:
            raise ImageTooLargeError(
                f"The form has more than {limit} parts {name} ({limit_name}).", details={limit_name: limit}
            )

    async def _store_reference(self, part: BodyPartReader) -> ImageSource:
        try:
            return await self._store(part, len(self.references) + 1)
        except UnreadableImageError as error:
            raise StyleReferenceError(error.message, details=error.details) from error

    async def _store(self, part: BodyPartReader, number: int) -> ImageSource:
        name = file_name(part.filename)
        what = f"{part.name} {name or number}"
        try:
            asset, _ = await store_part(part, self.submissions, self.watch, self.limits, what)
        except UnreadableImageError as error:
            raise UnreadableImageError(f"{what}: {error.message}", details=error.details) from error
        return ImageSource(name, asset_sha256=asset.file.sha256)


async def read_job_form(
    request: web.Request,
    model: type[Model],
    submissions: Submissions,
    limits: LimitSettings,
    *,
    accepts_pages: bool = True,
    accepts_references: bool = True,
) -> JobForm[Model]:
    """Reads a whole form and stores its images.

    Raises:
        InvalidRequestError: not a readable form, a part is missing or unknown, or the JSON does not fit.
        UnreadableImageError: a page is not an image.
        StyleReferenceError: a style reference is not an image.
        ImageTooLargeError: a part has too many bytes or pixels, or there are too many parts or bytes in all.
        SlowBodyError: the form does not arrive.
    """
    watch = BodyWatch(limits)
    reader = _FormReader(submissions, watch, limits, accepts_pages, accepts_references)
    async for part in form_parts(request, watch):
        await reader.take(part)
    if reader.request_json is None:
        raise InvalidRequestError("The form has no part request; send it with the JSON of the job.")
    return JobForm(
        parse_json(model, reader.request_json), numbered_by_name(reader.pages), _with_names(reader.references)
    )


async def form_parts(request: web.Request, watch: BodyWatch) -> AsyncIterator[BodyPartReader]:
    """The parts of a form, one after another; each has to be read before the next.

    Raises:
        InvalidRequestError: the body is not a well-formed form.
        SlowBodyError: it does not arrive.
    """
    with _refusing_malformed_forms():
        parts = await request.multipart()
        while (part := await watch.wait(parts.next())) is not None:
            if not isinstance(part, BodyPartReader):
                raise InvalidRequestError("The form holds a form; send its parts side by side.")
            yield part


async def store_part(
    part: BodyPartReader, submissions: Submissions, watch: BodyWatch, limits: LimitSettings, what: str
) -> tuple[Asset, bool]:
    """Reads one part and stores it as an image; True where it was new."""
    chunks = capped(part_chunks(part, watch), limits.max_upload_bytes, what, "max_upload_bytes")
    return await submissions.store(chunks)


def file_name(sent: str | None) -> str:
    """The file name of a part without any folder, or an empty text."""
    return (sent or "").replace("\\", "/").rpartition("/")[2].strip()[:MAX_FILE_NAME]


def numbered_by_name(pages: list[ImageSource]) -> tuple[ImageSource, ...]:
    """Pages in natural file-name order; in the order given where one of them has no name."""
    ordered = sorted(pages, key=lambda page: natural_key(page.name)) if all(page.name for page in pages) else pages
    return _with_names(ordered)


def _with_names(sources: list[ImageSource]) -> tuple[ImageSource, ...]:
    return tuple(
        source if source.name else replace(source, name=f"upload {number}")
        for number, source in enumerate(sources, start=1)
    )


async def part_chunks(part: BodyPartReader, watch: BodyWatch) -> AsyncIterator[bytes]:
    """One part as it arrives.

    Raises:
        InvalidRequestError: the form is not well-formed.
        SlowBodyError: it does not arrive.
    """
    with _refusing_malformed_forms():
        while chunk := await watch.wait(part.read_chunk(CHUNK_BYTES)):
            watch.count(len(chunk))
            yield chunk


@contextmanager
def _refusing_malformed_forms() -> Iterator[None]:
    try:
        yield
    except (ValueError, RuntimeError, BadHttpMessage) as error:  # all three are how aiohttp says malformed
        raise InvalidRequestError("The body is not a well-formed multipart form.") from error
