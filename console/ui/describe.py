"""The detail of one media: every field, the error explained, the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain import errors, retention
from console.domain.display import Shown
from console.domain.media import DEFAULT_ACCOUNT, OPEN_STATES, Media, Origin, State, StoreError
from console.domain.naming import number
from console.ui import chronicle, moments
from console.ui.paint import EMPTY, Line, Piece, cut, line, piece, wrap
from console.ui.rows import Look, sender, size_text, title
from console.ui.theme import STATE_INKS, Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.facts import Fact

_LABEL = 12

_STATE_SAYS = {
    State.RECEIVED: "announced; the client should hold the file, nothing was asked",
    State.UNDOWNLOADED: "the client does not hold the file: d asks it to download it",
    State.QUEUED: "ordered, not called yet",
    State.REQUESTED: "asked, waiting for the callback",
    State.DOWNLOADED: "the client holds the file",
    State.FAILED: "the request failed: r asks again",
    State.UNCONFIRMED: "asked, but no callback came in time: outcome unknown, r asks again",
}
_ORIGINS = {
    Origin.RESPONSE: "in the HTTP answer",
    Origin.WEBHOOK: "in the webhook",
    Origin.NETWORK: "from the network",
}


def detail(media: Media, history: Sequence[Fact], look: Look) -> list[Line]:
    """All lines of the detail pane, wrapped to `look.width`."""
    name, _ = title(media)
    lines: list[Line] = [(Piece(part, Ink.STRONG),) for part in wrap(name, look.width)]
    lines += [EMPTY, *_state(media, look), EMPTY, *_due(media, look)]  # where most media have the same lines
    if media.error is not None:
        lines += [EMPTY, *_error(media.error, look.width)]
    lines += [EMPTY, *_fields(media, look), EMPTY]
    newest = f"   the newest {len(history)}; show prints all" if len(history) == chronicle.MOST_FACTS else ""
    lines.append((piece("HISTORY", Ink.TITLE), piece(newest, Ink.DIM)))
    for fact in history:
        lines += _fact(fact, look)
    if not history:
        lines.append((piece("nothing yet", Ink.DIM),))
    return lines


def summary(media: Media, look: Look) -> list[Line]:
    """The same in two lines, for under the list where there is no room beside it."""
    name, _ = title(media)
    first = line(
        " ",
        piece(name, Ink.STRONG),
        piece(f"  {media.mime_type or media.type.value}  from ", Ink.DIM),
        piece(sender(media)),
        piece("  sent ", Ink.DIM),
        piece(moments.full(media.clock_from)[:16] + "Z"),
    )
    if media.error is not None:
        explained = errors.explain(media.error)
        told = piece(f"{media.error.code} {explained.title}: {explained.remedy}", STATE_INKS[media.state])
    else:
        told = piece(_state_text(media, look), STATE_INKS[media.state])
    return [cut(part, look.width, ascii=look.glyphs.ascii) for part in (first, line(" ", told))]


def _labelled(label: str, text: str, width: int, ink: Ink = Ink.PLAIN) -> list[Line]:
    """A label and its text, wrapped beside it."""
    lines: list[Line] = []
    for index, part in enumerate(wrap(text, width - _LABEL)):
        head = label if index == 0 else ""
        lines.append((Piece(Shown(f"{head:<{_LABEL}}"), Ink.DIM), Piece(part, ink)))
    return lines


def _state_text(media: Media, look: Look) -> str:
    told = _STATE_SAYS[media.state]
    if media.progress is not None and media.state in OPEN_STATES:
        told = f"{told}, {retention.age_text(look.now - media.progress.at)} ago"
    if media.id is None:
        return f"{told} (it came without an id, so nothing can be asked: ask the sender to send it again)"
    if not media.retrievable:
        return f"{told} (its id cannot be put into a request path)"
    return told


def _state(media: Media, look: Look) -> list[Line]:
    word = f"{look.glyphs.states[media.state]} {media.state.value}"
    lines = _labelled("State", word, look.width, STATE_INKS[media.state])
    lines += _labelled("", _state_text(media, look), look.width)
    if media.progress is not None and media.progress.attempt:
        tried = f"attempt {media.progress.attempt}"
        if media.progress.try_number:
            tried += f", call {media.progress.try_number}"
        if media.next_try_at is not None:
            tried += f", next not before {moments.full(media.next_try_at)}"
        lines += _labelled("Tried", tried, look.width)
    return lines


def _error(error: StoreError, width: int) -> list[Line]:
    explained = errors.explain(error)
    lines = _labelled("Error", f"{error.code} {explained.title}", width, Ink.BAD)
    lines += _labelled("Meaning", explained.meaning, width)
    lines += _labelled("Do", explained.remedy, width, Ink.STRONG)
    lines += _labelled("Title", f"{error.title} ({_ORIGINS[error.origin]})", width, Ink.DIM)
    if error.details:
        lines += _labelled("Details", error.details, width, Ink.DIM)
    return lines


def _due(media: Media, look: Look) -> list[Line]:
    deadline = retention.expires_at(media, look.window_ms)
    mark = retention.urgency_mark(media, look.window_ms, look.now)
    left = retention.due_text(media, look.window_ms, look.now)
    window = retention.duration_text(look.window_ms)
    counted = "receipt (no usable message time)" if media.sent_at is None else "sent"
    if media.sent_at is not None and media.sent_at_assumed:
        counted = "receipt (the message time is later)"
    if media.state is State.DOWNLOADED:
        told, after = "kept: the client holds the file", ""
    elif retention.lapsed(media, look.window_ms, look.now):
        told, after = (
            f"{left}: lapsed",
            "it may still work: WhatsApp then asks the sender's device, no promise",
        )
    else:
        told, after = f"{mark.value} {left} left".strip(), "after that it may still work, no promise"
    ink = Ink.BAD if mark.value == "!!" else Ink.WARN if mark.value else Ink.PLAIN
    lines = _labelled("Due", told, look.width, ink)
    lines += _labelled("", f"{moments.full(deadline)} = {counted} + {window}", look.width, Ink.DIM)
    return lines + (_labelled("", after, look.width, Ink.DIM) if after else [])


def _fields(media: Media, look: Look) -> list[Line]:
    kind = media.type.value + (f"   {media.mime_type}" if media.mime_type else "")
    told = [("Type", kind), ("Size", size_text(media.size) if media.size is not None else "")]
    who = sender(media)
    told.append(
        (
            "From",
            f"{number(media.sender)}   {media.sender_name}" if media.sender_name and media.sender else who,
        )
    )
    told.append(("Sent", _sent(media, look)))
    told += [
        ("Caption", media.caption or ""),
        ("File name", media.filename or ""),
        ("Media id", media.id or "(none)"),
        ("Message id", media.message_id or ""),
        ("sha256", media.sha256 or ""),
        ("Account", "" if media.account == DEFAULT_ACCOUNT else media.account),
        ("Conflict", "two webhooks disagree on type, MIME type, hash or size" if media.conflict else ""),
    ]
    return [part for label, text in told if text for part in _labelled(label, text, look.width)]


def _sent(media: Media, look: Look) -> str:
    if media.sent_at is None:
        return f"(no usable time)   heard {moments.full(media.clock_from)}"
    told = moments.full(media.sent_at)
    if media.sent_at_assumed:
        return f"{told}, later than its receipt: a clock is wrong   heard {moments.full(media.clock_from)}"
    if not look.absolute:
        told += f", {retention.age_text(look.now - media.sent_at)} ago"
    if media.heard_at is not None and media.heard_at - media.sent_at >= 60_000:
        told += f"; heard {retention.age_text(media.heard_at - media.sent_at)} later"
    return told


def _fact(fact: Fact, look: Look) -> list[Line]:
    """One line of history, and what it said below it."""
    when = moments.stamp(fact.at, look.now, absolute=look.absolute)
    width = 16 if look.absolute else 9
    told, ink, more = chronicle.tell(fact)
    lines: list[Line] = []
    for index, part in enumerate(wrap(told, look.width - width - 1)):
        head = when if index == 0 else ""
        lines.append((Piece(Shown(f"{head:<{width}} "), Ink.DIM), Piece(part, ink)))
    indent = Piece(Shown(" " * (width + 1)))
    below = wrap(more, look.width - width - 1) if more else []
    return [*lines, *((indent, Piece(part, Ink.DIM)) for part in below)]
