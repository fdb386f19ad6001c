"""Where settings come from: defaults < TOML file < `MANGA_FLUX_*` environment < flags.

Each setting has one name: `[limits] max_pixels` in TOML, `MANGA_FLUX_LIMITS__MAX_PIXELS` in the environment. An unknown
name is an error that proposes the nearest one.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError

from mangaflux.errors import SettingsError
from mangaflux.settings import ENVIRONMENT_PREFIX, NOT_SETTINGS, Settings
from mangaflux.token_file import read_token

#: How messages say where a value came from.
ENVIRONMENT = "in the environment"


def load_settings(
    *,
    config_file: Path | None = None,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """The settings of this start.

    Args:
        config_file: a TOML file; None reads none.
        environment: usually `os.environ`.
        flags: dotted setting name → value, such as {"server.port": 8765}; None values are left out.

    Raises:
        SettingsError: an unknown name, a value out of range, an unreadable file, or a combination that is not safe.
    """
    values: dict[str, object] = {}
    if config_file is not None:
        _merge(values, _read_toml(config_file), f"in {config_file.name}")
    _merge(values, _read_environment(environment), ENVIRONMENT)
    _merge(
        values,
        _nest({name: value for name, value in (flags or {}).items() if value is not None}),
        "on the command line",
    )
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise SettingsError(f"{name}: {problem['msg']}.") from error
    settings = _with_token_of_file(settings)
    _refuse_unsafe(settings)
    return settings


def setting_names() -> tuple[str, ...]:
    """Every setting as a dotted name, in the order of the class."""
    return tuple(_names(Settings))


def _names(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _names(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _with_token_of_file(settings: Settings) -> Settings:
    if not settings.api_token_file:
        return settings
    if settings.api_token.get_secret_value():
        raise SettingsError("api_token and api_token_file are both set; keep one of them.")
    token = read_token(Path(settings.api_token_file).expanduser())
    return settings.model_copy(update={"api_token": SecretStr(token)})


def _refuse_unsafe(settings: Settings) -> None:
    if settings.listens_beyond_loopback and not settings.api_token.get_secret_value():
        raise SettingsError(
            f"server.host is {settings.server.host}, which other machines can reach, and there is no token. "
            "Set MANGA_FLUX_API_TOKEN or api_token_file, or listen on 127.0.0.1."
        )
    key = settings.compatibility.mit_key.get_secret_value()
    if key and key == settings.api_token.get_secret_value():
        raise SettingsError(
            "compatibility.mit_key is the API token; addresses are written down in more places than tokens. Give it a "
            "secret of its own."
        )


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {path}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error


def _read_environment(environment: Mapping[str, str]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for variable, text in environment.items():
        name = variable.removeprefix(ENVIRONMENT_PREFIX)
        if name == variable or name in NOT_SETTINGS:
            continue
        dotted = name.lower().replace("__", ".")
        flat[dotted] = [part for part in text.split(os.pathsep) if part] if dotted == "input_roots" else text
    return _nest(flat)


def _nest(flat: Mapping[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    for dotted, value in flat.items():
        *sections, name = dotted.split(".")
        target = nested
        for section in sections:
            inner = target.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"{dotted} is not a setting: {section} is not a section.")
            target = inner
        target[name] = value
    return nested


def _merge(values: dict[str, object], more: Mapping[str, object], origin: str, prefix: str = "") -> None:
    known = setting_names()
    for name, value in more.items():
        dotted = prefix + name
        if isinstance(value, Mapping) and any(other.startswith(dotted + ".") for other in known):
            section = values.setdefault(name, {})
            if isinstance(section, dict):
                _merge(section, value, origin, dotted + ".")
        elif dotted in known:
            values[name] = value
        else:
            raise SettingsError(f"{dotted} {origin} is not a setting.{_nearest(dotted, known, origin)}")


def _nearest(name: str, known: tuple[str, ...], origin: str) -> str:
    last = {other: other.rpartition(".")[2] for other in known}
    by_last = difflib.get_close_matches(name.rpartition(".")[2], last.values(), n=1, cutoff=0.6)
    whole = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    nearest = whole or [other for other in known if by_last and last[other] == by_last[0]]
    if not nearest:
        return ""
    spelt = nearest[0]
    if origin == ENVIRONMENT:
        spelt = ENVIRONMENT_PREFIX + spelt.upper().replace(".", "__")
    return f" Did you mean {spelt}?"
