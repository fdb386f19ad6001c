"""The requests that `mangaflux jobs` makes of a running server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from mangaflux.errors import InvalidRequestError, MangaFluxError
from mangaflux.settings import Settings

#: Seconds without a byte after which a server is given up; event streams ping every 15.
SILENCE_SECONDS = 60.0
CONNECT_SECONDS = 5.0
#: Addresses that say "every address of this machine": the server is asked at loopback then.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Json = dict[str, Any]


class ServerApi:
    """One server. Every method raises a MangaFluxError with the server's own sentence where it refuses."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def jobs(self, *, limit: int, status: str | None = None) -> list[Json]:
        """The newest jobs."""
        query = {"limit": str(limit)} | ({"status": status} if status else {})
        return list((await self._ask("GET", "/v1/jobs", query))["jobs"])

    async def job(self, job_id: str) -> Json:
        """A job with every page."""
        return await self._ask("GET", f"/v1/jobs/{job_id}")

    async def cancel(self, job_id: str) -> Json:
        """Cancels a job; the job afterwards."""
        return await self._ask("POST", f"/v1/jobs/{job_id}/cancel")

    async def retry(self, job_id: str) -> Json:
        """Queues what failed again."""
        return await self._ask("POST", f"/v1/jobs/{job_id}/retry")

    async def events(self, job_id: str, after: int) -> AsyncIterator[tuple[int | None, str, Mapping[str, object]]]:
        """Events of a job later than the one of this id, as (id, type, data), until the server ends the stream."""
        headers = {"Last-Event-ID": str(after)}
        async with self._session.get(f"/v1/jobs/{job_id}/events", headers=headers) as response:
            await _refuse_problems(response)
            fields: dict[str, str] = {}
            async for raw in response.content:
                name, _, value = raw.decode().rstrip("\r\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    number = int(fields["id"]) if "id" in fields else None
                    yield number, fields["event"], json.loads(fields.get("data", "{}"))
                    fields = {}

    async def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Json:
        async with self._session.request(method, path, params=query) as response:
            await _refuse_problems(response)
            answer: Json = await response.json()
            return answer


@asynccontextmanager
async def open_server(url: str, token: str) -> AsyncIterator[ServerApi]:
    """The server at `url`.

    Raises:
        MangaFluxError: it cannot be reached, or stopped answering.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with aiohttp.ClientSession(url, timeout=timeout, headers=headers) as session:
            yield ServerApi(session)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise MangaFluxError(
            f"There is no server at {url} that answers ({str(error) or type(error).__name__}). Start it with "
            "`mangaflux serve`, or name another with --url."
        ) from error


def server_url(settings: Settings) -> str:
    """Where a server of these settings is asked from this machine."""
    host = _EVERY_ADDRESS.get(settings.server.host, settings.server.host)
    return f"http://[{host}]:{settings.server.port}" if ":" in host else f"http://{host}:{settings.server.port}"


async def _refuse_problems(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    try:
        problem = await response.json(content_type=None)
        message = str(problem["message"])
    except (ValueError, TypeError, KeyError):
        message = f"The server answered {response.status} {response.reason}."
    raise InvalidRequestError(message) if response.status < 500 else MangaFluxError(message)
