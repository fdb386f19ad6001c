"""`mangaflux doctor`: what can run here, and one line for each thing that cannot. Changes nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from mangaflux import __version__
from mangaflux.commands.console import Terminal
from mangaflux.commands.doctor_checks import Check, check_dependencies, check_lite, check_opencv, check_python
from mangaflux.commands.doctor_gpu_checks import check_flux, check_gpu, check_torch, check_weights
from mangaflux.commands.doctor_model_checks import check_detectors
from mangaflux.commands.doctor_place_checks import (
    check_cpu,
    check_data_folder,
    check_disk,
    check_port,
    check_settings,
    check_token,
)
from mangaflux.errors import SettingsError
from mangaflux.settings import Settings

if TYPE_CHECKING:  # numpy may be what is broken here
    from mangaflux.engine.registry import EngineRegistry

#: Without these nothing can run; every other problem is a warning.
BLOCKING = frozenset({"python", "dependencies", "opencv", "lite", "settings", "detectors"})
EXIT_BLOCKED = 1


def doctor(
    read_settings: Callable[[], Settings],
    build_engines: Callable[[], "EngineRegistry"],
    terminal: Terminal,
    *,
    as_json: bool,
) -> int:
    """Tells what was found; the exit code: 0 where MangaFlux can run, else 1.

    Args:
        read_settings: reads the operator's settings; its SettingsError is a finding.
        build_engines: makes the engines; its ImportError is a finding.
        terminal: where to tell it.
        as_json: one JSON document instead of lines.
    """
    checks = run_checks(read_settings, build_engines)
    is_ok = all(check.ok for check in checks if check.id in BLOCKING)
    if as_json:
        listed = [{"id": each.id, "ok": each.ok, "message": each.message, "fix": each.fix} for each in checks]
        terminal.answer({"version": __version__, "ok": is_ok, "checks": listed})
    else:
        _tell(checks, is_ok, terminal)
    return 0 if is_ok else EXIT_BLOCKED


def run_checks(read_settings: Callable[[], Settings], build_engines: Callable[[], "EngineRegistry"]) -> list[Check]:
    """Every finding, in the order to read them."""
    settings, problem = _settings(read_settings)
    return [
        check_python(),
        check_dependencies(),
        check_opencv(),
        check_lite(build_engines),
        check_cpu(),
        check_settings(problem),
        check_detectors(settings),
        check_data_folder(settings.data_dir),
        check_disk(settings.data_dir),
        check_port(settings.server.host, settings.server.port),
        check_token(settings),
        check_flux(settings),
        check_torch(),
        check_gpu(),
        check_weights(settings),
    ]


def _settings(read_settings: Callable[[], Settings]) -> tuple[Settings, str | None]:
    try:
        return read_settings(), None
    except SettingsError as error:
        return Settings(), error.message


def _tell(checks: list[Check], is_ok: bool, terminal: Terminal) -> None:
    width = max(len(check.id) for check in checks)
    for check in checks:
        word, style = _word(check)
        terminal.say(f"{word:7}  {check.id:{width}}  {check.message}", style=style)
        if check.fix:
            terminal.say(f"{'':7}  {'':{width}}  → {check.fix}")
    terminal.say("MangaFlux can run here." if is_ok else "MangaFlux cannot run here; mend the problems above.")


def _word(check: Check) -> tuple[str, str | None]:
    if check.ok:
        return "ok", None
    return ("problem", "red") if check.id in BLOCKING else ("warning", "yellow")
