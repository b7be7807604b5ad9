"""Every setting described once, as data: flags, variables, file keys and the README follow from it."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from console.config.group import read_group
from console.config.values import LOG_LEVELS, Address, Secret, Signature
from console.domain.retention import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from console.config.values import Network

ENV_PREFIX: Final = "MEDIA_CONSOLE_"

_T = TypeVar("_T")

_LONGEST_MS: Final = 3650 * 86_400_000
_TRUTH: Final = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


class Setting(NamedTuple):
    """One row of the table. `read` gives the value, or raises ValueError with what would be right.

    A setting with `several` values has them with commas or blanks between them, and as a list in the file.
    """

    name: str
    read: Callable[[str], object]
    form: str
    default: str
    help: str
    field: str = ""
    secret: bool = False
    toggle: bool = False
    several: bool = False

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


def _several(text: str, read: Callable[[str], _T]) -> tuple[_T, ...]:
    """Each of the values; a text without any is given to `read` as it is, to be refused in its words."""
    return tuple(map(read, re.split(r"[,\s]+", text.strip(", \t")))) if text else (read(text),)


def _path_secret(text: str) -> Secret:
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", text) or text in (".", ".."):
        raise ValueError(
            "one or more secrets of letters and digits of ASCII and . _ ~ -, for they stand in a URL"
        )
    return Secret(text)


def _path_secrets(text: str) -> tuple[Secret, ...]:
    return _several(text, _path_secret)


def _tokens(text: str) -> tuple[Secret, ...]:
    return _several(text, _token)


def _login(text: str) -> Secret:
    if ":" not in text.strip(":") or not text.isprintable():
        raise ValueError("one or more user:password, without commas or blanks")
    return Secret(text)


def _logins(text: str) -> tuple[Secret, ...]:
    return _several(text, _login)


def _signature(text: str) -> Signature:
    secret, colon, header = text.rpartition(":")
    if not colon:
        secret, header = text, "X-Hub-Signature-256"
    if not secret or not secret.isprintable() or not re.fullmatch(r"[A-Za-z0-9-]+", header):
        raise ValueError("one or more SECRET:HEADER or SECRET alone, without commas or blanks")
    return Signature(Secret(secret), header)


def _signatures(text: str) -> tuple[Signature, ...]:
    return _several(text, _signature)


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError("addresses or networks such as 10.1.0.0/16 or 2001:db8::/32") from None


def _networks(text: str) -> tuple[Network, ...]:
    return _several(text, _network)


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


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,9})\s?(?:(k)B|(M)B)?", text, re.IGNORECASE | re.ASCII)
    size = int(match[1]) * (1_000 if match[2] else 1_000_000 if match[3] else 1) if match else 0
    if not 1_000 <= size <= 100_000_000:
        raise ValueError("a number of bytes, or one with kB or MB, such as 3MB, from 1kB to 100MB")
    return size


def _level(text: str) -> str:
    if text.lower() not in LOG_LEVELS:
        raise ValueError("error, warning, info or debug")
    return text.lower()


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
    Setting("listen_open", _yes_no, "true or false", "false",
            "Listen beyond this machine although no guard keeps strangers out.", toggle=True),
    Setting("listen_allow", _networks, "networks", "",
            "Take connections from these addresses alone; others are answered 403.", several=True),
    Setting("trusted_proxies", _networks, "networks", "",
            "Proxies whose X-Forwarded-For says who the sender is.", several=True),
    Setting("webhook_secret", _path_secrets, "secrets", "",
            "The webhook path becomes /webhook/SECRET.", secret=True, several=True),
    Setting("webhook_token", _tokens, "tokens", "",
            "Webhooks must bring the header Authorization: Bearer TOKEN.", secret=True, several=True),
    Setting("webhook_basic", _logins, "user:password", "",
            "Webhooks must log in with one of these, by HTTP Basic.", secret=True, several=True),
    Setting("webhook_hmac", _signatures, "SECRET:HEADER", "",
            "Webhooks must bring their body's HMAC-SHA256 in that header, by default X-Hub-Signature-256.",
            secret=True, several=True),
    Setting("body_limit", _size, "size", "3MB", "Largest webhook body; a larger one is answered 413."),
    Setting("tls_cert", read_path, "path", "", "Certificate chain (PEM), for a listener that speaks TLS."),
    Setting("tls_key", read_path, "path", "",
            "Private key (PEM) of that certificate; readable by its owner alone."),
    Setting("tls_client_ca", read_path, "path", "",
            "Take connections only with a certificate that this authority (PEM) has signed."),
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
    Setting("keep_bodies", _duration_ms, "duration", "14d",
            "How long webhook bodies are kept, for replay; what they told of media stays.",
            field="keep_bodies_ms"),
    Setting("callback_timeout", _seconds, "duration", "10m",
            "How long a request may wait for its webhook before it counts as unconfirmed."),
    Setting("calls", _calls, "1 to 64", "4", "How many requests to the client may be open at once."),
    Setting("shared_group", read_group, "group", "",
            "Unix group, by name or number, whose users share the cache; else it is its owner's alone."),
    Setting("log_level", _level, "level", "info",
            "What is worth a line in the log: error, warning, info or debug; each takes in those before."),
    Setting("log_numbers", _yes_no, "true or false", "false",
            "Write phone numbers into the log whole, instead of their last four digits.", toggle=True),
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
