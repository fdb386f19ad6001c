"""Requests to the compatibility routes, byte for byte as other programs send them.

Names of fields and files, headers and the framing of the stream agree with these sources, by repository, file, commit:

* Suwayomi/Suwayomi-Server, `server/src/main/kotlin/suwayomi/tachidesk/util/ConversionUtil.kt`, 09029963: a `POST` of
  one multipart part `image`, with the headers of the conversion; the status of the answer is not looked at.
* zyddnys/manga-image-translator, `server/main.py`, 0f5b2008, has the fields `image` and `config`;
  `server/streaming.py`, 00711c5c, the frames: a byte, a length of four bytes, big end first, and the data.
* hymbz/ComicReadScript, `src/components/Manga/actions/translation/translator/MangaImageTranslator/index.ts`, 6523689c.
* hcharbonnier/manga-image-translator-chrome-extension, `dist/background.js`, 00a6a170.
"""

import asyncio
import socket
from dataclasses import dataclass
from http.client import HTTPMessage, HTTPResponse

from tests.web.driving import Client

SECONDS = 20

#: OkHttp 4 tells the length of a part, OkHttp 5 does not.
SUWAYOMI_PARTS = {
    "okhttp4": b"Content-Type: image/jpeg\r\nContent-Length: %(length)d\r\n\r\n",
    "okhttp5": b"Content-Type: image/jpeg\r\n\r\n",
}
#: `ConversionUtil.imageHttpPostProcess` of Suwayomi-Server through OkHttp. There is no Accept header.
SUWAYOMI_HEAD = (
    b"POST /v1/convert HTTP/1.1\r\n"
    b"%(headers)s"
    b"User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    b"Chrome/120.0.0.0 Safari/537.36\r\n"
    b"Content-Type: multipart/form-data; boundary=0f0a7c9e-8e3d-4c53-a0b4-5f1d3c3f8a77\r\n"
    b"Content-Length: %(length)d\r\n"
    b"Host: %(host)s\r\n"
    b"Connection: Keep-Alive\r\n"
    b"Accept-Encoding: br,gzip\r\n"
    b"\r\n"
)
SUWAYOMI_BODY = (
    b"--0f0a7c9e-8e3d-4c53-a0b4-5f1d3c3f8a77\r\n"
    b'Content-Disposition: form-data; name="image"; filename="conversion4301829472650938431.jpg"\r\n'
    b"%(part)s%(page)s\r\n"
    b"--0f0a7c9e-8e3d-4c53-a0b4-5f1d3c3f8a77--\r\n"
)

#: What Chrome begins with, whoever sends a form.
CHROME_HEADERS = (
    b"Host: %(host)s\r\n"
    b"Connection: keep-alive\r\n"
    b"Content-Length: %(length)d\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    b"Safari/537.36\r\n"
)
#: What it ends with where an extension does.
EXTENSION_HEADERS = (
    b"Sec-Fetch-Site: none\r\n"
    b"Sec-Fetch-Mode: cors\r\n"
    b"Sec-Fetch-Dest: empty\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"\r\n"
)

#: ComicReadScript, streaming: `fetch` of the page that is read, so its origin is that of the site.
COMIC_READ_SCRIPT_STREAM = (
    b"POST /mit/%(key)s/translate/with-form/image/stream HTTP/1.1\r\n"
    + CHROME_HEADERS
    + b"Content-Type: multipart/form-data; boundary=----WebKitFormBoundaryhSfQk0TVlQxvWq7A\r\n"
    b"Accept: */*\r\n"
    b"Origin: https://reader.example\r\n"
    b"Sec-Fetch-Site: cross-site\r\n"
    b"Sec-Fetch-Mode: cors\r\n"
    b"Sec-Fetch-Dest: empty\r\n"
    b"Referer: https://reader.example/\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Accept-Language: zh-CN,zh;q=0.9\r\n"
    b"\r\n"
)
#: ComicReadScript where the site may not fetch: `GM_xmlhttpRequest`, sent by the extension that runs it.
COMIC_READ_SCRIPT_PLAIN = (
    b"POST /mit/%(key)s/translate/with-form/image HTTP/1.1\r\n"
    + CHROME_HEADERS
    + b"Content-Type: multipart/form-data; boundary=----WebKitFormBoundaryhSfQk0TVlQxvWq7A\r\n"
    b"Accept: */*\r\n"
    b"Origin: chrome-extension://dhdgffkkebhmkfjojejmpbldmpobfkfo\r\n" + EXTENSION_HEADERS
)
COMIC_READ_SCRIPT_BODY = (
    b"------WebKitFormBoundaryhSfQk0TVlQxvWq7A\r\n"
    b'Content-Disposition: form-data; name="image"; filename="image.png"\r\n'
    b"Content-Type: image/png\r\n"
    b"\r\n"
    b"%(page)s\r\n"
    b"------WebKitFormBoundaryhSfQk0TVlQxvWq7A\r\n"
    b'Content-Disposition: form-data; name="config"\r\n'
    b"\r\n"
    b'{"detector":{"detector":"default","detection_size":"1536","box_threshold":0.7,"unclip_ratio":2.3},'
    b'"render":{"direction":"auto"},"translator":{"translator":"mangaflux","target_lang":"ENG"},'
    b'"inpainter":{"inpainter":"default","inpainting_size":"2048"},"mask_dilation_offset":30}\r\n'
    b"------WebKitFormBoundaryhSfQk0TVlQxvWq7A--\r\n"
)

