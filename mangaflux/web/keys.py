"""Typed keys of what an application and a request carry."""

import asyncio

from aiohttp import web

from mangaflux.engine.analysis.detectors.detector import Detector
from mangaflux.engine.registry import EngineRegistry
from mangaflux.parts import Parts
from mangaflux.settings import Settings

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
ENGINES: web.AppKey[EngineRegistry] = web.AppKey("engines", EngineRegistry)
#: Those that help Pass 1.
DETECTORS: web.AppKey[tuple[Detector, ...]] = web.AppKey("detectors", tuple)
#: Open between start and clean-up.
PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)
#: Loading and unloading that goes on after its answer.
ENGINE_TASKS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("engine_tasks", set)

#: Finds a request in the log.
TRACE_ID: web.RequestKey[str] = web.RequestKey("trace_id", str)
#: Set once the head of the answer is on its way: nothing else can be answered then.
ANSWER_STARTED: web.RequestKey[bool] = web.RequestKey("answer_started", bool)
