"""The one gate through which a stranger's text reaches a terminal or a log.

Names, captions, file names, ids, error texts and header values are stored as they were received.
Here they become text that can neither command a terminal nor hide or reorder its neighbours: what
is unsafe or invisible turns into a mark that can be seen. The result carries the type `Shown`.
Passing twice changes nothing.

It guards terminals, not markup: hand `Shown` to widgets as plain text, never as console markup.

Widths are in terminal cells and are those of the screen library, so that columns agree with it.
Its tables are not imported: the interpreter's own Unicode data tells the same but for the few
characters listed here. Terminals disagree about some of them: many give a cell of its own to the
marks beside the letters of Indian scripts, and draw the parts of an emoji sequence side by side.
So text is cut by `widest`, the most that any of them takes.
"""

from __future__ import annotations

import unicodedata
from enum import Enum, auto
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple, NewType

from console.domain.widths import BLANK, HANGUL_VOWELS_AND_FINALS, INVISIBLE, WIDE_SINCE_UNICODE_16, WIDENED

if TYPE_CHECKING:
    from collections.abc import Iterator

Shown = NewType("Shown", str)
"""Text that has passed this gate."""

MOST_COMBINING = 4
"""Combining marks that may follow one another; the rest of such a run becomes one mark."""

MOST_JOINED = 4
"""Emoji that may be joined to a first one; the longest sequences in use join three."""

_ZWJ = "\u200d"
_VS16 = "\ufe0f"


class _Marks(NamedTuple):
    """What stands in for other text; each is one cell wide."""

    unsafe: str
    line_break: str
    cut: str


_UNICODE_MARKS = _Marks(unsafe="\ufffd", line_break="\u21b5", cut="\u2026")
_ASCII_MARKS = _Marks(unsafe="?", line_break="|", cut="~")
_TO_ASCII_MARKS = {
    **dict(zip(map(ord, _UNICODE_MARKS), _ASCII_MARKS, strict=True)),
    **dict.fromkeys((*range(0x2400, 0x2420), 0x2421), _ASCII_MARKS.unsafe),
}


class _Kind(Enum):
    PLAIN = auto()
    COMBINING = auto()
    EMOJI = auto()
    SKIN_TONE = auto()
    JOINER = auto()
    VARIATION = auto()
    LINE_BREAK = auto()
    UNSAFE = auto()


def line(text: str | None, limit: int = 200, *, ascii: bool = False) -> Shown:
    """The text on one line, at most `limit` characters long; line breaks become a visible mark.

    With `ascii` the marks are plain ASCII; letters stay as they are.
    """
    marks = _ASCII_MARKS if ascii else _UNICODE_MARKS
    return Shown(_clean(text or "", limit, marks, keep_newlines=False))


def block(text: str | None, limit: int = 4096, *, ascii: bool = False) -> Shown:
    r"""The text with its lines kept (separated by `\n` alone), at most `limit` characters long."""
    marks = _ASCII_MARKS if ascii else _UNICODE_MARKS
    return Shown(_clean(text or "", limit, marks, keep_newlines=True))


def cell(
    text: str | None, width: int, align: Literal["left", "right"] = "left", *, ascii: bool = False
) -> Shown:
    """The text as one line that fills exactly `width` terminal cells: cut with a mark, or padded.

    It is cut where `widest` says that some terminal would draw it over the cell's end.
    """
    if width <= 0:
        return Shown("")
    marks = _ASCII_MARKS if ascii else _UNICODE_MARKS
    shown = _clean(text or "", _LONGEST_CLUSTER * width, marks, keep_newlines=False)
    if widest(shown) > width:
        shown = head(shown, width - 1) + marks.cut
    padding = " " * (width - _measure(shown))
    return Shown(padding + shown if align == "right" else shown + padding)


def width(text: str) -> int:
    """How many terminal cells a line of text takes once it has passed the gate."""
    return _measure(text)


def widest(text: str) -> int:
    """The most cells that a terminal takes for it: one that counts every character by itself."""
    return len(text) if text.isascii() else sum(map(_most_cells, text))


def fills(text: str) -> bool:
    """Whether every terminal draws each of its characters by itself, and none in less than a cell."""
    return text.isascii() or all(map(_fills, text))


