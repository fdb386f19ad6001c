"""Which engines this server has, which it has not and why, and what `auto` means here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mangaflux.errors import EngineUnavailableError

if TYPE_CHECKING:  # `doctor` reads this module where numpy may be what is broken
    from mangaflux.engine.base import Engine

#: `auto` takes the first of these that can run.
PREFERENCE = ("flux", "lite")


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why an engine cannot run here, and the command or step that mends it."""

    reason: str
    fix: str


@dataclass(frozen=True, slots=True)
class EngineRegistry:
    """The engines of one server; made once by the command line, which alone names the concrete classes."""

    #: By name, those too that cannot run at the moment.
    engines: "Mapping[str, Engine]"
    #: What this installation cannot have, by name.
    absent: Mapping[str, Unavailable]
    #: What a job gets that names no engine; may be "auto".
    default: str = "auto"
    #: By the name of an engine, what tells why it cannot run now; asked each time, so that weights which arrive while
    #: the server runs are used. Quick: it is called on the event loop.
    problems: Mapping[str, Callable[[], Unavailable | None]] = field(default_factory=dict)

    @property
    def available(self) -> "Mapping[str, Engine]":
        """The engines that can run now, by name."""
        return {name: engine for name, engine in self.engines.items() if self._problem(name) is None}

    @property
    def unavailable(self) -> Mapping[str, Unavailable]:
        """What cannot run now and why, by name."""
        broken = {name: problem for name in self.engines if (problem := self._problem(name)) is not None}
        return {**self.absent, **broken}

    def resolve(self, name: str | None) -> str:
        """The name of the engine that will do a job which asked for `name`; never a silent substitute.

        Raises:
            EngineUnavailableError: it cannot run here; `details` hold the reason and the fix.
        """
        wanted = name or self.default
        if wanted == "auto":
            able = self.available
            wanted = next((candidate for candidate in PREFERENCE if candidate in able), PREFERENCE[-1])
        problem = self._problem(wanted)
        if problem is None:
            return wanted
        raise EngineUnavailableError(
            f"The engine {wanted} cannot run here: {problem.reason}. To mend it: {problem.fix}.",
            details={"engine": wanted, "reason": problem.reason, "fix": problem.fix},
        )

    def _problem(self, name: str) -> Unavailable | None:
        if name not in self.engines:
            return self.absent.get(name, Unavailable("it is not part of this server", "choose another engine"))
        look = self.problems.get(name)
        return look() if look is not None else None
