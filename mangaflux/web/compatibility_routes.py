"""The addresses for readers that were made for other servers; off unless `[compatibility]` turns them on."""

from mangaflux.web import convert_handlers, mit_handlers
from mangaflux.web.mit_handlers import STREAM_HEADERS
from mangaflux.web.route import KEYED_PREFIX, Answer, Body, Route
from mangaflux.web.silent_refusals import CONVERT_PATH
from mangaflux.web.single_pages import RESULT

_MIT = KEYED_PREFIX + "{key}"
_PAGE_FORM = Body(uploads={"image": "The page, once. Other parts are not looked at."})
_OFF = "The setting `compatibility.{}` does not turn it on."
_RESULT = {RESULT: "`coloured`, or `passthrough; reason=…` where the body is the page as it came."}
_NO_PAGE = {
    408: "The body stalls.",
    413: "Too many bytes; `details` name the limit.",
    415: "Not a form, or an encoding that is not taken.",
    422: "No form with one part `image`.",
}
_KEYED = {
    401: "The key in the address is wrong, or the call comes from another machine.",
    404: _OFF.format("mit_key"),
}
_ANY_IMAGE = ("image/*", "application/octet-stream")

COMPATIBILITY_ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        CONVERT_PATH,
        convert_handlers.convert_page,
        "Colour one page; it comes back as it is where that fails",
        {200: Answer("The picture, coloured or as it came.", media_types=_ANY_IMAGE, headers=_RESULT)},
        {**_NO_PAGE, 404: _OFF.format("convert")},
        _PAGE_FORM,
    ),
    Route(
        "GET",
        f"{_MIT}/",
        mit_handlers.list_translators,
        "What readers that speak to manga-image-translator may choose from",
        {200: Answer("Text with the list.", media_types=("text/plain",))},
        _KEYED,
    ),
    Route(
        "POST",
        f"{_MIT}/translate/with-form/image",
        mit_handlers.translate_image,
        "Colour one page for such a reader",
        {200: Answer("The picture; as it came where there is nothing to colour.", None, _ANY_IMAGE, _RESULT)},
        {
            **_NO_PAGE,
            **_KEYED,
            409: "The engine cannot run here.",
            429: "As much waits as the limits allow.",
            502: "The page could not be coloured; the message says why.",
            503: "It is not done in time, or the server is stopping; it goes on.",
            507: "The disk of the server is full or fails.",
        },
        _PAGE_FORM,
    ),
    Route(
        "POST",
        f"{_MIT}/translate/with-form/image/stream",
        mit_handlers.stream_translation,
        "The same as a stream of frames",
        {
            200: Answer(
                "Frames: a byte that says what it is, the length of its data in four bytes, the larger first, and the "
                "data. 0: the picture. 1: a word on the progress. 2: why there is no picture. 3: how many jobs go "
                "before this one. 4: it is next.",
                media_types=(STREAM_HEADERS["Content-Type"],),
            )
        },
        {**_NO_PAGE, **_KEYED},
        _PAGE_FORM,
    ),
)