def head(text: str, most: int) -> str:
    """The longest beginning that no terminal draws wider than `most` cells; splits no cluster."""
    if text.isascii():
        return text[: max(most, 0)]
    end = 0
    for cluster in _clusters(text):
        most -= widest(cluster)
        if most < 0:
            break
        end += len(cluster)
    return text[:end]


def first_cluster(text: str) -> str:
    """What a terminal draws as the first letter: a base with its marks, or an emoji sequence."""
    return next(_clusters(text), "")


def with_room(text: Shown, limit: int | None = None) -> Shown:
    """The text, followed by blanks until its width is its `widest`, or `limit` if that is less."""
    if text.isascii():
        return text
    wanted = widest(text.rstrip(" "))
    spare = (wanted if limit is None else min(wanted, limit)) - _measure(text)
    return Shown(text + " " * spare) if spare > 0 else text


def ascii_marks(text: Shown) -> Shown:
    """The text with the marks of this gate, and whatever looks like them, as plain ASCII ones."""
    return text if text.isascii() else Shown(text.translate(_TO_ASCII_MARKS))


def _clean(text: str, limit: int, marks: _Marks, *, keep_newlines: bool) -> str:
    if text.isascii() and text.isprintable():
        return text if len(text) <= limit else text[: max(limit - 1, 0)] + marks.cut[:limit]
    clean = _clean_short if len(text) <= _SHORT else _clean_any
    return clean(text, limit, marks, keep_newlines=keep_newlines)


def _clean_any(text: str, limit: int, marks: _Marks, *, keep_newlines: bool) -> str:
    most = _MOST_READ * (limit + 1)
    pieces = _safe_pieces(text[:most], marks, keep_newlines=keep_newlines)
    taken = "".join(islice(pieces, limit + 1))
    whole = len(taken) <= limit and len(text) <= most
    return taken if whole else _cut_to_length(taken, limit, marks.cut)


_clean_short = lru_cache(maxsize=2048)(_clean_any)
"""A screen draws the same names again and again."""


def _cut_to_length(text: str, limit: int, cut: str) -> str:
    kept: list[str] = []
    room = limit - len(cut)
    for cluster in _clusters(text):
        room -= len(cluster)
        if room < 0:
            break
        kept.append(cluster)
    return "".join(kept) + cut[: max(limit, 0)]


def _safe_pieces(text: str, marks: _Marks, *, keep_newlines: bool) -> Iterator[str]:
    """The text character by character, each unsafe one replaced.

    `before` is what the present character would attach to; at the start of a line that is
    nothing, so that a combining mark cannot climb onto what was printed in front of it.
    """
    before: _Kind | None = None
    combining = joined = 0
    joining = toned = False
    for index, char in enumerate(text):
        kind = _kind(char)
        following = text[index + 1 : index + 2]
        if kind is _Kind.COMBINING and before is not None:
            combining += 1
            if combining <= MOST_COMBINING:
                yield char
            elif combining == MOST_COMBINING + 1:
                yield marks.unsafe
            before = _Kind.PLAIN
            continue
        combining = 0
        if kind is _Kind.LINE_BREAK:
            if char == "\r" and following == "\n":
                continue
            kept = keep_newlines and char == "\n"
            yield "\n" if kept else marks.line_break
            before = None if kept else _Kind.PLAIN
        elif kind is _Kind.PLAIN:
            yield char
            before = kind
        elif kind is _Kind.EMOJI:
            yield char
            if not joining:
                joined = 0
            joining = toned = False
            before = kind
        elif kind is _Kind.SKIN_TONE and before is _Kind.EMOJI and not toned:
            yield char
            toned = True
        elif kind is _Kind.VARIATION and _takes_variation(text[index - 1 : index]):
            yield char
        elif (
            kind is _Kind.JOINER
            and before is _Kind.EMOJI
            and joined < MOST_JOINED
            and following
            and _kind(following) is _Kind.EMOJI
        ):
            yield char
            joined += 1
            joining = True
        else:
            yield _stand_in(char, marks)
            before = _Kind.PLAIN


