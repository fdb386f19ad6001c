"""`mangaflux models`: which models can be downloaded, which are here, and whether they are whole."""

from collections.abc import Sequence

from mangaflux.commands.console import Terminal
from mangaflux.commands.interruption import EXIT_INTERRUPTED
from mangaflux.commands.pull_view import open_pull_view
from mangaflux.models.catalogue import CATALOGUE, entry_named
from mangaflux.models.entry import CatalogueEntry
from mangaflux.models.pull import megabytes, pull
from mangaflux.models.store import ModelState, ModelStore

EXIT_NOT_WHOLE = 1


def list_models(store: ModelStore, terminal: Terminal, *, as_json: bool) -> int:
    """Tells every model of the catalogue; the exit code."""
    if as_json:
        terminal.answer({"folder": str(store.folder), "models": [_as_json(store, entry) for entry in CATALOGUE]})
        return 0
    width = max(len(entry.name) for entry in CATALOGUE)
    for entry in CATALOGUE:
        state = store.state(entry)
        about = "" if entry.is_pinned else "about "
        facts = f"{about}{megabytes(entry.size)}, licence: {entry.license}"
        terminal.say(f"{state:10}  {entry.name:{width}}  {entry.kind}: {entry.purpose}", style=_style(state))
        terminal.say(f"{'':10}  {'':{width}}  {facts}")
    terminal.say(f"Models are kept in {store.folder}; `mangaflux models pull NAME` downloads one.")
    return 0


def pull_models(store: ModelStore, names: Sequence[str], terminal: Terminal) -> int:
    """Downloads models, one after another; the exit code: 0, or 130 after an interruption.

    Raises:
        InvalidRequestError: a name that the catalogue does not have; nothing is downloaded then.
        ModelStoreError: a download failed; the message says what to do.
    """
    for entry in [entry_named(name, CATALOGUE) for name in names]:
        terminal.say(f"{entry.name} from {entry.repository}, licence: {entry.license}")
        if entry.notice:
            terminal.say(f"Note: {entry.notice}", style="yellow")
        try:
            with open_pull_view(terminal) as view:
                pulled = pull(store, entry, view)
        except KeyboardInterrupt:
            terminal.complain("Interrupted: what came stays; the same command goes on from there.")
            return EXIT_INTERRUPTED
        outcome = "is here and whole" if pulled.fetched else "was here already and is whole"
        terminal.say(f"{entry.name} {outcome}: {store.folder / entry.name}")
    return 0


def verify_models(store: ModelStore, names: Sequence[str], terminal: Terminal) -> int:
    """Hashes models anew, without names those that are here; the exit code: 0, or 1 where one is not whole.

    Raises:
        InvalidRequestError: a name that the catalogue does not have.
    """
    here = [entry for entry in CATALOGUE if store.state(entry) is not ModelState.ABSENT]
    entries = [entry_named(name, CATALOGUE) for name in names] if names else here
    if not entries:
        terminal.say(f"There are no models in {store.folder}.")
    return EXIT_NOT_WHOLE if [entry for entry in entries if not _is_whole(store, entry, terminal)] else 0


def remove_models(store: ModelStore, names: Sequence[str], terminal: Terminal) -> int:
    """Takes models away; the exit code.

    Raises:
        InvalidRequestError: a name that the catalogue does not have; nothing is removed then.
        ModelStoreError: a model cannot be removed.
    """
    for entry in [entry_named(name, CATALOGUE) for name in names]:
        freed = store.remove(entry)
        terminal.say(f"{entry.name}: {megabytes(freed)} freed" if freed else f"{entry.name} was not here")
    return 0


def _is_whole(store: ModelStore, entry: CatalogueEntry, terminal: Terminal) -> bool:
    findings = store.verify(entry)
    problems = [finding for finding in findings if finding.problem is not None]
    for finding in problems:
        terminal.complain(f"{entry.name}: {finding.path} {finding.problem}")
    if problems or not findings:
        terminal.complain(f"{entry.name} is not whole; mend it with: mangaflux models pull {entry.name}")
        return False
    terminal.say(f"{entry.name}: {len(findings)} of {len(findings)} files are whole")
    return True


def _as_json(store: ModelStore, entry: CatalogueEntry) -> dict[str, object]:
    record = store.record(entry)
    return {
        "name": entry.name,
        "state": store.state(entry),
        "kind": entry.kind,
        "purpose": entry.purpose,
        "repository": entry.repository,
        "revision": record.revision if record else entry.revision,
        "license": entry.license,
        "notice": entry.notice,
        "size": entry.size,
        "files": {file.path: file.sha256 for file in entry.files}
        | {path: file.sha256 for path, file in (record.files if record else {}).items()},
    }


def _style(state: ModelState) -> str | None:
    return {ModelState.PRESENT: "green", ModelState.INCOMPLETE: "yellow"}.get(state)
