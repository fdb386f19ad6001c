import pytest

from mangaflux.engine.fake import FakeEngine
from mangaflux.engine.registry import EngineRegistry, Unavailable
from mangaflux.errors import EngineUnavailableError

NO_FLUX = {"flux": Unavailable(reason="there is no GPU", fix="use lite")}


def _registry(*names: str, default: str = "auto") -> EngineRegistry:
    return EngineRegistry(engines={name: FakeEngine() for name in names}, absent=NO_FLUX, default=default)


def test_auto_takes_flux_where_it_can_run() -> None:
    assert _registry("lite", "flux").resolve("auto") == "flux"


def test_auto_takes_lite_where_flux_cannot_run() -> None:
    assert _registry("lite").resolve("auto") == "lite"


def test_a_job_that_names_no_engine_gets_the_servers_default() -> None:
    assert _registry("lite", "fake", default="fake").resolve(None) == "fake"


def test_an_engine_asked_for_by_name_is_never_replaced() -> None:
    with pytest.raises(EngineUnavailableError, match=r"there is no GPU\. To mend it: use lite"):
        _registry("lite").resolve("flux")


def test_fake_does_not_exist_on_a_server_started_without_it() -> None:
    with pytest.raises(EngineUnavailableError, match="not part of this server"):
        _registry("lite").resolve("fake")


def test_an_engine_with_a_problem_is_refused_until_the_problem_is_gone() -> None:
    problems = [Unavailable(reason="there are no weights", fix="get them")]
    registry = EngineRegistry(
        {"lite": FakeEngine(), "flux": FakeEngine()},
        {},
        problems={"flux": lambda: problems[0] if problems else None},
    )
    assert registry.resolve("auto") == "lite"
    assert registry.unavailable["flux"].fix == "get them"
    with pytest.raises(EngineUnavailableError, match="no weights"):
        registry.resolve("flux")
    problems.clear()
    assert registry.resolve("auto") == registry.resolve("flux") == "flux"