def _takes_variation(before: str) -> bool:
    return bool(before) and (before in WIDENED or _kind(before) is _Kind.EMOJI)


def _stand_in(char: str, marks: _Marks) -> str:
    """The mark for one unsafe character: C0 controls and DEL have pictures of their own."""
    if marks is _UNICODE_MARKS and char < " ":
        return chr(0x2400 + ord(char))
    if marks is _UNICODE_MARKS and char == "\x7f":
        return "\u2421"
    return marks.unsafe


def _clusters(text: str) -> Iterator[str]:
    """What a terminal draws as one: a base with its combining marks, an emoji sequence, a flag."""
    start = 0
    for index in range(1, len(text)):
        char = text[index]
        if _cells(char) == 0 or text[index - 1] == _ZWJ:
            continue
        if _is_regional(char) and index - start == 1 and _is_regional(text[start]):
            continue
        yield text[start:index]
        start = index
    if text:
        yield text[start:]


def _measure(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(map(_cluster_cells, _clusters(text)))


def _cluster_cells(cluster: str) -> int:
    first = cluster[0]
    if len(cluster) == 1:
        return _cells(first)
    if _is_regional(first):
        return 2 if _is_regional(cluster[1]) else 1
    return 2 if _VS16 in cluster and first in WIDENED else _cells(first)


@lru_cache(maxsize=4096)
def _cells(char: str) -> int:
    """The cells of one character by itself; an unsafe one counts as its mark."""
    kind = _kind(char)
    if kind in _ZERO_WIDTH:
        return 0
    if kind in (_Kind.UNSAFE, _Kind.LINE_BREAK):
        return 1
    unassigned = unicodedata.category(char) == "Cn"
    wide = unassigned or unicodedata.east_asian_width(char) in "WF" or char in WIDE_SINCE_UNICODE_16
    return 2 if wide else 1


@lru_cache(maxsize=4096)
def _most_cells(char: str) -> int:
    """What a terminal may take for a character that `_cells` counts together with its neighbours."""
    if _is_regional(char) or _kind(char) is _Kind.SKIN_TONE:
        return 2
    if char == _VS16 or unicodedata.category(char) == "Mc":
        return 1
    return _cells(char)


@lru_cache(maxsize=4096)
def _fills(char: str) -> bool:
    return _kind(char) is _Kind.PLAIN and _cells(char) == 1 and not _is_regional(char)


_ZERO_WIDTH = (_Kind.COMBINING, _Kind.SKIN_TONE, _Kind.JOINER, _Kind.VARIATION)


@lru_cache(maxsize=4096)
def _kind(char: str) -> _Kind:
    if char in "\n\r\x85\u2028\u2029":
        return _Kind.LINE_BREAK
    if char == _ZWJ:
        return _Kind.JOINER
    if char == _VS16:
        return _Kind.VARIATION
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return _Kind.SKIN_TONE
    category = unicodedata.category(char)
    if category == "Cn":
        # An interpreter older than the emoji that people send knows it only as unassigned.
        return _Kind.EMOJI if "\U0001f300" <= char <= "\U0001faff" else _Kind.UNSAFE
    if category[0] == "C" or category in ("Zl", "Zp") or char in INVISIBLE or char == BLANK:
        return _Kind.UNSAFE
    if category[0] == "M" or char in HANGUL_VOWELS_AND_FINALS:
        return _Kind.COMBINING
    return _Kind.EMOJI if _is_emoji(char) else _Kind.PLAIN


def _is_emoji(char: str) -> bool:
    """Whether a joiner may stand beside it."""
    if "\U0001f000" <= char <= "\U0001faff":
        return not _is_regional(char)
    if "\u2300" <= char <= "\u2bff" and unicodedata.east_asian_width(char) == "W":
        return True
    return char > "\xff" and char in WIDENED


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


_LONGEST_CLUSTER = (1 + MOST_JOINED) * 4 + MOST_COMBINING
"""Characters that may share a cell: emoji, skin tone, variation selector and joiner, five times."""

_SHORT = 300
"""Characters of a text that is remembered with what it is shown as."""

_MOST_READ = 16
"""Characters that are looked at for each one shown: a million marks on one letter hold up no screen."""
