"""The fixed lines around the list below the header: views, filter, troubles, message, footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from console.cache.windows import Edge
from console.domain.filters import FilterError
from console.domain.standing import Level
from console.domain.views import Selection, View
from console.ui.commands import BY_ID, shown_key
from console.ui.editor import Editor
from console.ui.paint import Line, Piece, cut, justify, line, measure, piece, wrap
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from console.ui.glyphs import Glyphs
    from console.ui.troubles import Event


class Filtering(Struct, frozen=True, kw_only=True):
    """Everything the filter's line says."""

    selection: Selection
    text: str = ""
    on: bool = True
    editor: Editor | None = None
    error: FilterError | None = None
    shown: str = "0"
    """How many rows the selection has; `?` while they are not counted."""
    everything: int = 0
    marks: str = ""
    searching: str = ""
    """What is still looked for, in words."""
    following: bool = False
    new: str = ""
    """Rows that have arrived out of sight, in words."""
    follow_key: str = "F"


_MARGIN = piece(" ")
_WIDE = 120
"""Columns from which there is room to say that the list does not follow."""

_SHORTER = {
    View.NEEDS_DOWNLOAD: "Needs dl",
    View.DUE_SOON: "Due",
    View.DOWNLOADED: "Downl.",
    View.REQUESTED: "Req.",
}
"""In the order in which labels give way where room is short."""


def tabs(
    view: View,
    counts: Mapping[View, int],
    width: int,
    *,
    about: Collection[View] = (),
    old: bool = False,
) -> Line:
    """The views with their counts, the open one in brackets; labels give way until all fit.

    Counts that are `old` are of what was shown before: they are dim. Those of the views in `about` have a
    `~` before them.
    """
    told = {each: f"{'~' if each in about else ''}{count_text(count)}" for each, count in counts.items()}
    inks = {each: Ink.DIM if old else _tab_ink(each, counts.get(each, 0)) for each in View}
    labels = {each: each.label for each in View}
    shorter = [*_SHORTER.items(), *((each, "") for each in reversed(View) if each is not view)]
    for each, label in shorter:
        for before in (" ", ""):
            made = _tabs(view, told, labels, before, inks)
            if measure(made) <= width:
                return made
        labels[each] = label
    return cut(_tabs(view, told, labels, "", inks), width)


def _tabs(
    view: View,
    counts: Mapping[View, str],
    labels: Mapping[View, str],
    before: str,
    inks: Mapping[View, Ink],
) -> Line:
    """With nothing `before` a view, the gaps between them are as narrow as the brackets."""
    parts: list[Piece] = []
    for index, each in enumerate(View, 1):
        label = f" {labels[each]}" if labels[each] else ""
        count = f" {counts[each]}" if each in counts else ""
        text = f"{index}{label}{count}"
        do = f"view_{index}"
        if each is view:
            parts.append(piece(f"[{text}]", Ink.TAB, do))
        else:
            parts.append(piece(f"{before}{text} ", inks[each], do))
    return tuple(parts)


def _tab_ink(view: View, count: int) -> Ink:
    if not count:
        return Ink.DIM
    return {View.FAILED: Ink.BAD, View.DUE_SOON: Ink.WARN}.get(view, Ink.PLAIN)


def count_text(count: int) -> str:
    """A count in at most four or five cells: `1204`, `12.3k`, `1.2M`."""
    if count < 10_000:
        return str(count)
    if count < 999_500:
        return f"{count / 1000:.0f}k"
    return f"{count / 1_000_000:.1f}M"


def new_text(new: int, most: int, end: Edge) -> str:
    """`4 new above`, and `999+ new above` where no more were counted."""
    if not new:
        return ""
    return f"{new if new < most else f'{most - 1}+'} new {'above' if end is Edge.TOP else 'below'}"


def filter_line(state: Filtering, glyphs: Glyphs, width: int) -> list[Line]:
    """The filter, how many rows it leaves, the order, the marks; below it what is wrong with it.

    While something is, the rows are those of the last filter that was right: their number is dim.
    """
    arrow = glyphs.down if state.selection.reverse else glyphs.up
    right = [
        *((piece(f"{state.searching}   ", Ink.BUSY),) if state.searching else ()),
        piece(f"{state.shown} of {state.everything}", Ink.PLAIN if state.error is None else Ink.DIM),
        piece(f"   sort {state.selection.sort.value} {arrow}", Ink.DIM, "sort"),
    ]
    if state.marks:
        right.append(piece(f"   {state.marks}", Ink.KEY, "unmark"))
    if state.following:
        right.append(piece("   follow on", Ink.KEY, "follow"))
    elif state.new:
        off = "follow off " if width >= _WIDE else ""
        right.append(piece(f"   {off}({state.follow_key}): {state.new}", Ink.KEY, "follow"))
    right.append(_MARGIN)
    if state.editor is not None:
        room = width - measure(right) - 4
        left = line(" ", piece("/ ", Ink.KEY), *state.editor.draw(room))
    elif not state.text:
        left = line(" ", piece("/ filter", Ink.DIM, "filter"))
    elif state.on:
        left = line(" ", piece("/ ", Ink.KEY), piece(state.text, Ink.STRONG, "filter"))
    else:
        left = line(
            " ", piece("/ ", Ink.DIM), piece(f"{state.text}  (off, \\ turns it on)", Ink.DIM, "filter_toggle")
        )
    lines = [justify(left, tuple(right), width, ascii=glyphs.ascii)]
    if state.error is not None:
        lines += _wrong(state.error, width, glyphs)
    return lines


