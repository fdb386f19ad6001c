"""The program of a decoding process: reads the names of image files on stdin, writes what is in them to stdout.

Run as `python -m mangaflux.engine.decoding_child MAX_MEMORY_BYTES`. A request is one line of JSON: `path`, `max_pixels`
and `want`, one of `header`, `whole` (decoded to the last pixel, none sent) and `pixels`. The answer is the length of a
JSON object in four bytes, big-endian, and the object: `media_type`, `width`, `height`, or `code`, `message`, `details`
of a refusal. Where pixels were wanted, height × width × 3 bytes follow. The process ends with its stdin.
"""

import json
import os
import resource
import struct
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mangaflux.engine.imaging import decode_original, read_header
from mangaflux.errors import ImageTooLargeError, MangaFluxError

#: As the threads for analysis and finishing: the event loop and the device get a core whenever they want one.
NICENESS = 10


def main() -> None:
    """Serves requests until stdin ends."""
    limit_itself(int(sys.argv[1]))
    serve(sys.stdin.buffer, sys.stdout.buffer)


def limit_itself(max_memory_bytes: int) -> None:
    """Gives up what decoding does not need: more memory, core files, writing to files, a high priority."""
    resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(NICENESS)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers requests until there are no more."""
    for line in requests:
        answer, pixels = _answer(json.loads(line))
        text = json.dumps(answer).encode()
        answers.write(struct.pack(">I", len(text)) + text)
        if pixels is not None:
            answers.write(np.ascontiguousarray(pixels).data)
        answers.flush()


def _answer(request: dict[str, object]) -> tuple[dict[str, object], NDArray[np.uint8] | None]:
    try:
        return _read(Path(str(request["path"])), int(str(request["max_pixels"])), str(request["want"]))
    except MemoryError:
        refusal: MangaFluxError = ImageTooLargeError(
            "Decoding the image takes more memory than limits.decode_memory_bytes allows; scale it down."
        )
    except MangaFluxError as error:
        refusal = error
    return {"code": refusal.code, "message": refusal.message, "details": dict(refusal.details)}, None


def _read(path: Path, max_pixels: int, want: str) -> tuple[dict[str, object], NDArray[np.uint8] | None]:
    data = path.read_bytes()
    header = read_header(data, max_pixels=max_pixels)
    pixels = None if want == "header" else decode_original(data, max_pixels=max_pixels)
    height, width = (header.height, header.width) if pixels is None else pixels.shape[:2]
    answer: dict[str, object] = {"media_type": header.media_type, "width": width, "height": height}
    return answer, pixels if want == "pixels" else None


if __name__ == "__main__":
    main()