#: The extension manga-image-translator-chrome-extension: its service worker, with a blob that has no name.
MIT_EXTENSION_STREAM = (
    b"POST /mit/%(key)s/translate/with-form/image/stream HTTP/1.1\r\n"
    + CHROME_HEADERS
    + b"Content-Type: multipart/form-data; boundary=----WebKitFormBoundaryA1qTzYc9b0mR5kLe\r\n"
    b"Accept: */*\r\n"
    b"Origin: chrome-extension://jjgnhmbgmkdiamnlchicmbfgkcimekkc\r\n" + EXTENSION_HEADERS
)
MIT_EXTENSION_BODY = (
    b"------WebKitFormBoundaryA1qTzYc9b0mR5kLe\r\n"
    b'Content-Disposition: form-data; name="image"; filename="blob"\r\n'
    b"Content-Type: image/jpeg\r\n"
    b"\r\n"
    b"%(page)s\r\n"
    b"------WebKitFormBoundaryA1qTzYc9b0mR5kLe\r\n"
    b'Content-Disposition: form-data; name="config"\r\n'
    b"\r\n"
    b'{"detector":{"detector":"ctd"},"colorizer":{"colorizer":"mc2","colorization_size":1700,"denoise_sigma":30},'
    b'"translator":{"translator":"none","target_lang":"ENG"}}\r\n'
    b"------WebKitFormBoundaryA1qTzYc9b0mR5kLe--\r\n"
)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes


def suwayomi(
    client: Client, page: bytes, *, okhttp: str = "okhttp4", headers: bytes = b"", host: bytes | None = None
) -> bytes:
    """A page as Suwayomi-Server sends it; `headers` are those of its settings."""
    part = SUWAYOMI_PARTS[okhttp] % {b"length": len(page)}
    body = SUWAYOMI_BODY % {b"part": part, b"page": page}
    values = {b"headers": headers, b"length": len(body), b"host": host or _host(client)}
    return SUWAYOMI_HEAD % values + body


def comic_read_script(client: Client, key: str, page: bytes, head: bytes = COMIC_READ_SCRIPT_STREAM) -> bytes:
    """A page as ComicReadScript sends it."""
    return _with_key(client, key, head, COMIC_READ_SCRIPT_BODY % {b"page": page})


def mit_extension(client: Client, key: str, page: bytes) -> bytes:
    """A page as the browser extension sends it."""
    return _with_key(client, key, MIT_EXTENSION_STREAM, MIT_EXTENSION_BODY % {b"page": page})


async def send(client: Client, request: bytes) -> Answer | None:
    """The answer to these bytes; None where the connection ends without a byte of one."""
    return await asyncio.to_thread(_send, client.port or 0, request)


def _send(port: int, request: bytes) -> Answer | None:
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        try:
            connection.sendall(request)
            if not connection.recv(1, socket.MSG_PEEK):
                return None
        except ConnectionError:
            return None
        answer = HTTPResponse(connection, method="POST")
        answer.begin()
        return Answer(answer.status, answer.headers, answer.read())


def _with_key(client: Client, key: str, head: bytes, body: bytes) -> bytes:
    return head % {b"key": key.encode(), b"host": _host(client), b"length": len(body)} + body


def _host(client: Client) -> bytes:
    return f"127.0.0.1:{client.port}".encode()
