"""Every setting described once, as data: flags, variables, file keys and the README follow from it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from console.config.values import Address, Secret
from console.domain.retention import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ENV_PREFIX: Final = "MEDIA_CONSOLE_"

_LONGEST_MS: Final = 3650 * 86_400_000
_TRUTH: Final = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class Setting(NamedTuple):
    """One row of the table. `read` gives the value, or raises ValueError with what would be right."""

    name: str
    read: Callable[[str], object]
    form: str
    default: str
    help: str
    field: str = ""
    secret: bool = False
    toggle: bool = False

    @property
    def attribute(self) -> str:
        """Its name in `Settings`."""
        return self.field or self.name

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return ENV_PREFIX + self.name.upper()

    @property
    def flag(self) -> str | None:
        """Its flag on the command line; a secret has none, because others can read a command line."""
        return None if self.secret or self.name == "keys" else "--" + self.name.replace("_", "-")


def read_path(text: str) -> Path:
    """A path, with `~` for a home folder.

    Raises:
        ValueError: it cannot be one; says what would be right.
    """
    try:
        if text and "\0" not in text:
            return Path(text).expanduser()
    except RuntimeError:
        pass
    raise ValueError("a path on this machine")


def _line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("text of one line that is not empty")
    return text


def _user(text: str) -> str:
    right = "a user name in one line, without a colon, which a login cannot carry"
    if ":" in text or not text.isprintable() or not text.strip():
        raise ValueError(right)
    return text


def _secret(text: str) -> Secret:
    return Secret(_line(text))


def _token(text: str) -> Secret:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("a token in one line, without white space or letters beyond ASCII")
    return Secret(text)


def read_address(text: str) -> Address:
    """An address to listen on.

    Raises:
        ValueError: it is none; says what would be right.
    """
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/@]+)):([0-9]{1,5})", text)
    if match is None or int(match[3]) > 65535:
        raise ValueError("host:port with a port from 0 to 65535, such as 127.0.0.1:8085 or [::1]:8085")
    return Address(match[1] or match[2], int(match[3]))


def _origin(text: str, right: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.port is None or parts.port > 0
    except ValueError:
        sound = False
    if not sound or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError(right)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(right)
    return text.rstrip("/")


def _api_url(text: str) -> str:
    right = "a URL without /v1 and without a user name in it, such as https://whatsapp.example:9090"
    if "@" in text:
        raise ValueError(right)
    return _origin(text, right).removesuffix("/v1").rstrip("/")


def _proxy(text: str) -> Secret:
    return Secret(_origin(text, "the URL of an HTTP proxy, such as http://proxy.example:3128"))


def _duration_ms(text: str) -> int:
    try:
        length = int(parse_duration(text))
    except ValueError:
        length = 0
    if not 1_000 <= length <= _LONGEST_MS:
        raise ValueError("a number and its unit (d, h, m or s), such as 14d or 10m, from 1s to 3650d")
    return length


def _seconds(text: str) -> float:
    return _duration_ms(text) / 1000


def _calls(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= 64:
        raise ValueError("a whole number from 1 to 64")
    return int(text)


def _yes_no(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise ValueError("true or false")
    return _TRUTH[text.lower()]


def _auto_yes_no(text: str) -> bool | None:
    if text.lower() != "auto" and text.lower() not in _TRUTH:
        raise ValueError("true, false or auto")
    return _TRUTH.get(text.lower())


def read_keys(text: str) -> Mapping[str, str]:
    """Keys by command from pairs such as `download=g retry=R`.

    Raises:
        ValueError: some part is no pair; says what would be right.
    """
    pairs = dict(part.partition("=")[::2] for part in text.split())
    if not all(command and key for command, key in pairs.items()):
        raise ValueError("command=key pairs with spaces between them, such as download=g retry=R")
    return pairs


# fmt: off
SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("db", read_path, "path", "media.db in the user's data folder", "The cache, one SQLite file."),
    Setting("listen", read_address, "host:port", "127.0.0.1:8085",
            "Where the webhook listener waits, at the path /webhook; port 0 takes a free one."),
    Setting("tls_cert", read_path, "path", "", "Certificate chain (PEM), for a listener that speaks TLS."),
    Setting("tls_key", read_path, "path", "", "Private key (PEM) of that certificate."),
    Setting("api_url", _api_url, "URL", "", "Where the WhatsApp Business API client answers, without /v1."),
    Setting("api_username", _user, "name", "", "User to log in to the client with."),
    Setting("api_password", _secret, "text", "", "That user's password.", secret=True),
    Setting("api_token", _token, "text", "", "Bearer token to send instead of logging in.", secret=True),
    Setting("api_ca", read_path, "path", "", "Certificate (PEM) to check the client's own one against."),
    Setting("api_insecure", _yes_no, "true or false", "false",
            "Do not check the client's certificate at all.", toggle=True),
    Setting("api_proxy", _proxy, "URL", "",
            "HTTP proxy for calls to the client; variables like HTTP_PROXY are not followed.", secret=True),
    Setting("window", _duration_ms, "duration", "14d", "How long WhatsApp keeps a file after it was sent.",
            field="window_ms"),
    Setting("callback_timeout", _seconds, "duration", "10m",
            "How long a request may wait for its webhook before it counts as unconfirmed."),
    Setting("calls", _calls, "1 to 64", "4", "How many requests to the client may be open at once."),
    Setting("theme", _line, "name", "dark", "Colours of the screen."),
    Setting("ascii", _auto_yes_no, "true, false or auto", "auto",
            "Draw the screen with ASCII alone; auto looks at the locale and at TERM.", toggle=True),
    Setting("mouse", _yes_no, "true or false", "true",
            "Take the mouse; without it the terminal can select text.", toggle=True),
    Setting("keys", read_keys, "command=key …", "",
            "Other keys for commands of the screen; in the file a table [keys] with a line for each."),
)
# fmt: on

BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
