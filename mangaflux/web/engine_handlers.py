"""Which engines there are, what is loaded, and loading and unloading it."""

import asyncio
import logging
from collections.abc import Coroutine

from aiohttp import web

from mangaflux.engine.base import Engine, ModelInfo
from mangaflux.engine.registry import EngineRegistry
from mangaflux.errors import EngineUnavailableError, NotFoundError
from mangaflux.parts import Parts
from mangaflux.web.answers import json_answer
from mangaflux.web.keys import ENGINE_TASKS, ENGINES, PARTS
from mangaflux.web.schemas import DeviceState, EngineModel, Engines, EngineState

logger = logging.getLogger(__name__)


async def list_engines(request: web.Request) -> web.Response:
    """Every engine, and why it cannot run where it cannot."""
    known = request.app[ENGINES]
    device = device_state(request.app[PARTS])
    able = [_able_engine(engine, device.engine) for engine in known.available.values()]
    unable = [_unable_engine(known, name) for name in known.unavailable]
    return json_answer(Engines(default=_default_engine(known), engines=able + unable, device=device))


async def load_engine(request: web.Request) -> web.Response:
    """Begins to load an engine, after the page that is on the device; what was loaded before is unloaded."""
    known, parts = request.app[ENGINES], request.app[PARTS]
    name = known.resolve(_known_name(request))
    _begin(request.app, _load(parts, name), f"load {name}")
    return json_answer(_able_engine(known.engines[name], parts.device.snapshot.engine), status=202)


async def unload_engine(request: web.Request) -> web.Response:
    """Begins to unload an engine, after the page that is on the device; unloading again changes nothing."""
    known, parts = request.app[ENGINES], request.app[PARTS]
    name = _known_name(request)
    if parts.device.snapshot.engine == name:
        _begin(request.app, parts.device.unload(), f"unload {name}")
    state = _able_engine(known.engines[name], None) if name in known.available else _unable_engine(known, name)
    return json_answer(state, status=202)


def device_state(parts: Parts) -> DeviceState:
    """What the device does."""
    snapshot = parts.device.snapshot
    return DeviceState(
        state=snapshot.state,
        engine=snapshot.engine,
        stage=snapshot.stage,
        error=snapshot.error,
        peak_memory_bytes=snapshot.peak_memory_bytes,
    )


def engine_model(model: ModelInfo) -> EngineModel:
    """A model, for an answer."""
    return EngineModel(id=model.id, revision=model.revision, sha256=model.sha256, license=model.license)


async def _load(parts: Parts, name: str) -> None:
    try:
        await parts.device.load(name)
    except EngineUnavailableError as error:
        # `/v1/engines` tells it to who asks: the snapshot of the device holds it.
        logger.error("%s", error.message)


def _begin(app: web.Application, work: Coroutine[object, object, None], name: str) -> None:
    task = asyncio.create_task(work, name=name)
    # The loop itself holds tasks weakly.
    app[ENGINE_TASKS].add(task)
    task.add_done_callback(app[ENGINE_TASKS].discard)


def _known_name(request: web.Request) -> str:
    known, name = request.app[ENGINES], request.match_info["name"]
    if name not in known.engines and name not in known.absent:
        names = ", ".join(sorted({*known.engines, *known.absent}))
        raise NotFoundError(f"There is no engine {name[:40]}; there are {names}.")
    return name


def _able_engine(engine: Engine, loaded: str | None) -> EngineState:
    return EngineState(
        name=engine.name,
        available=True,
        loaded=engine.name == loaded,
        model=engine_model(engine.model),
        device=engine.device,
        reason=None,
        fix=None,
    )


def _unable_engine(known: EngineRegistry, name: str) -> EngineState:
    problem = known.unavailable[name]
    engine = known.engines.get(name)
    return EngineState(
        name=name,
        available=False,
        loaded=False,
        model=engine_model(engine.model) if engine else None,
        device=None,
        reason=problem.reason,
        fix=problem.fix,
    )


def _default_engine(registry: EngineRegistry) -> str | None:
    try:
        return registry.resolve(None)
    except EngineUnavailableError:
        return None
