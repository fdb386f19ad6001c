"""Alive, ready, which version; and the description of all routes."""

from importlib import metadata

from aiohttp import web

from mangaflux import __version__
from mangaflux.web.answers import json_answer
from mangaflux.web.engine_handlers import device_state, engine_model
from mangaflux.web.keys import DETECTORS, ENGINES, PARTS
from mangaflux.web.openapi import DOCUMENT
from mangaflux.web.schemas import Alive, DetectorModel, Readiness, Version

#: What a result or a failure may depend on; only those that are installed are told.
PACKAGES = ("aiohttp", "numpy", "opencv-python-headless", "pillow", "pydantic", "scipy", "torch", "diffusers")


async def healthz(_request: web.Request) -> web.Response:
    """The event loop ticks."""
    return json_answer(Alive())


async def readyz(request: web.Request) -> web.Response:
    """200 where jobs that are sent now run to their end, else 503 with the reasons."""
    parts = request.app[PARTS]
    reasons = parts.worker.readiness() + await parts.admission.problems()
    readiness = Readiness(
        ready=not reasons,
        reasons=reasons,
        device=device_state(parts),
        active_jobs=len(await parts.jobs.active()),
        free_disk_bytes=await parts.admission.free_disk_bytes(),
    )
    return json_answer(readiness, status=503 if reasons else 200)


async def version(request: web.Request) -> web.Response:
    """Versions of the server, its engines, its detectors and what it stands on."""
    engines = request.app[ENGINES].available
    models = {name: engine_model(engine.model) for name, engine in engines.items()}
    detectors = {each.name: DetectorModel(sha256=each.sha256, license=each.license) for each in request.app[DETECTORS]}
    return json_answer(Version(version=__version__, engines=models, detectors=detectors, packages=_package_versions()))


async def read_openapi(request: web.Request) -> web.Response:
    """The description of all routes."""
    document = request.app[DOCUMENT]
    headers = {"ETag": f'"{document.sha256}"', "Cache-Control": "no-cache"}
    if any(etag.value in (document.sha256, "*") for etag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(body=document.body, content_type="application/json", headers=headers)


def _package_versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
