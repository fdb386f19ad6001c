"""The addresses of the pages for people, and of the small pictures that they show."""

from mangaflux.web import studio, thumbnails
from mangaflux.web.request_schemas import ThumbnailQuery
from mangaflux.web.route import Answer, Route

_PAGE = Answer("The page.", media_types=("text/html",))

STUDIO_ROUTES: tuple[Route, ...] = (
    Route("GET", "/", studio.read_studio, "The studio: the page for people", {200: _PAGE}),
    Route("GET", "/docs", studio.read_docs, "This description, to be read", {200: _PAGE}),
    Route(
        "GET",
        "/static/{file:.+}",
        studio.read_static,
        "What the pages are made of",
        {200: Answer("The file.", media_types=("*/*",)), 304: Answer("The copy of the client is the latest.")},
        {404: "There is no such file."},
        headers={"If-None-Match": "304 where this is the ETag."},
    ),
    Route(
        "GET",
        "/v1/thumbnails/{sha256:[0-9a-f]{64}}",
        thumbnails.read_thumbnail,
        "A stored image or coloured page, small",
        {
            200: Answer("WebP, not wider than asked for; cacheable for ever.", media_types=("image/webp",)),
            304: Answer("The copy of the client is the latest."),
        },
        {404: "There is no such image.", 422: "No such width."},
        query=ThumbnailQuery,
        headers={"If-None-Match": "304 where this is the ETag."},
    ),
)
