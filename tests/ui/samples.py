"""Single media for tests that need no cache."""

from __future__ import annotations

from console.domain import ledger
from console.domain.facts import Fact, MediaAnnounced
from console.domain.media import Media, MediaId, MediaKey, MediaType, Millis, StoreError
from console.domain.retention import DEFAULT_WINDOW_MS
from console.ui.glyphs import UNICODE, Glyphs
from console.ui.rows import Look
from tests.ui import scene


def announced(
    *,
    kind: MediaType = MediaType.IMAGE,
    age: int = scene.HOUR,
    sender: str | None = "15550100111",
    sender_name: str | None = None,
    filename: str | None = None,
    caption: str | None = None,
    size: int | None = None,
    undownloaded: bool = False,
    error: StoreError | None = None,
) -> MediaAnnounced:
    """An announcement of the media `m-1`."""
    return MediaAnnounced(
        key=MediaKey("m-1"),
        id=MediaId("m-1"),
        at=Millis(scene.NOW - age),
        sent_at=Millis(scene.NOW - age),
        type=kind,
        sender=sender,
        sender_name=sender_name,
        filename=filename,
        caption=caption,
        size=size,
        undownloaded=undownloaded,
        error=error,
    )


def media(first: MediaAnnounced | None = None, *facts: Fact) -> Media:
    """A media after its announcement and some facts."""
    made = ledger.fold(None, announced() if first is None else first)
    for fact in facts:
        made = ledger.fold(made, fact)
    return made


def of(story: str) -> Media:
    """The first media of the scene with a story, as its facts leave it."""
    number = next(number for number, line in enumerate(scene.LINES) if line.story == story)
    made = ledger.fold(None, scene.announced(number, scene.LINES[number]))
    for fact in scene.steps(number, story):
        made = ledger.fold(made, fact)
    return made


def look(width: int = 79, *, absolute: bool = False, sizes: bool = False, glyphs: Glyphs = UNICODE) -> Look:
    """How things read in tests."""
    return Look(
        width=width,
        glyphs=glyphs,
        window_ms=DEFAULT_WINDOW_MS,
        now=scene.NOW,
        absolute=absolute,
        sizes=sizes,
    )
