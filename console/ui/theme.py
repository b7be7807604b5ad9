"""Colours: which ink a meaning is written in, in each theme.

Colour is decoration. Every meaning has a word or a sign beside it, so that `NO_COLOR` loses nothing.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from rich.style import Style
from textual.theme import Theme

from console.domain.exceptions import FixSetting
from console.domain.media import State

if TYPE_CHECKING:
    from collections.abc import Mapping


class Ink(Enum):
    """What a piece of text means; the theme says how that looks."""

    PLAIN = auto()
    DIM = auto()
    STRONG = auto()
    TITLE = auto()
    KEY = auto()
    BUSY = auto()
    GOOD = auto()
    WARN = auto()
    BAD = auto()
    CURSOR = auto()
    """The line under the cursor while its pane has the focus."""
    CURSOR_AWAY = auto()
    """The same while another pane has it."""
    TAB = auto()
    """The view that is open."""
    MATCH = auto()
    CARET = auto()
    """The cursor of a line that is being typed."""


STATE_INKS = {
    State.RECEIVED: Ink.PLAIN,
    State.UNDOWNLOADED: Ink.WARN,
    State.QUEUED: Ink.BUSY,
    State.REQUESTED: Ink.BUSY,
    State.DOWNLOADED: Ink.GOOD,
    State.FAILED: Ink.BAD,
    State.UNCONFIRMED: Ink.WARN,
}


def _theme(name: str, dark: bool, background: str, foreground: str, accent: str, panel: str) -> Theme:
    return Theme(
        name=f"console-{name}",
        primary=accent,
        accent=accent,
        foreground=foreground,
        background=background,
        surface=background,
        panel=panel,
        dark=dark,
        variables={
            "scrollbar": panel,
            "scrollbar-hover": accent,
            "scrollbar-active": accent,
            "scrollbar-background": background,
            "scrollbar-background-hover": background,
            "scrollbar-background-active": background,
        },
    )


_ANSI = Theme(
    name="console-ansi",
    ansi=True,
    primary="ansi_cyan",
    accent="ansi_cyan",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_white",
        "input-cursor-background": "ansi_bright_white",
        "input-cursor-foreground": "ansi_black",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_cyan",
        "input-selection-foreground": "ansi_black",
        "block-hover-background": "ansi_bright_black",
        "screen-selection-background": "ansi_cyan",
        "screen-selection-foreground": "ansi_black",
        "scrollbar-corner-color": "ansi_default",
        "scrollbar": "ansi_bright_black",
        "scrollbar-hover": "ansi_cyan",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
    },
)

THEMES: Mapping[str, Theme] = {
    "dark": _theme("dark", True, "#14171c", "#d5d9e0", "#7cb7ff", "#3a4150"),
    "light": _theme("light", False, "#fbfbfa", "#22262c", "#0b57b0", "#c3c9d2"),
    "ansi": _ANSI,
    "contrast-dark": _theme("contrast-dark", True, "#000000", "#ffffff", "#56b4e9", "#666666"),
    "contrast-light": _theme("contrast-light", False, "#ffffff", "#000000", "#004a8f", "#888888"),
}
"""By the name that the setting uses. The contrast pair never tells red from green."""


def _inks(**styles: str) -> Mapping[Ink, Style]:
    return {ink: Style.parse(styles.get(ink.name.lower(), "")) for ink in Ink} | {
        Ink.CARET: Style(reverse=True)
    }


_INKS: Mapping[str, Mapping[Ink, Style]] = {
    "dark": _inks(
        dim="#8a93a3", strong="bold #ffffff", title="bold #7cb7ff", key="bold #7cb7ff", busy="#5fd0e0",
        good="#7fd88f", warn="bold #f2c55c", bad="bold #ff7b72", cursor="on #2b3a55",
        cursor_away="on #20262f", tab="bold #14171c on #7cb7ff", match="bold #14171c on #f2c55c",
    ),
    "light": _inks(
        dim="#626b78", strong="bold #000000", title="bold #0b57b0", key="bold #0b57b0", busy="#00697a",
        good="#176b2c", warn="bold #8a5a00", bad="bold #b3261e", cursor="on #cfe2fb",
        cursor_away="on #e8ebef", tab="bold #ffffff on #0b57b0", match="bold #000000 on #ffd866",
    ),
    "ansi": _inks(
        dim="bright_black", strong="bold", title="bold cyan", key="bold cyan", busy="cyan", good="green",
        warn="bold yellow", bad="bold red", cursor="reverse", cursor_away="underline", tab="bold reverse",
        match="bold reverse",
    ),
    "contrast-dark": _inks(
        dim="#c8c8c8", strong="bold #ffffff", title="bold #56b4e9", key="bold #56b4e9", busy="#56b4e9",
        good="#56b4e9", warn="bold #f0e442", bad="bold #ffb000", cursor="#ffffff on #1f4f8f",
        cursor_away="on #303030", tab="bold #000000 on #ffffff", match="bold #000000 on #f0e442",
    ),
    "contrast-light": _inks(
        dim="#444444", strong="bold #000000", title="bold #004a8f", key="bold #004a8f", busy="#004a8f",
        good="#004a8f", warn="bold #7a4a00", bad="bold #a33b00", cursor="#000000 on #bcd8ff",
        cursor_away="on #e4e4e4", tab="bold #ffffff on #000000", match="bold #000000 on #ffd000",
    ),
}  # fmt: skip

_NO_COLOUR = _inks(
    strong="bold", title="bold", key="bold", warn="bold", bad="bold", cursor="reverse",
    cursor_away="underline", tab="bold reverse", match="bold reverse",
)  # fmt: skip


def inks(name: str, *, colour: bool = True) -> Mapping[Ink, Style]:
    """The styles of a theme by meaning; without colour only attributes that every terminal has.

    Raises:
        FixSetting: there is no such theme.
    """
    if name not in _INKS:
        known = ", ".join(THEMES)
        raise FixSetting(f"There is no theme {name!r}.", f"Choose one of: {known}.")
    return _INKS[name] if colour else _NO_COLOUR
