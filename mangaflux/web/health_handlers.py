"""Alive, ready, which version, which engines; and the description of all routes."""

import asyncio
import shutil
from importlib import metadata

from aiohttp import web

from mangaflux import __version__
from mangaflux.engine.base import Engine, ModelInfo
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import EngineUnavailableError
from mangaflux.parts import Parts
from mangaflux.web.answers import json_answer
from mangaflux.web.keys import DETECTORS, ENGINES, PARTS, SETTINGS
from mangaflux.web.openapi import DOCUMENT
from mangaflux.web.schemas import (
    Alive,
    DetectorModel,
    DeviceState,
    EngineModel,
    Engines,
    EngineState,
    Readiness,
    Version,
)

#: What a result or a failure may depend on; only those that are installed are told.
PACKAGES = ("aiohttp", "numpy", "opencv-python-headless", "pillow", "pydantic", "scipy", "torch", "diffusers")


async def healthz(_request: web.Request) -> web.Response:
    """The event loop ticks."""
    return json_answer(Alive())


async def readyz(request: web.Request) -> web.Response:
    """200 where jobs that are sent now run to their end, else 503 with the reasons."""
    parts = request.app[PARTS]
    reasons = parts.worker.readiness()
    readiness = Readiness(
        ready=not reasons,
        reasons=reasons,
        device=_device_state(parts),
        active_jobs=len(await parts.jobs.active()),
        free_disk_bytes=await _free_disk_bytes(request),
    )
    return json_answer(readiness, status=503 if reasons else 200)


async def version(request: web.Request) -> web.Response:
    """Versions of the server, its engines, its detectors and what it stands on."""
    engines = request.app[ENGINES].available
    models = {name: _engine_model(engine.model) for name, engine in engines.items()}
    detectors = {each.name: DetectorModel(sha256=each.sha256, license=each.license) for each in request.app[DETECTORS]}
    return json_answer(Version(version=__version__, engines=models, detectors=detectors, packages=_package_versions()))


async def list_engines(request: web.Request) -> web.Response:
    """Every engine, and why it cannot run where it cannot."""
    known = request.app[ENGINES]
    device = _device_state(request.app[PARTS])
    able = [_able_engine(engine, device.engine) for engine in known.available.values()]
    unable = [
        EngineState(
            name=name,
            available=False,
            loaded=False,
            model=None,
            device=None,
            reason=problem.reason,
            fix=problem.fix,
        )
        for name, problem in known.unavailable.items()
    ]
    return json_answer(Engines(default=_default_engine(known), engines=able + unable, device=device))


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


async def _free_disk_bytes(request: web.Request) -> int:
    folder = request.app[SETTINGS].data_dir
    files = request.app[PARTS].files
    return (await asyncio.get_running_loop().run_in_executor(files, shutil.disk_usage, folder)).free


def _device_state(parts: Parts) -> DeviceState:
    snapshot = parts.device.snapshot
    return DeviceState(
        state=snapshot.state,
        engine=snapshot.engine,
        stage=snapshot.stage,
        error=snapshot.error,
        peak_memory_bytes=snapshot.peak_memory_bytes,
    )


def _able_engine(engine: Engine, loaded: str | None) -> EngineState:
    return EngineState(
        name=engine.name,
        available=True,
        loaded=engine.name == loaded,
        model=_engine_model(engine.model),
        device=engine.device,
        reason=None,
        fix=None,
    )


def _engine_model(model: ModelInfo) -> EngineModel:
    return EngineModel(id=model.id, revision=model.revision, sha256=model.sha256, license=model.license)


def _default_engine(registry: EngineRegistry) -> str | None:
    try:
        return registry.resolve(None)
    except EngineUnavailableError:
        return None
