"""Values → HTTP answers with JSON bodies."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel


def json_answer(body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer with a JSON body; what is asked again may have changed, so nothing is cached."""
    return web.Response(
        status=status,
        body=body.model_dump_json(by_alias=True).encode(),
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
