"""What the simulated API can be told to do, one word a behaviour.

Every word is a case of the wire contract or a fault of the network. A word may carry an argument
in brackets: `429(2)`, `slow(1.5)`, `failed-400(30)`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from console.simulator.dice import Dice


class Kind(StrEnum):
    """The words with what they mean. Where an argument means something, it is named in brackets."""

    meaning: str

    def __new__(cls, word: str, meaning: str) -> Self:
        """A member that is its word."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning = meaning
        return member

    OK = "ok", "Accepted, then the file is stored (seconds until the callback)."
    FAILED_400 = "failed-400", "Accepted, then the documented failure callback (seconds until it)."
    FAILED_500 = (
        "failed-500",
        "Accepted, then a failure callback with the code 500, `Generic error` (seconds until it).",
    )
    FAILED_TEXT = "failed-text", "As `failed-400`, its code as text and without a title (seconds until it)."
    SILENT = "silent", "Accepted; no callback ever comes."
    SLOW = "slow", "Accepted late (seconds until the answer, 2), then stored."
    DUPLICATE = "duplicate", "Accepted; the success callback comes three times."
    CONFLICT = (
        "conflict",
        "Accepted; a failure callback and then a success callback come for the one request.",
    )
    CALLBACK_FIRST = "callback-first", "The success callback is delivered before the answer is given."
    NOISY_STATUS = (
        "noisy-status",
        "Accepted; a callback with another status (the word, `pending`), then the success callback.",
    )
    ODD_STATUS = "odd-status", "Accepted; only a callback with another status (the word, `pending`)."

    REFUSED_PATH = "refused-1006-path", "404, 1006, `URL path not found.`"
    REFUSED_FILE = "refused-1006-file", "404, 1006, `File with id … not found`."
    UNAUTHORIZED = "401", "401, 1005: the token just used is no longer valid."
    FORBIDDEN = "403", "403, 1005: the role is not allowed to."
    EMPTY_404 = "404-empty", "404 without a body."
    TIMEOUT_408 = "408", "408 without a body, as a proxy sends it."
    GONE = "410", "410 without a body."
    NO_WEBHOOK = "412", "412, 1022: no webhook URL is configured."
    TOO_MANY = "429", "429, 1015 (value of `Retry-After`; without one the header is absent)."
    INTERNAL = "500", "500, 1014."
    BAD_GATEWAY = "502-html", "502 with the HTML page of a proxy."
    OVERLOADED = "503", "503, 1016 (value of `Retry-After`; without one the header is absent)."
    GATEWAY_TIMEOUT = "504", "504 with the HTML page of a proxy."

    GARBAGE = "garbage", "200, JSON that ends in the middle."
    HTML_200 = "html-200", "200 with an HTML page, as a captive portal sends it."
    OTHER_ID = "other-id", "200, accepted, but for another media id."
    ERRORS_200 = "errors-200", "200 with `errors` in it."
    HUGE = "huge", "200 with a JSON document of many megabytes (how many, 50)."
    REDIRECT = "redirect", "302 to another path (the location)."
    DROP = "drop", "The connection is reset before an answer."
    HALF = "half", "The connection is reset in the middle of the answer's body."
    HANG = "hang", "No byte of an answer ever comes."
    DRIP = "drip", "One byte of the answer's body a while (seconds between them, 1)."


_WRITTEN = re.compile(r"([a-z0-9-]+)(?:\((.*)\))?", re.DOTALL)
_WORDS = {kind.value: kind for kind in Kind}
_SECONDS = {
    Kind.OK,
    Kind.FAILED_400,
    Kind.FAILED_500,
    Kind.FAILED_TEXT,
    Kind.SLOW,
    Kind.HUGE,
    Kind.DRIP,
}
_TEXT = {Kind.NOISY_STATUS, Kind.ODD_STATUS, Kind.TOO_MANY, Kind.OVERLOADED, Kind.REDIRECT}


class Behaviour(Struct, frozen=True):
    """One word and its argument, if it has one."""

    kind: Kind
    argument: str | None = None

    def __str__(self) -> str:
        return self.kind.value if self.argument is None else f"{self.kind.value}({self.argument})"

    def seconds(self, default: float) -> float:
        """The argument as a number, or the default where there is none."""
        return default if self.argument is None else float(self.argument)


OK = Behaviour(Kind.OK)


def parse_behaviour(written: str) -> Behaviour:
    """Reads `word` or `word(argument)`.

    Raises:
        FixSetting: there is no such word, or its argument makes no sense; says which there are.
    """
    match = _WRITTEN.fullmatch(written.strip())
    words = ", ".join(_WORDS)
    if match is None or match[1] not in _WORDS:
        raise FixSetting(f"There is no behaviour {written!r}.", f"Use one of: {words}.")
    kind, argument = _WORDS[match[1]], match[2]
    if argument is not None and kind not in _SECONDS | _TEXT:
        raise FixSetting(
            f"The behaviour {kind.value!r} takes no argument, got {argument!r}.", "Leave it out."
        )
    if argument is not None and kind in _SECONDS and not _is_number(argument):
        raise FixSetting(f"The behaviour {kind.value!r} takes a number of at least 0, got {argument!r}.")
    return Behaviour(kind, argument)


def parse_behaviours(written: Iterable[str | Kind | Behaviour]) -> tuple[Behaviour, ...]:
    """Reads several; ready-made ones pass through."""
    return tuple(one if isinstance(one, Behaviour) else parse_behaviour(str(one)) for one in written)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) is not None


class Script:
    """The behaviours of one media or one kind of call: each call uses up the next, the last stays."""

    def __init__(self, behaviours: Iterable[Behaviour] = (OK,)) -> None:
        self._rest = list(behaviours) or [OK]

    def next(self) -> Behaviour:
        """The behaviour of the call that comes in now."""
        return self._rest.pop(0) if len(self._rest) > 1 else self._rest[0]

    @property
    def rest(self) -> tuple[Behaviour, ...]:
        """What the coming calls will meet."""
        return tuple(self._rest)


_FAULTS: Mapping[str, float] = {
    "failed-400 ok": 5,
    "failed-400": 4,
    "failed-500 ok": 1,
    "refused-1006-file ok": 3,
    "refused-1006-path": 2,
    "silent ok": 2,
    "slow(4)": 2,
    "404-empty": 1,
    "410": 1,
    "403": 1,
    "401 ok": 1,
    "429(3) ok": 1,
    "503(4) ok": 1,
    "500 500 ok": 1,
    "502-html ok": 1,
    "504 ok": 1,
    "drop ok": 1,
    "half ok": 1,
    "garbage ok": 1,
    "html-200 ok": 1,
    "errors-200": 1,
    "other-id ok": 1,
    "redirect": 1,
    "duplicate": 1,
    "conflict": 1,
    "callback-first": 1,
    "noisy-status": 1,
}


def draw_behaviours(dice: Dice, faults: float) -> tuple[Behaviour, ...]:
    """The behaviours of a media of which nobody said anything: a fault with the chance `faults`."""
    if dice.fraction() >= faults:
        return (OK,)
    return parse_behaviours(dice.pick_weighted(_FAULTS).split(" "))
