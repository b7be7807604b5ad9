"""Why a command cannot work now: the footer dims it, and its key answers with this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ui.acts.asking import RETRIED, hindrance
from console.ui.commands import shown_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.ui.screens.main import MainScreen

_NEEDS_ROW = frozenset({"download", "retry", "copy", "mark", "mark_range", "open", "raw"})


def why_not(screen: MainScreen, name: str) -> str | None:
    """The reason in a sentence; None if the command can work."""
    media, marks = screen.current, screen.marks
    if name in _NEEDS_ROW and media is None and not (marks and name in ("download", "retry")):
        return "There is no row here: the list is empty."
    if name == "download_all" and not screen.list.page.total:
        return "The list shows nothing to ask for."
    if media is not None and not marks:
        if name == "download" and (reason := hindrance(media)) is not None:
            return _SENTENCES[reason]
        if name == "retry" and media.state not in RETRIED:
            return _not_failed(media.state.value)
    if name == "listener":
        return _listener(screen)
    return None


def unseen(screen: MainScreen, name: str) -> str | None:
    """What to answer where a command would act on a row that the operator has not seen; None if seen."""
    if screen.opened.key is not None:
        fresh = screen.opened.seen or name == "download_all"
    else:
        old = screen.list.page.selection != screen.selection()
        fresh = not old and screen.list.seen and (bool(screen.marks) or not screen.list.slipped)
    return (
        None if fresh else f"The list has just changed: press {shown_key(screen.setup.keys[name][0])} again."
    )


def dimmed(screen: MainScreen, names: Sequence[str]) -> frozenset[str]:
    """Those of the commands that cannot work now."""
    return frozenset(name for name in names if why_not(screen, name) is not None)


_SENTENCES = {
    "already asked for": "It is asked for already: the answer comes by webhook.",
    "without an id": "It came without an id, so nothing can be asked: ask the sender to send it again.",
    "with an id that fits no request": "Its id fits no request path: ask the sender to send it again.",
}


def _not_failed(state: str) -> str:
    if state in ("queued", "requested"):
        return "It is asked for already: the answer comes by webhook."
    return f"Nothing to retry: it is {state}, not failed. d asks for it."


def _listener(screen: MainScreen) -> str | None:
    holder = screen.setup.host.viewer_of()
    if holder is not None:
        return f"This console only views: the service runs in {holder}."
    standing = screen.setup.host.standing()
    if standing is None:
        return "No service runs in this console."
    return f"The listener is bound to {standing.listener} already." if standing.listener else None
