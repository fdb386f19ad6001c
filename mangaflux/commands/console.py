"""How commands speak: rich on a terminal, plain lines in a pipe, one JSON document where a script asked for it."""

import json
from dataclasses import dataclass, field

from rich.console import Console


def _console(*, stderr: bool) -> Console:
    # Names of files may hold what rich takes for markup, and a line in a pipe must stay one line.
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command writes. Both streams are looked up at each call, so that they may be redirected."""

    #: What the command tells while it works; stderr where stdout carries JSON.
    talk: Console = field(default_factory=lambda: _console(stderr=False))
    #: Refusals and warnings.
    errors: Console = field(default_factory=lambda: _console(stderr=True))

    @property
    def is_live(self) -> bool:
        """True where lines can be redrawn."""
        return self.talk.is_terminal

    def say(self, line: str, style: str | None = None) -> None:
        """Writes one line; `style` is one of rich's, and drops out in a pipe."""
        self.talk.print(line, style=style)

    def complain(self, line: str) -> None:
        """Writes one line to stderr."""
        self.errors.print(line, style="red")

    def answer(self, value: object) -> None:
        """Writes a JSON document to stdout."""
        _console(stderr=False).out(json.dumps(value, indent=1, ensure_ascii=False))


def open_terminal(*, as_json: bool = False) -> Terminal:
    """The terminal of one command; with `as_json` stdout is left to `answer` alone."""
    return Terminal(talk=_console(stderr=as_json))
