"""Decoding images that strangers made: in child processes that may die, hang or run out of memory.

A child is used by one thread at a time, and there are never more of them than threads that decode at once. Everything
here blocks: call it off the event loop.
"""

import contextlib
import json
import logging
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Literal, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.imaging import ImageHeader, decode_original, read_header
from mangaflux.errors import ImageTooLargeError, UnreadableImageError
from mangaflux.settings import ENVIRONMENT_PREFIX, LimitSettings

logger = logging.getLogger(__name__)

#: Images after which a child is replaced: whatever a decoder leaks ends with it.
IMAGES_PER_CHILD = 500

CHILD_COMMAND = (sys.executable, "-P", "-m", "mangaflux.engine.decoding_child")

Want = Literal["header", "whole", "pixels"]


class ImageDecoder(Protocol):
    """Reads image files. Safe from any thread."""

    def header(self, path: Path, *, whole: bool) -> ImageHeader:
        """What an image is; `whole` decodes it to the last pixel.

        Raises:
            UnreadableImageError: not an image of an accepted format, or (`whole`) damaged or incomplete.
            ImageTooLargeError: more pixels than the limits allow, or decoding takes too much memory.
        """
        ...

    def pixels(self, path: Path) -> NDArray[np.uint8]:
        """The original of an image, as `imaging.decode_original`. Raises as `header`."""
        ...

    def close(self) -> None:
        """Ends whatever runs; nothing is asked of it afterwards."""
        ...


def open_decoder(limits: LimitSettings) -> ImageDecoder:
    """The decoder of the settings. It starts nothing before the first image."""
    return ChildDecoder(limits) if limits.decode_in_child else LocalDecoder(limits.max_pixels)


class LocalDecoder:
    """Decodes in this process, for images that are trusted."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels

    def header(self, path: Path, *, whole: bool) -> ImageHeader:
        """See `ImageDecoder`."""
        data = path.read_bytes()
        header = read_header(data, max_pixels=self._max_pixels)
        if whole:
            decode_original(data, max_pixels=self._max_pixels)
        return header

    def pixels(self, path: Path) -> NDArray[np.uint8]:
        """See `ImageDecoder`."""
        return decode_original(path.read_bytes(), max_pixels=self._max_pixels)

    def close(self) -> None:
        """See `ImageDecoder`."""


class ChildDecoder:
    """Decodes in child processes, which wait for the next image when they have done one.

    Args:
        limits: pixels, seconds and memory of one image.
        command: the program of a child, which gets the memory limit as its last argument.
    """

    def __init__(self, limits: LimitSettings, command: Sequence[str] = CHILD_COMMAND) -> None:
        self._limits = limits
        self._command = [*command, str(limits.decode_memory_bytes)]
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self._closed = False

    def header(self, path: Path, *, whole: bool) -> ImageHeader:
        """See `ImageDecoder`."""
        return self._ask(path, "whole" if whole else "header")[0]

    def pixels(self, path: Path) -> NDArray[np.uint8]:
        """See `ImageDecoder`."""
        return self._ask(path, "pixels")[1]

    def close(self) -> None:
        """Kills every child; those at work are cleared away by the threads that wait for them."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for child in self._children.difference(idle):
                child.kill()
            self._children.difference_update(idle)
        for child in idle:
            child.end()

    def _ask(self, path: Path, want: Want) -> tuple[ImageHeader, NDArray[np.uint8]]:
        request = {"path": str(path), "max_pixels": self._limits.max_pixels, "want": want}
        child = self._take()
        try:
            answer = child.ask(request, self._limits.decode_seconds)
        except TimeoutError as error:
            raise UnreadableImageError(
                f"Decoding the image took more than {self._limits.decode_seconds:g} s (limits.decode_seconds)."
            ) from error
        except OSError as error:
            logger.warning("a decoding process died of the file %s", path.name)
            raise UnreadableImageError("The image breaks the decoder; save it anew in another program.") from error
        finally:
            self._give_back(child)
        return answer

    def _take(self) -> "_Child":
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_usable:
                    return child
                self._children.discard(child)
                child.end()
            if self._closed:
                raise UnreadableImageError("The server is stopping.")
            child = _Child(self._command)
            self._children.add(child)
            return child

    def _give_back(self, child: "_Child") -> None:
        with self._lock:
            if child.is_usable and not self._closed:
                self._idle.append(child)
                return
            self._children.discard(child)
        child.end()


class _Child:
    """One child process."""

    def __init__(self, command: Sequence[str]) -> None:
        self._images = 0
        self._broken = False
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            # Ctrl-C at a terminal is for the server, which ends its children.
            start_new_session=True,
        )

    @property
    def is_usable(self) -> bool:
        """True where it can take another image."""
        return not self._broken and self._images < IMAGES_PER_CHILD and self._process.poll() is None

    def ask(self, request: dict[str, object], timeout_seconds: float) -> tuple[ImageHeader, NDArray[np.uint8]]:
        """The header, and the pixels where they were wanted (else an empty array).

        Raises:
            UnreadableImageError, ImageTooLargeError: what the child says of the image.
            TimeoutError: it took too long, and was killed.
            OSError: it died.
        """
        self._images += 1
        timed_out = threading.Event()
        timer = threading.Timer(timeout_seconds, self._time_out, [timed_out])
        timer.start()
        try:
            return self._exchange(request)
        except OSError as error:
            self._broken = True
            raise (TimeoutError if timed_out.is_set() else OSError) from error
        finally:
            timer.cancel()

    def kill(self) -> None:
        """Kills it; whoever waits for its answer hears that it died."""
        self._broken = True
        self._process.kill()

    def end(self) -> None:
        """Kills it and clears it away. For the thread that uses it, or where none does."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what was not sent to it any more
                    pipe.close()

    def _time_out(self, timed_out: threading.Event) -> None:
        timed_out.set()
        self.kill()

    def _exchange(self, request: dict[str, object]) -> tuple[ImageHeader, NDArray[np.uint8]]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        (length,) = struct.unpack(">I", self._read(4))
        answer = json.loads(self._read(length))
        if "code" in answer:
            kind = ImageTooLargeError if answer["code"] == ImageTooLargeError.code else UnreadableImageError
            raise kind(answer["message"], details=answer["details"])
        header = ImageHeader(answer["media_type"], answer["width"], answer["height"])
        shape = (header.height, header.width, 3) if request["want"] == "pixels" else (0,)
        pixels = np.empty(shape, np.uint8)
        if pixels.size:
            self._fill(pixels.data.cast("B"))
        return header, pixels

    def _read(self, length: int) -> bytearray:
        data = bytearray(length)
        self._fill(memoryview(data))
        return data

    def _fill(self, buffer: memoryview) -> None:
        # A buffered reader returns less than was asked for only at the end.
        if cast("BufferedReader", self._process.stdout).readinto(buffer) < len(buffer):
            raise BrokenPipeError


def _environment() -> dict[str, str]:
    """That of this process without our settings, among them the token; more threads would only take memory."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ENVIRONMENT_PREFIX)}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
