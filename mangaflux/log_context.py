"""Which request, job and page a line of the log is about, and how lines are written.

The ids are context variables: they follow a request or a page through tasks, and through threads that are handed its
context (`cpu_pool.py`, `engine/executor.py`).
"""

import contextvars
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_trace_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("trace_id", default=None)
_job_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("job_id", default=None)
_page: contextvars.ContextVar[int | None] = contextvars.ContextVar("page", default=None)


def configure_logging(level: str, style: Literal["text", "json"] = "text") -> None:
    """Sends what is noted from this level on to stderr, one line or one JSON object each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter(_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])


def note_trace(trace_id: str) -> None:
    """From here on, lines of this task are about this request."""
    _trace_id.set(trace_id)


@contextmanager
def about_page(job_id: str, page_num: int) -> Iterator[None]:
    """Within the block, lines of this task are about this page."""
    job, page = _job_id.set(job_id), _page.set(page_num)
    try:
        yield
    finally:
        _job_id.reset(job)
        _page.reset(page)


def current_ids() -> dict[str, str | int]:
    """The ids of here and now, without those that there are none of."""
    ids = {"trace_id": _trace_id.get(), "job_id": _job_id.get(), "page": _page.get()}
    return {name: value for name, value in ids.items() if value is not None}


class TextFormatter(logging.Formatter):
    """Lines for people, with the ids at their end."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — the name is logging's
        """The line without its traceback."""
        ids = " ".join(f"{name}={value}" for name, value in current_ids().items())
        return super().formatMessage(record) + (f" [{ids}]" if ids else "")


class JsonFormatter(logging.Formatter):
    """Lines for machines: time, level, logger, message, the ids, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object without line breaks."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **current_ids(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
