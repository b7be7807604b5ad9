"""A cache full of hostile media for the screen, and one of the same shape with clean text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.world import fill
from tests.faults.hostile import SENT, announcing, encoded, item, message, resulting, whole
from tests.faults.hostile_texts import HOSTILE_IDS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MEDIA = 38
"""Rows of a scene: all fit on the screen."""
SHOWN = 9
"""Media whose details hold every text together."""

_FIELDS = 9
_TEXTS = tuple(TEXTS.values())


def clean(text: str) -> str:
    """Harmless text as long as another, within what is kept of it."""
    return ("plain words " * 400)[: min(len(text), 4096)] or "x"


def hostile_scene(db: Path) -> None:
    """Writes the hostile media."""
    _write(db, _TEXTS, HOSTILE_IDS)


def clean_scene(db: Path) -> None:
    """Writes media of the same shape."""
    _write(db, tuple(map(clean, _TEXTS)), tuple(f"id-{number}" for number, _ in enumerate(HOSTILE_IDS)))


def _write(db: Path, texts: Sequence[str], ids: Sequence[str]) -> None:
    bodies = []
    for number in range(MEDIA):
        told = [texts[(_FIELDS * number + field) % len(texts)] for field in range(_FIELDS)]
        bodies += _story(number, ids[number], told)
    trouble = [{"code": n, "title": text, "details": text} for n, text in enumerate(texts[:15], 2000)]
    fill(db, *bodies, encoded({"errors": trouble}))


def _story(number: int, ident: str, told: Sequence[str]) -> list[bytes]:
    """An announcement with texts in every place, for half of them without a file name; then a failure."""
    name, filename, caption, mime, digest, mid, title, details, code = told
    image = {"caption": caption, "mime_type": mime, "sha256": digest}
    if number % 2 == 0:
        image["filename"] = filename
    sender = whole(f"{number} {name}")[:256]
    more = {"from": sender, "image": image, "timestamp": str(SENT), "id": f"{number} {mid}"}
    contact = {"wa_id": sender, "profile": {"name": name}}
    bodies = [announcing(message(ident, **more), contacts=[contact])]
    if number % 3:
        error = {"code": code, "title": title, "details": details}
        bodies.append(resulting(item(ident, errors=[error])))
    return bodies
