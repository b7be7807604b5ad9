"""The signs that stand beside words, all one cell wide, in a Unicode and in an ASCII set."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from console.domain.media import State


class Glyphs(Struct, frozen=True, kw_only=True):
    """One set of signs."""

    ascii: bool
    states: Mapping[State, str]
    cursor: str = ">"
    mark: str = "*"
    rule: str
    divider: str
    up: str
    down: str
    on: str
    off: str
    dot: str

    @property
    def bad(self) -> str:
        """The sign of a failure."""
        return self.states[State.FAILED]


UNICODE = Glyphs(
    ascii=False,
    states={
        State.RECEIVED: "·",
        State.UNDOWNLOADED: "!",
        State.QUEUED: "…",
        State.REQUESTED: "○",
        State.DOWNLOADED: "✓",
        State.FAILED: "✗",
        State.UNCONFIRMED: "?",
    },
    rule="─",
    divider="│",
    up="↑",
    down="↓",
    on="●",
    off="○",
    dot="·",
)

ASCII = Glyphs(
    ascii=True,
    states={
        State.RECEIVED: ".",
        State.UNDOWNLOADED: "!",
        State.QUEUED: "-",
        State.REQUESTED: "o",
        State.DOWNLOADED: "=",
        State.FAILED: "x",
        State.UNCONFIRMED: "?",
    },
    rule="-",
    divider="|",
    up="^",
    down="v",
    on="*",
    off="o",
    dot="-",
)


def choose(wish: bool | None, environ: Mapping[str, str], encoding: str | None) -> Glyphs:
    """The set for a terminal.

    Args:
        wish: True for ASCII, False for Unicode, None to judge by the terminal.
        environ: the process environment; only `TERM` is looked at.
        encoding: the output's encoding.
    """
    if wish is None:
        wish = environ.get("TERM") == "linux" or (encoding or "").lower().replace("-", "") != "utf8"
    return ASCII if wish else UNICODE
