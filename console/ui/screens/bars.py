"""What each fixed line of the main screen says now."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from console.cache.trouble import RECOVER
from console.domain.display import Shown
from console.ui import describe, header, strips, troubles
from console.ui.acts.reasons import dimmed
from console.ui.commands import FOOTERS, shown_key
from console.ui.follower import MOST_NEW
from console.ui.paint import Line, Piece, piece
from console.ui.rows import heading
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from console.ui.screens.main import MainScreen

    Draw: TypeAlias = Callable[[MainScreen, int], Sequence[Line]]

NO_SERVICE = "No service runs on this cache: nothing is received and no order is carried out."


def _header(screen: MainScreen, width: int) -> Sequence[Line]:
    setup = screen.setup
    live = header.Liveness(account=setup.account, standing=screen.standing, viewer_of=setup.host.viewer_of())
    return [header.header(live, screen.drawing.glyphs, setup.now(), width)]


def _tabs(screen: MainScreen, width: int) -> Sequence[Line]:
    page = screen.list.page
    old = screen.searching and not (page.counted and page.selection == screen.finding.selection)
    return [strips.tabs(screen.finding.view, page.counts, width, about=page.about, old=old)]


def _filter(screen: MainScreen, width: int) -> Sequence[Line]:
    page, finding = screen.list.page, screen.finding
    state = strips.Filtering(
        selection=finding.selection,
        text=finding.text,
        on=finding.on,
        editor=finding.editor,
        error=finding.error,
        shown=page.total_text if page.counted or page.whole else "?",
        everything=page.everything,
        marks=_marked(len(screen.list.marks), screen.list.hidden_marks()),
        searching=_searching(screen),
        following=screen.list.following,
        new=strips.new_text(screen.new, MOST_NEW, screen.list.newest),
        follow_key=shown_key(screen.setup.keys["follow"][0]),
    )
    return strips.filter_line(state, screen.drawing.glyphs, width)


def _searching(screen: MainScreen) -> str:
    if not screen.searching:
        return ""
    return "searching" if screen.list.page.selection == screen.finding.selection else "searching, old rows"


def _marked(marks: int, hidden: int | None) -> str:
    if not marks:
        return ""
    return f"{marks} marked ({hidden} hidden)" if hidden else f"{marks} marked"


def _heading(screen: MainScreen, width: int) -> Sequence[Line]:
    return [heading(screen.look(width - 1)) if screen.list.page.total else ()]


def _detail_head(screen: MainScreen, width: int) -> Sequence[Line]:
    page, opened = screen.list.page, screen.opened.key
    row = screen.list.cursor_row if opened in (None, screen.list.cursor_key) else None
    if row is None and opened is not None:
        row = page.find(opened)
    if row is not None:
        place = f"   {row + 1} of {page.total_text}" if page.total else ""
    else:
        place = "   (no longer in this view)"
    return [(piece("DETAIL", Ink.TITLE if screen.pane == "detail" else Ink.DIM), piece(place, Ink.DIM))]


def _summary(screen: MainScreen, width: int) -> Sequence[Line]:
    if screen.current is None:
        return []
    return [_rule(screen, width), *describe.summary(screen.current, screen.look(width))]


def _troubles(screen: MainScreen, width: int) -> Sequence[Line]:
    told = [(screen.trouble.what, screen.trouble.remedy)] if screen.trouble is not None else []
    host, standing = screen.setup.host, screen.standing
    here = host.standing() is not None
    key = shown_key(screen.setup.keys["listener"][0])
    offers = {"listener": f" {key} tries again."} if here else {}
    for each in troubles.lasting(standing, here=here):
        if each.remedy != RECOVER or all(remedy != RECOVER for _, remedy in told):  # damage is told once
            told.append((each.text, each.remedy + offers.get(each.id, "")))
    if standing is not None and standing.stopped and host.viewer_of() is None:
        told.append((NO_SERVICE, f"{key} starts it." if here else ""))
    return [_rule(screen, width), *strips.troubles(told, width, screen.drawing.glyphs)]


def _message(screen: MainScreen, width: int) -> Sequence[Line]:
    if screen.waiting and screen.said is None:
        return [(piece(" Reading the cache ...", Ink.DIM),)]
    unread = troubles.counted(screen.happened, screen.read_until)
    since = max(screen.read_until, screen.opened_at)  # what is older was told to somebody else
    newest = troubles.newest(screen.happened, since, screen.setup.now())
    return strips.message(screen.said, newest, unread, screen.drawing.glyphs, width)


def _footer(screen: MainScreen, width: int) -> Sequence[Line]:
    if screen.finding.editor is not None:
        return [strips.typing_footer(width)]
    names = FOOTERS[screen.pane]
    return [strips.footer(screen.setup.keys, names, dimmed(screen, names), width)]


def _small(screen: MainScreen, width: int) -> Sequence[Line]:
    return [(piece(" Make the terminal at least 60x15", Ink.WARN),)]


def _rule(screen: MainScreen, width: int) -> Line:
    return (Piece(Shown(screen.drawing.glyphs.rule * width), Ink.DIM),)


DRAWN: Mapping[str, Draw] = {
    "header": _header,
    "tabs": _tabs,
    "filter": _filter,
    "heading": _heading,
    "detailhead": _detail_head,
    "summary": _summary,
    "troubles": _troubles,
    "message": _message,
    "footer": _footer,
    "small": _small,
}
"""By the id of the bar."""
