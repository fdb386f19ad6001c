"""The addresses of engines: what can colour here, and loading and unloading it."""

from mangaflux.web import engine_handlers
from mangaflux.web.route import Answer, Route
from mangaflux.web.route_answers import NO_ENGINE
from mangaflux.web.schemas import Engines, EngineState

ENGINE_ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/engines",
        engine_handlers.list_engines,
        "What can colour here, and why not",
        {200: Answer("The engines.", Engines)},
    ),
    Route(
        "POST",
        "/v1/engines/{name}/load",
        engine_handlers.load_engine,
        "Load an engine, and keep it warm",
        {202: Answer("It begins to load after the page that is on the device; `/readyz` tells the end.", EngineState)},
        {**NO_ENGINE, 409: "The engine cannot run here; `details` hold the reason and the fix."},
    ),
    Route(
        "POST",
        "/v1/engines/{name}/unload",
        engine_handlers.unload_engine,
        "Free the device",
        {202: Answer("It is unloaded after the page that is on the device; the next page loads it.", EngineState)},
        NO_ENGINE,
    ),
)
