"""Where settings come from: flag, then environment, then file, then default."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec.structs import replace

from console.config.file import Given, nearest, read_file
from console.config.table import BY_NAME, ENV_PREFIX, SETTINGS, Setting, read_keys, read_path
from console.config.values import Settings
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

APP_NAME: Final = "media-console"

_SHORT: Final = 16
"""A secret for webhooks below so many characters is worth a warning."""
_CONFIG_VARIABLE: Final = ENV_PREFIX + "CONFIG"
_T = TypeVar("_T")


def load(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings:
    """Reads all settings from the flags (by setting name, and `config`), the environment and the file.

    A variable that is empty counts as not set.

    Raises:
        FixSetting: one is wrong; says which, where it stands and what would be right. The value of a
            secret is never in the words.
    """
    given: dict[str, Given] = {}
    path, named = config_path(flags.get("config"), environ)
    if path is not None:
        given |= read_file(path, named)
    for setting in SETTINGS:
        flag, variable = flags.get(setting.name), environ.get(setting.variable)
        if flag is not None:
            given |= _expanded(setting, Given(flag, f"on {setting.flag}"))
        elif variable:
            given |= _expanded(setting, Given(variable, f"in {setting.variable}"))
    fields = {
        BY_NAME[name].attribute: _field(BY_NAME[name], value)
        for name, value in given.items()
        if name in BY_NAME
    }
    if "db" not in fields:
        fields["db"] = _usual_db()
    settings = replace(
        Settings(db=Path()),
        **fields,
        keys={
            name.removeprefix("keys."): value.text
            for name, value in given.items()
            if name.startswith("keys.")
        },
        sources={name: value.source for name, value in given.items()},
    )
    settings = replace(settings, warnings=(*_strange_variables(environ), *_short_secrets(settings)))
    _check_pairs(settings)
    _check_db(settings)
    return settings


def config_path(flag: str | None, environ: Mapping[str, str]) -> tuple[Path | None, str | None]:
    """The settings file and where it was named; named nowhere for the usual place, where it may be absent.

    Raises:
        FixSetting: what was named is no path.
    """
    if flag is not None:
        return _converted("CONFIG", read_path, Given(flag, "on --config")), "on --config"
    if variable := environ.get(_CONFIG_VARIABLE):
        named = f"in {_CONFIG_VARIABLE}"
        return _converted("CONFIG", read_path, Given(variable, named)), named
    folder = _user_folder("user_config_path")
    return folder / "config.toml" if folder is not None else None, None


def _expanded(setting: Setting, value: Given) -> dict[str, Given]:
    if setting.name != "keys":
        return {setting.name: value}
    keys = _converted("KEYS", read_keys, value)
    return {f"keys.{command}": Given(key, value.source) for command, key in keys.items()}


def _field(setting: Setting, value: Given) -> object:
    return _converted(setting.name.upper(), setting.read, value, secret=setting.secret)


def _converted(name: str, read: Callable[[str], _T], value: Given, *, secret: bool = False) -> _T:
    try:
        return read(value.text)
    except ValueError as right:
        shown = "not right" if secret else f"{_without_login(value.text)[:80]!r}"
        raise FixSetting(f"The setting {name} {value.source} is {shown}.", f"Give {right}.") from None


def _without_login(text: str) -> str:
    """Masks what stands before the @ of a URL: whoever put a password there did so by mistake."""
    return re.sub(r"(//).*@", r"\1••••@", text)


def _usual_db() -> Path:
    folder = _user_folder("user_data_path")
    if folder is None:
        raise FixSetting(
            "There is no home folder to keep the cache in.", f"Set {ENV_PREFIX}DB to a path for it."
        )
    return folder / "media.db"


def _user_folder(kind: str) -> Path | None:
    """The platform's folder for our files; None where the user has no home."""
    import platformdirs  # 20 ms that a start with its paths given does without

    folder: Path = getattr(platformdirs, kind)(APP_NAME, appauthor=False)
    return folder if folder.is_absolute() else None


def _strange_variables(environ: Mapping[str, str]) -> Iterator[str]:
    known = {setting.variable for setting in SETTINGS} | {_CONFIG_VARIABLE}
    for name in sorted(environ):
        if name.startswith(ENV_PREFIX) and name not in known:
            yield f"{name!r} is no setting and was ignored.{nearest(name, known)}"


def _short_secrets(settings: Settings) -> Iterator[str]:
    secrets = {
        "webhook_secret": [secret.reveal() for secret in settings.webhook_secret],
        "webhook_token": [secret.reveal() for secret in settings.webhook_token],
        "webhook_basic": [login.reveal().partition(":")[2] for login in settings.webhook_basic],
        "webhook_hmac": [signature.secret.reveal() for signature in settings.webhook_hmac],
    }
    for name, texts in secrets.items():
        if any(len(text) < _SHORT for text in texts):
            yield (
                f"The setting {name.upper()} {settings.sources[name]} has fewer than {_SHORT} characters "
                "and may be guessed."
            )


def _check_db(settings: Settings) -> None:
    """Refuses what can never be a cache, before a command puts its companions beside it."""
    try:
        mode = settings.db.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        why = f"{error.strerror}"
    else:
        if stat.S_ISREG(mode):
            return
        why = "it is a directory" if stat.S_ISDIR(mode) else "it is not a regular file"
    source = settings.sources.get("db", "(by default)")
    raise FixSetting(
        f"The setting DB {source} names {str(settings.db)!r}: {why}.",
        f"Set {ENV_PREFIX}DB or --db to the path of a file, there or still to be made.",
    )


def _check_pairs(settings: Settings) -> None:
    for one, other in (("api_username", "api_password"), ("tls_cert", "tls_key")):
        for name, partner in ((one, other), (other, one)):
            if getattr(settings, name) is not None and getattr(settings, partner) is None:
                raise FixSetting(
                    f"The setting {name.upper()} {settings.sources[name]} needs {partner.upper()} as well.",
                    f"Set {BY_NAME[partner].variable}, or {partner} in the settings file.",
                )
    if settings.tls_client_ca is not None and settings.tls_cert is None:
        raise FixSetting(
            f"The setting TLS_CLIENT_CA {settings.sources['tls_client_ca']} needs TLS_CERT as well.",
            "Without it the listener speaks no TLS, and asks nobody for a certificate.",
        )
    if settings.api_insecure and settings.api_ca is not None:
        raise FixSetting(
            f"API_INSECURE {settings.sources['api_insecure']} turns off what API_CA "
            f"{settings.sources['api_ca']} is for.",
            "Keep one of the two, best API_CA.",
        )
