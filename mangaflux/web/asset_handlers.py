"""Images that clients give us, kept by content."""

from aiohttp import web

from mangaflux.errors import InvalidRequestError, NotFoundError
from mangaflux.storage.asset_store import Asset
from mangaflux.web.answers import json_answer
from mangaflux.web.bodies import BodyWatch, body_chunks, capped, refuse_other_media_types
from mangaflux.web.content_response import CACHE_FOR_EVER, answer_file
from mangaflux.web.keys import PARTS, SETTINGS
from mangaflux.web.schemas import StoredAsset
from mangaflux.web.uploads import form_parts, store_part

IMAGE_OR_FORM = ("image/*", "application/octet-stream", "multipart/form-data")


async def store_asset(request: web.Request) -> web.Response:
    """Stores an image, sent as the body or as the one part of a form; the same image again changes nothing."""
    await request.app[PARTS].admission.check_upload()
    refuse_other_media_types(request, IMAGE_OR_FORM)
    if request.content_type == "multipart/form-data":
        asset, is_new = await _store_form(request)
    else:
        limit = request.app[SETTINGS].limits.max_upload_bytes
        chunks = capped(body_chunks(request), limit, "The image", "max_upload_bytes")
        asset, is_new = await request.app[PARTS].submissions.store(chunks)
    return json_answer(stored_asset(asset), status=201 if is_new else 200)


async def read_asset(request: web.Request) -> web.StreamResponse:
    """A stored image as it was sent; it never changes."""
    parts = request.app[PARTS]
    sha256 = request.match_info["sha256"]
    asset = await parts.assets.get(sha256)
    if asset is None:
        raise NotFoundError(f"There is no asset:{sha256}.")
    headers = {"X-Asset-Id": asset.asset_id}
    return await answer_file(request, parts.assets.files, asset.file, cache_control=CACHE_FOR_EVER, headers=headers)


async def _store_form(request: web.Request) -> tuple[Asset, bool]:
    parts = request.app[PARTS]
    stored: tuple[Asset, bool] | None = None
    limits = request.app[SETTINGS].limits
    watch = BodyWatch(limits)
    async for part in form_parts(request, watch):
        if stored is not None:
            raise InvalidRequestError("The form has more than one part; send one image at a time.")
        stored = await store_part(part, parts.submissions, watch, limits, "The image")
    if stored is None:
        raise InvalidRequestError("The form has no part; send the image as one.")
    return stored


def stored_asset(asset: Asset) -> StoredAsset:
    """What the server says of a stored image."""
    return StoredAsset(
        asset_id=asset.asset_id,
        sha256=asset.file.sha256,
        media_type=asset.file.media_type,
        width=asset.width,
        height=asset.height,
        size=asset.file.size,
    )
