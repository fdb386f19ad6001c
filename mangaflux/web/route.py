"""What one row of the route table says: enough to serve the route and to describe it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web
from pydantic import BaseModel

JSON = "application/json"
FORM = "multipart/form-data"


class Access(Enum):
    """Who may call a route where the server has a token."""

    OPEN = "open"
    #: Not the token but a key in the address, which the handler asks for.
    KEY = "key"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a route."""

    description: str
    #: Of a JSON body; None: no body, or bytes of `media_types`.
    model: type[BaseModel] | None = None
    #: Of a body that is not JSON.
    media_types: tuple[str, ...] = ()
    #: Header name → description.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Names of handlers whose routes take the `job_id` of the body.
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """What a route takes in."""

    #: The JSON body, or the `request` part of a form; None: images only.
    model: type[BaseModel] | None = None
    #: Fields that a JSON body has to have although the model lets a form bring them as parts.
    required_in_json: tuple[str, ...] = ()
    #: Image parts of a form: name → description.
    uploads: Mapping[str, str] = field(default_factory=dict)
    #: Media types of a body that is one image.
    images: tuple[str, ...] = ()
    #: False: no body at all asks for the defaults.
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address."""

    method: str
    #: With aiohttp's patterns, such as `{page_num:\\d{1,5}}`.
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    summary: str
    #: By status.
    answers: Mapping[int, Answer]
    #: Refusals with a body of their own sentence: status → when.
    refusals: Mapping[int, str] = field(default_factory=dict)
    body: Body | None = None
    query: type[BaseModel] | None = None
    #: Request headers that matter: name → description.
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        """Who may call it: `/healthz` and the pages everyone; GET and HEAD read, everything else writes."""
        if is_open(self.path):
            return Access.OPEN
        if is_keyed(self.path):
            return Access.KEY
        return Access.READ if self.method in READING_METHODS else Access.WRITE

    @property
    def is_stream(self) -> bool:
        """True for Server-Sent Events, which have no end to take a length of."""
        return any("text/event-stream" in answer.media_types for answer in self.answers.values())


#: Open to everyone: watchdogs need no secret, and the page that asks for the token has to come without it.
OPEN_PATHS = frozenset({"/healthz", "/", "/docs"})
#: What pages are made of; open as they are.
STATIC_PREFIX = "/static/"
#: Addresses of readers that can send no header; a key of their own comes next in the path.
KEYED_PREFIX = "/mit/"
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_open(path: str) -> bool:
    """True where a path is served to everyone."""
    return path in OPEN_PATHS or path.startswith(STATIC_PREFIX)


def is_keyed(path: str) -> bool:
    """True where a key in the path stands for the token."""
    return path.startswith(KEYED_PREFIX)


def add_routes(app: web.Application, routes: tuple[Route, ...]) -> None:
    """Makes an application serve routes. What answers GET answers HEAD too, streams excepted."""
    for route in routes:
        if route.method == "GET":
            app.router.add_get(route.path, route.handler, allow_head=not route.is_stream)
        else:
            app.router.add_route(route.method, route.path, route.handler)
