"""The API token in a file of its own, which nobody but its owner may read."""

import stat
from pathlib import Path

from mangaflux.errors import SettingsError

#: Rights of a group and of others; none of them may be set.
_FOREIGN_RIGHTS = stat.S_IRWXG | stat.S_IRWXO
#: Fewer characters can be guessed by trying.
MIN_TOKEN_LENGTH = 16

_HOW_TO_MAKE = "Make one with: (umask 077; python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > {path})"


def read_token(path: Path) -> str:
    """The first line of a token file.

    Raises:
        SettingsError: it is not there, others may read it, or it holds no token; the message says what to do.
    """
    try:
        with path.open(encoding="utf-8") as file:
            rights = stat.S_IMODE(path.stat().st_mode)
            token = file.readline().strip()
    except FileNotFoundError as error:
        raise SettingsError(f"There is no token file {path}. {_HOW_TO_MAKE.format(path=path)}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The token file {path} cannot be read: {error}.") from error
    if rights & _FOREIGN_RIGHTS:
        raise SettingsError(f"The token file {path} has mode {rights:04o}, so others may use it. Run: chmod 600 {path}")
    if len(token) < MIN_TOKEN_LENGTH:
        raise SettingsError(
            f"The token file {path} holds no token of {MIN_TOKEN_LENGTH} characters or more on its first line. "
            + _HOW_TO_MAKE.format(path=path)
        )
    return token
