"""Which engines this server has, which it has not and why, and what `auto` means here."""

from collections.abc import Mapping
from dataclasses import dataclass

from mangaflux.engine.base import Engine
from mangaflux.errors import EngineUnavailableError

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

    available: Mapping[str, Engine]
    unavailable: Mapping[str, Unavailable]
    #: What a job gets that names no engine; may be "auto".
    default: str = "auto"

    def resolve(self, name: str | None) -> str:
        """The name of the engine that will do a job which asked for `name`; never a silent substitute.

        Raises:
            EngineUnavailableError: it cannot run here; `details` hold the reason and the fix.
        """
        wanted = name or self.default
        if wanted == "auto":
            wanted = next((candidate for candidate in PREFERENCE if candidate in self.available), PREFERENCE[-1])
        if wanted in self.available:
            return wanted
        problem = self.unavailable.get(wanted, Unavailable("it is not part of this server", "choose another engine"))
        raise EngineUnavailableError(
            f"The engine {wanted} cannot run here: {problem.reason}. To mend it: {problem.fix}.",
            details={"engine": wanted, "reason": problem.reason, "fix": problem.fix},
        )
