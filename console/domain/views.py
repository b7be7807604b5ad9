"""The named views and sort orders, and what a list shows: one description for screen and shell."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from console.domain.filters import EVERYTHING, Filter
from console.domain.media import CLOCKED, NEEDS_DOWNLOAD, OPEN_STATES, State


class View(StrEnum):
    """A saved selection of media. The order here is the order of the number keys."""

    ALL = "all"
    NEEDS_DOWNLOAD = "needs-download"
    REQUESTED = "requested"
    FAILED = "failed"
    DUE_SOON = "due-soon"
    DOWNLOADED = "downloaded"

    @property
    def label(self) -> str:
        """What a person reads on the tab."""
        return self.value.replace("-", " ").capitalize()

    @property
    def states(self) -> frozenset[State]:
        """The states whose media it holds; *due soon* holds of them those near their deadline."""
        return _STATES[self]


_STATES = {
    View.ALL: frozenset(State),
    View.NEEDS_DOWNLOAD: NEEDS_DOWNLOAD,
    View.REQUESTED: OPEN_STATES,
    View.FAILED: frozenset({State.FAILED}),
    View.DUE_SOON: CLOCKED,
    View.DOWNLOADED: frozenset({State.DOWNLOADED}),
}


class Sort(StrEnum):
    """What a list is ordered by. `DUE` is the order of urgency."""

    DUE = "due"
    RECEIVED = "received"
    SENT = "sent"
    SIZE = "size"
    FROM = "from"
    TYPE = "type"
    STATE = "state"


class Selection(Struct, frozen=True, kw_only=True):
    """Which media a list shows and in which order.

    `DUE`, `FROM`, `TYPE` and `STATE` ascend (most urgent first), `RECEIVED` and `SENT` put the
    newest first, `SIZE` the largest; `reverse` turns the order round.
    """

    view: View = View.ALL
    filter: Filter = EVERYTHING
    sort: Sort = Sort.DUE
    reverse: bool = False
