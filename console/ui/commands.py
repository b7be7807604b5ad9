"""The table of commands: everything a key can do, named once.

Footer, help, command list and the README's table of keys are drawn from it; the key map of the config
file is checked against it.
"""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from collections.abc import Mapping


class Group(StrEnum):
    """Headings of the help."""

    ACT = "Act"
    MARK = "Mark"
    FIND = "Find"
    MOVE = "Move"
    LOOK = "Look"
    LEAVE = "Leave"


class Command(Struct, frozen=True, kw_only=True):
    """One thing the operator can do.

    `id` is what the key map and the table of actions call it; the screen runs `do_<id>`. `keys` are
    written as people know them (`g`, `?`, `ctrl+p`); `label` is for the footer, `tip` for the help.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    tip: str
    group: Group


COMMANDS: tuple[Command, ...] = (
    Command(
        id="download",
        keys=("d",),
        label="download",
        tip="Ask the client to download the marked media, or the one under the cursor",
        group=Group.ACT,
    ),
    Command(
        id="download_all",
        keys=("D",),
        label="all shown",
        tip="Ask for all media that the list shows; says first how many",
        group=Group.ACT,
    ),
    Command(
        id="retry",
        keys=("r",),
        label="retry",
        tip="Ask again for the marked or current media that failed or got no answer",
        group=Group.ACT,
    ),
    Command(
        id="copy",
        keys=("y",),
        label="copy",
        tip="Copy id, sha256, error, sender or the whole record to the terminal's clipboard",
        group=Group.ACT,
    ),
    Command(
        id="mark",
        keys=("space",),
        label="mark",
        tip="Mark or unmark the row and step down",
        group=Group.MARK,
    ),
    Command(
        id="mark_range",
        keys=("v",),
        label="range",
        tip="Start a range at the cursor; the second time, mark everything in between",
        group=Group.MARK,
    ),
    Command(
        id="mark_all",
        keys=("*",),
        label="mark all",
        tip="Mark all media that the list shows",
        group=Group.MARK,
    ),
    Command(id="unmark", keys=("U",), label="clear marks", tip="Clear all marks", group=Group.MARK),
    Command(
        id="filter",
        keys=("/",),
        label="filter",
        tip="Filter as you type; Enter keeps it, Esc clears it, Up recalls earlier ones",
        group=Group.FIND,
    ),
    Command(
        id="filter_toggle",
        keys=("\\",),
        label="filter on/off",
        tip="Switch the filter off and on again without losing it",
        group=Group.FIND,
    ),
    Command(id="view_1", keys=("1",), label="All", tip="View: everything", group=Group.FIND),
    Command(
        id="view_2",
        keys=("2",),
        label="Needs download",
        tip="View: undownloaded, failed or unconfirmed; this is the work",
        group=Group.FIND,
    ),
    Command(
        id="view_3", keys=("3",), label="Requested", tip="View: asked for, no result yet", group=Group.FIND
    ),
    Command(id="view_4", keys=("4",), label="Failed", tip="View: refused or failed", group=Group.FIND),
    Command(
        id="view_5",
        keys=("5",),
        label="Due soon",
        tip="View: work with under 3 days left, or lapsed less than 3 days ago",
        group=Group.FIND,
    ),
    Command(
        id="view_6", keys=("6",), label="Downloaded", tip="View: the client holds the file", group=Group.FIND
    ),
    Command(id="view_back", keys=("-",), label="previous view", tip="Previous view", group=Group.FIND),
    Command(
        id="sort",
        keys=("s",),
        label="sort",
        tip="Choose what the list is sorted by",
        group=Group.FIND,
    ),
    Command(
        id="sort_reverse",
        keys=("S",),
        label="reverse",
        tip="Turn the order of the list round",
        group=Group.FIND,
    ),
    Command(id="down", keys=("j", "down"), label="down", tip="Next row or line", group=Group.MOVE),
    Command(id="up", keys=("k", "up"), label="up", tip="Previous row or line", group=Group.MOVE),
    Command(id="page_down", keys=("pagedown",), label="page down", tip="A page down", group=Group.MOVE),
    Command(id="page_up", keys=("pageup",), label="page up", tip="A page up", group=Group.MOVE),
    Command(id="top", keys=("g", "home"), label="top", tip="First row", group=Group.MOVE),
    Command(id="bottom", keys=("G", "end"), label="bottom", tip="Last row", group=Group.MOVE),
    Command(
        id="follow",
        keys=("F",),
        label="follow",
        tip="Go to the newest rows and stay there as more arrive, until the cursor is moved; again: off",
        group=Group.MOVE,
    ),
    Command(
        id="open",
        keys=("enter",),
        label="open",
        tip="Open the detail: every field, the error explained, the history",
        group=Group.LOOK,
    ),
    Command(
        id="close",
        keys=("escape",),
        label="back",
        tip="One level per press: close the detail, then clear the filter, then the marks",
        group=Group.LOOK,
    ),
    Command(id="next_pane", keys=("tab",), label="next pane", tip="Next pane", group=Group.LOOK),
    Command(
        id="previous_pane", keys=("shift+tab",), label="previous pane", tip="Previous pane", group=Group.LOOK
    ),
    Command(
        id="zoom",
        keys=("z",),
        label="full size",
        tip="The focused pane in full size, and back",
        group=Group.LOOK,
    ),
    Command(
        id="raw",
        keys=("J",),
        label="raw JSON",
        tip="The webhook bodies that told of this media, as received",
        group=Group.LOOK,
    ),
    Command(
        id="times",
        keys=("t",),
        label="times",
        tip="Relative or absolute times",
        group=Group.LOOK,
    ),
    Command(
        id="events",
        keys=("e",),
        label="events",
        tip="Events and errors, newest first",
        group=Group.LOOK,
    ),
    Command(
        id="palette",
        keys=(":", "ctrl+p"),
        label="more",
        tip="Every command with its key; type to find one",
        group=Group.LOOK,
    ),
    Command(
        id="redraw",
        keys=("ctrl+l",),
        label="redraw",
        tip="Draw the whole screen anew, where something else has written on the terminal",
        group=Group.LOOK,
    ),
    Command(
        id="listener",
        keys=("L",),
        label="retry listener",
        tip="Try at once to bind the webhook listener's port again",
        group=Group.LOOK,
    ),
    Command(
        id="help",
        keys=("?",),
        label="help",
        tip="What every key does; searchable",
        group=Group.LOOK,
    ),
    Command(
        id="quit",
        keys=("q", "ctrl+c"),
        label="quit",
        tip="Back, or quit at the top",
        group=Group.LEAVE,
    ),
    Command(id="quit_now", keys=("Q",), label="quit now", tip="Quit from anywhere", group=Group.LEAVE),
)
"""In the order of the help; within a group the most used first."""

FOOTERS: Mapping[str, tuple[str, ...]] = {
    "list": (
        *("help", "open", "mark", "download", "retry", "filter", "palette"),
        *("events", "download_all", "sort", "follow", "copy", "zoom", "quit"),
    ),
    "detail": ("help", "close", "download", "retry", "raw", "copy", "times", "palette", "events", "quit"),
}
"""What the footer shows while a pane has the keys: from the left as many as fit, the last at the right."""

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

_FORBIDDEN = frozenset("ctrl+" + letter for letter in "abhijmsqz[")
"""Eaten by multiplexers and terminals, or the same byte as another key."""

_SHOWN_NAMES = {
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
}


def key_map(overrides: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The keys of every command, with the operator's own in place of ours.

    Args:
        overrides: command id to keys, several separated by a blank or a comma (`"d"`, `"j down"`).

    Raises:
        FixSetting: an unknown command, a key that no terminal can deliver reliably, or one key for two
            commands.
    """
    keys = {command.id: command.keys for command in COMMANDS}
    for name, wish in overrides.items():
        if name not in keys:
            near = difflib.get_close_matches(name, keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"Commands: {', '.join(keys)}."
            raise FixSetting(f"keys: there is no command {name!r};", hint)
        keys[name] = tuple(key for key in wish.replace(" ", ",").split(",") if key) or (",",)
    taken: dict[str, str] = {}
    for name, own in keys.items():
        for key in own:
            if key.lower() in _FORBIDDEN:
                raise FixSetting(
                    f"keys: {key} for {name!r} does not reach a program in every terminal.",
                    "Choose a plain letter.",
                )
            if key in taken and taken[key] != name:
                raise FixSetting(
                    f"keys: {key} would be both {taken[key]!r} and {name!r}.", "Give one of them another key."
                )
            taken[key] = name
    return keys


def by_key(keys: Mapping[str, tuple[str, ...]]) -> Mapping[str, str]:
    """Turns a key map round: which command a key runs."""
    return {key: name for name, own in keys.items() for key in own}


def shown_key(key: str) -> str:
    """A key as people write it."""
    return _SHOWN_NAMES.get(key, key)
