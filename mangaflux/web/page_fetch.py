"""Page URLs in requests → stored images. The server goes where it may: to public addresses and allowed networks."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from yarl import URL

from mangaflux.errors import (
    FetchError,
    ImageTooLargeError,
    InvalidRequestError,
    UnreadableImageError,
    UrlForbiddenError,
)
from mangaflux.image_sources import ImageSource
from mangaflux.outgoing import BlockedAddressError, guarded_session
from mangaflux.settings import Settings
from mangaflux.submission import Submissions
from mangaflux.web.bodies import CHUNK_BYTES, capped

#: Longest URL that is fetched; browsers and servers agree on about this.
MAX_URL_LENGTH = 2048

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class NamedUrl:
    """A URL, and the field of the request it stands in."""

    field: str
    url: str


def is_url(name: str) -> bool:
    """True for a name of an image that is a URL, of whatever scheme."""
    return _URL.match(name) is not None


async def fetch_images(
    urls: Sequence[NamedUrl], referer: str | None, submissions: Submissions, settings: Settings
) -> list[ImageSource]:
    """Fetches and stores images; those of the answer are assets, in the order of the URLs.

    The first URL that fails stops the others.

    Raises:
        UrlForbiddenError: a URL, or a redirect of it, that the server may not follow.
        FetchError: a URL that could not be fetched.
        UnreadableImageError, ImageTooLargeError: what came is no image, or too large a one.
    """
    outgoing = settings.outgoing
    async with guarded_session(outgoing.allowed_networks, outgoing.timeout_seconds) as session:
        fetcher = _Fetcher(session, referer, submissions, settings)
        try:
            async with asyncio.TaskGroup() as tasks:
                fetches = [tasks.create_task(fetcher.fetch(each), name=f"fetch {each.field}") for each in urls]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
    return [fetch.result() for fetch in fetches]


class _Fetcher:
    """Fetches the URLs of one request, a few at once."""

    def __init__(
        self, session: aiohttp.ClientSession, referer: str | None, submissions: Submissions, settings: Settings
    ) -> None:
        self._session = session
        self._headers = {"Accept": "image/*", "Accept-Encoding": "identity"} | ({"Referer": referer} if referer else {})
        self._submissions = submissions
        self._outgoing = settings.outgoing
        self._max_bytes = settings.limits.max_upload_bytes
        self._turns = asyncio.Semaphore(settings.outgoing.connections)

    async def fetch(self, named: NamedUrl) -> ImageSource:
        url = _checked(named.field, named.url)
        try:
            async with self._turns, asyncio.timeout(self._outgoing.timeout_seconds):
                asset, _ = await self._submissions.store(self._content(named.field, url))
        except TimeoutError as error:
            raise FetchError(
                f"{named.field}: {url.host} took more than {self._outgoing.timeout_seconds:g} s "
                "(outgoing.timeout_seconds)."
            ) from error
        except (UnreadableImageError, ImageTooLargeError) as error:
            raise type(error)(f"{named.field}: {error.message}", details=error.details) from error
        return ImageSource(url.name or f"{named.field}", asset_sha256=asset.file.sha256)

    async def _content(self, field: str, url: URL) -> AsyncIterator[bytes]:
        """What a URL leads to, piece by piece, wherever it redirects to.

        Raises:
            UrlForbiddenError, FetchError: see `fetch_images`.
            ImageTooLargeError: more bytes than an upload may have.
        """
        for _ in range(self._outgoing.max_redirects + 1):
            async with self._get(field, url) as answer:
                if answer.status not in _REDIRECTS:
                    _refuse_answer(field, answer)
                    chunks = capped(_chunks(field, answer), self._max_bytes, url.host or field, "max_upload_bytes")
                    async for chunk in chunks:
                        yield chunk
                    return
                url = _redirected(field, url, answer.headers.get("Location", ""))
        raise FetchError(f"{field}: {url.host} redirects more than {self._outgoing.max_redirects} times.")

    @asynccontextmanager
    async def _get(self, field: str, url: URL) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            answer = await self._session.get(url, headers=self._headers, allow_redirects=False)
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, BlockedAddressError):
                raise _forbidden(field, "its address is not public (outgoing.allowed_networks)") from error
            raise FetchError(f"{field}: {url.host} cannot be reached.") from error
        except (aiohttp.ClientError, ValueError) as error:  # a name that no name server is asked for is a UnicodeError
            raise FetchError(f"{field}: {url.host} gives no proper answer.") from error
        try:
            yield answer
        finally:
            answer.close()


def _checked(field: str, text: str) -> URL:
    """A URL that may be fetched, as far as can be told from its text.

    Raises:
        UrlForbiddenError: another scheme than http and https, or a name and password.
        InvalidRequestError: it is too long, or no URL.
    """
    if len(text) > MAX_URL_LENGTH:
        raise InvalidRequestError(f"{field}: the URL is longer than {MAX_URL_LENGTH} characters.")
    try:
        url = URL(text)
    except ValueError as error:
        raise InvalidRequestError(f"{field}: this is not a usable URL.") from error
    if url.scheme not in ("http", "https"):
        raise _forbidden(field, "only http and https are fetched")
    if url.user is not None or url.password is not None:
        raise _forbidden(field, "URLs with a name or password in them are not fetched")
    if not url.host:
        raise InvalidRequestError(f"{field}: the URL names no host.")
    return url


def _redirected(field: str, url: URL, location: str) -> URL:
    try:
        target = url.join(URL(location))
    except ValueError as error:
        raise FetchError(f"{field}: {url.host} redirects to nowhere.") from error
    if url.scheme == "https" and target.scheme == "http":
        raise _forbidden(field, "it redirects from https to http")
    return _checked(field, str(target))


def _refuse_answer(field: str, answer: aiohttp.ClientResponse) -> None:
    if answer.status != 200:
        hint = (
            "; many sites give images only with the Referer of their page: send referer" if answer.status == 403 else ""
        )
        raise FetchError(f"{field}: {answer.url.host} answers {answer.status}{hint}.")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError(f"{field}: {answer.url.host} sends the image packed, although it was asked not to.")


async def _chunks(field: str, answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
            yield chunk
    except aiohttp.ClientError as error:
        raise FetchError(f"{field}: the image of {answer.url.host} ends before it is whole.") from error


def _forbidden(field: str, reason: str) -> UrlForbiddenError:
    return UrlForbiddenError(f"{field}: this URL is not fetched: {reason}.", details={"field": field})
