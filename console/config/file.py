"""The settings file: TOML with one line a setting, and a table `[keys]`."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, NamedTuple

from console.config.table import BY_NAME
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LARGEST: Final = 1_000_000


class Given(NamedTuple):
    """A value as text, and where it stands in words."""

    text: str
    source: str


def read_file(path: Path, named: str | None) -> dict[str, Given]:
    """What the file gives, by setting name, and `keys.<command>`; nothing if an unnamed file is absent.

    Raises:
        FixSetting: it cannot be read, is not TOML, has an unknown name or a value of the wrong kind,
            may be changed by other users, or holds a secret that they may read.
    """
    try:
        text, found = _text(path)
    except (FileNotFoundError, NotADirectoryError):
        if named is None:
            return {}
        raise FixSetting(
            f"There is no settings file {str(path)!r}, named {named}.", "Name one that exists."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise FixSetting(
            f"The settings file {str(path)!r} cannot be read: {why}.",
            "Give a TOML file that this user may read.",
        ) from None
    _check_writers(path, found)
    given = _entries(path, text)
    secrets = sorted(name.upper() for name in given if name in BY_NAME and BY_NAME[name].secret)
    if secrets:
        _check_private(path, found, " and ".join(secrets))
    return given


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the known name most like this one, or nothing."""
    import difflib  # only ever needed after a mistake

    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else ""


def _check_writers(path: Path, found: os.stat_result) -> None:
    """Refuses a file by which another user could send this one's password to a client of theirs."""
    if found.st_uid not in (os.geteuid(), 0) and os.geteuid() != 0:
        raise FixSetting(
            f"The settings file {str(path)!r} belongs to another user (number {found.st_uid}).",
            "Give one that belongs to you or to root.",
        )
    if found.st_mode & stat.S_IWOTH:
        raise FixSetting(
            f"The settings file {str(path)!r} may be changed by every user.", f"Run: chmod o-w {path}"
        )


def _check_private(path: Path, found: os.stat_result, secrets: str) -> None:
    if found.st_mode & 0o077 and not _is_credential(found):
        raise FixSetting(
            f"The settings file {str(path)!r} holds {secrets}, and other users may read it.",
            f"Run: chmod 600 {path}",
        )
    if path.is_symlink():
        raise FixSetting(
            f"The settings file {str(path)!r} holds {secrets}, and is a symbolic link.",
            f"Name the file itself with --config: {path.resolve()}",
        )


def _is_credential(found: os.stat_result) -> bool:
    """Whether it has the look of what systemd hands to a service of another user: root's, with an ACL.

    An ACL shows in the mode as a right of the group, which is root's here.
    """
    return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, 0, 0o440)


def _text(path: Path) -> tuple[str, os.stat_result]:
    """The file's text and what it is; never waits on a pipe, never reads without end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is not a regular file")
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError(0, "it is larger than a settings file can be")
    return data.decode("utf-8-sig"), found  # some editors begin a file with a byte order mark


def _entries(path: Path, text: str) -> dict[str, Given]:
    import tomllib  # 15 ms that a start without a file does without

    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FixSetting(
            f"The settings file {str(path)!r} is not TOML: {error}.", "Mend that line."
        ) from None
    given: dict[str, Given] = {}
    for name, value in tree.items():
        source = _source(path, text, name)
        if name == "keys" and isinstance(value, dict):
            for command, key in value.items():
                place = _source(path, text, command, within="keys")
                given[f"keys.{command}"] = Given(_as_text(f"keys.{command}", key, place), place)
        elif name not in BY_NAME or name == "keys":
            hint = " Write the keys as a table [keys]." if name == "keys" else nearest(name, BY_NAME)
            raise FixSetting(f"{name!r} {source} is no setting.{hint}", "Remove or rename that line.")
        else:
            given[name] = Given(_as_text(name, value, source), source)
    return given


def _as_text(name: str, value: object, source: str) -> str:
    if isinstance(value, list) and name in BY_NAME and BY_NAME[name].several:
        return ",".join(_one_of_several(name, one, source) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    raise FixSetting(
        f"The setting {name.upper()} {source} is of the wrong kind.",
        "Give a text, a whole number, true or false.",
    )


def _one_of_several(name: str, value: object, source: str) -> str:
    if isinstance(value, str) and not re.search(r"[,\s]", value):
        return value
    raise FixSetting(
        f"The setting {name.upper()} {source} has an entry of the wrong kind.",
        "Give a list of texts without commas or blanks in them.",
    )


def _source(path: Path, text: str, name: str, within: str = "") -> str:
    """`in line 3 of /etc/console.toml`; without the line where the file spells the name in an unusual way."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*['\"]?([^\]'\"]*?)['\"]?\s*\]", line):
            table = header[1]
            if not within and table == name:
                return f"in line {number} of {path}"
        elif table == within and re.match(rf"\s*['\"]?{re.escape(name)}['\"]?\s*=", line):
            return f"in line {number} of {path}"
    return f"in {path}"
