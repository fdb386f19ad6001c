"""A Hugging Face hub on loopback: serves the files it is given, with Range, and may be told to misbehave."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from mangaflux.models.entry import is_commit

COMMIT = "c0ffee" * 6 + "abcd"


@dataclass
class FakeHub:
    """What the hub has, and what was asked of it."""

    url: str = ""
    #: By path in whatever repository.
    files: dict[str, bytes] = field(default_factory=dict)
    #: Content that is sent in place of a file's, while its hash is still stated.
    forged: dict[str, bytes] = field(default_factory=dict)
    #: Bytes after which the connection is cut, once.
    cut_after: int | None = None
    #: Answers every request with this, where it is no 200.
    status: int = 200
    error_code: str = ""
    #: Of every branch.
    commit: str = COMMIT
    #: (method, path with revision, Range) of every request.
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each download."""
        return [wanted for method, _, wanted in self.requests if method == "GET"]


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[FakeHub]

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing goes to the log."""

    def _answer(self) -> None:
        self.hub.requests.append((self.command, self.path, self.headers.get("Range")))
        if self.hub.status == 200 and self.path.startswith("/api/models/"):
            self._list()
            return
        revision, _, path = self.path.partition("/resolve/")[2].partition("/")
        if self.hub.status != 200 or path not in self.hub.files:
            self._refuse()
            return
        whole = self.hub.files[path]
        sent = self.hub.forged.get(path, whole)
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", revision if is_commit(revision) else self.hub.commit)
        # Small text files have another kind of ETag on the hub.
        digest = hashlib.sha1(whole) if path.endswith(".json") else hashlib.sha256(whole)
        self.send_header("ETag", f'"{digest.hexdigest()}"')
        self.send_header("Content-Length", str(len(sent) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(sent) - 1}/{len(sent)}")
        self.end_headers()
        if self.command == "GET":
            self._send(sent[start:])

    def _list(self) -> None:
        siblings = []
        for path, data in self.hub.files.items():
            digest = hashlib.sha256(data).hexdigest()
            lfs = None if path.endswith(".json") else {"size": len(data), "sha256": digest, "pointerSize": 100}
            siblings.append({"rfilename": path, "size": len(data), "blobId": "b" * 40, "lfs": lfs})
        body = json.dumps({"id": "somebody/tiny", "sha": self.hub.commit, "siblings": siblings}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self) -> None:
        self.send_response(404 if self.hub.status == 200 else self.hub.status)
        self.send_header("X-Error-Code", self.hub.error_code or "EntryNotFound")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, data: bytes) -> None:
        if self.hub.cut_after is None:
            self.wfile.write(data)
            return
        self.wfile.write(data[: self.hub.cut_after])
        self.hub.cut_after = None
        self.close_connection = True


@contextlib.contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A hub that listens for the length of the block."""
    hub = FakeHub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