def _wrong(error: FilterError, width: int, glyphs: Glyphs) -> list[Line]:
    """Carets under the place, and beside or below them what would be right."""
    carets = error.pointer().rpartition("\n")[2]
    words = f"{error.what} {error.remedy}"
    marks = piece(f"   {carets} ", Ink.BAD)
    if measure((marks,)) + len(words) < width:
        return [(marks, piece(words, Ink.WARN))]
    return [cut((marks,), width), *(line("   ", Piece(part, Ink.WARN)) for part in wrap(words, width - 4))]


def troubles(told: Sequence[tuple[str, str]], width: int, glyphs: Glyphs) -> list[Line]:
    """Each condition that lasts with its remedy, on one line or, where that is too short, on more."""
    lines: list[Line] = []
    for text, remedy in told:
        whole = line(piece(f" {glyphs.bad} {text} ", Ink.BAD), piece(remedy))
        if measure(whole) <= width:
            lines.append(whole)
            continue
        lines += [
            line(piece("   " if row else f" {glyphs.bad} ", Ink.BAD), Piece(part, Ink.BAD))
            for row, part in enumerate(wrap(text, width - 4))
        ]
        lines += [line("   ", Piece(part)) for part in (wrap(remedy, width - 4) if remedy else ())]
    return lines


_LEVEL_INKS = {Level.ERROR: Ink.BAD, Level.WARNING: Ink.WARN, Level.INFO: Ink.PLAIN}


def message(said: Piece | None, event: Event | None, unread: str, glyphs: Glyphs, width: int) -> list[Line]:
    """What was just done, or the newest event; and how many errors wait in `e`.

    What was just done is said to its end, on more lines where one is too short.
    """
    right = line(piece(f"e {unread} ", Ink.KEY, "events")) if unread else ()
    if said is not None:
        if measure((said,)) + measure(right) + 2 <= width:
            return [justify(line(" ", said), right, width)]
        return [line(" ", Piece(part, said.ink)) for part in wrap(said.text, width - 2)]
    if event is None:
        return [justify((), right, width)]
    sign = {Level.ERROR: f"{glyphs.bad} ", Level.WARNING: "! "}.get(event.level, "")
    times = f" ({event.count} times)" if sign and event.count > 1 else ""
    told = piece(f" {sign}{event.text}{times}", _LEVEL_INKS[event.level], "events")
    return [justify((told,), right, width, ascii=glyphs.ascii)]


def footer(
    keys: Mapping[str, tuple[str, ...]], names: Sequence[str], dimmed: frozenset[str], width: int
) -> Line:
    """Keys and what they do, from the left as many as fit; the last one always, at the right."""
    *middle, last = names
    end = _hint(last, keys, dimmed)
    made: list[Piece] = [_MARGIN]
    for name in middle:
        hint = _hint(name, keys, dimmed)
        if measure(made) + measure(hint) + measure(end) + 3 >= width:
            break
        made += [*hint, piece("  ", Ink.DIM)]
    return justify(tuple(made), (*end, _MARGIN), width)


def typing_footer(width: int) -> Line:
    """What the keys do while the filter is typed."""
    told: list[Piece] = [_MARGIN]
    for key, does in (("enter", "keep"), ("esc", "clear"), ("up", "earlier filters")):
        told += [piece(key, Ink.KEY), piece(f" {does}  ")]
    words = line(piece('state: type: from: due:<2d error: id: "two words" -not ', Ink.DIM))
    return justify(tuple(told), words if measure(told) + measure(words) < width else (), width)


def _hint(name: str, keys: Mapping[str, tuple[str, ...]], dimmed: frozenset[str]) -> tuple[Piece, ...]:
    key = shown_key(keys[name][0])
    dim = name in dimmed
    return (
        piece(key, Ink.DIM if dim else Ink.KEY, name),
        piece(f" {BY_ID[name].label}", Ink.DIM if dim else Ink.PLAIN, name),
    )
