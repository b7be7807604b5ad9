"""Columns stand where they are in every terminal, whatever it thinks of the text in them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from console.cache.writer import CacheWriter
from console.domain.facts import MediaAnnounced
from console.domain.media import MediaId, MediaKey, MediaType, Millis
from console.domain.reading import Reading
from tests.ui import scene
from tests.ui.terminal import Apart, Selecting, Terminal, Together

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "Kerry Fisher",
    "கவிதா ராமசாமி",
    "हिन्दी दस्तावेज़ की तस्वीर",
    "বাংলা ছবি দেখুন",
    "മലയാളം സന്ദേശം",
    "සිංහල පින්තූරය",
    "မြန်မာ ဓာတ်ပုံ",
    "ភាសាខ្មែរ រូបភាព",
    "👨\u200d👩\u200d👧\u200d👦 at home 👍🏽",
    "🇮🇳 ❤\ufe0f 1\ufe0f\u20e3",
    "日本語の名前が長い",
    "கவிதா" * 60,
    "👨\u200d👩\u200d👧\u200d👦" * 30,
)


@pytest.fixture(scope="module")
def indian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with each name three times, all due at the same minute."""
    db = tmp_path_factory.mktemp("indian") / "console.db"
    asyncio.run(_written(db))
    return db


async def _written(db: Path) -> None:
    writer = await CacheWriter.open(db, now=lambda: scene.NOW)
    for number, name in enumerate(NAMES * 3):
        sent_at = Millis(scene.NOW - 12 * scene.DAY + number)
        announced = MediaAnnounced(
            key=MediaKey(f"m-{number}"),
            id=MediaId(f"m-{number}"),
            at=sent_at,
            sent_at=sent_at,
            type=MediaType.IMAGE,
            sender="15550100111",
            sender_name=name,
            filename=name if number % 2 else None,
            caption=name,
            undownloaded=True,
        )
        await writer.take_webhook(b"{}", sent_at, Reading(facts=(announced,)))
    await writer.write_standing(scene.STANDING)
    await writer.close()


def shifted(terminal: Terminal, due: str) -> list[str]:
    """The lines of the list, and of the detail beside it, that do not keep their columns."""
    screen = terminal.screen
    assert isinstance(screen, Apart)
    lines = [screen.columns_of(row) for row in range(screen.lines)]
    heading = next(line for line in lines if "FILE OR CAPTION" in line)
    end, detail = heading.index("DUE") + 3, heading.find("│")
    rows = [line for line in lines if "needs dl  " in line]
    if len(rows) < screen.lines - 12:
        return ["rows are missing"]
    wrong = [line for line in rows if not line[:end].endswith(due) or line[22:27] != "image"]
    body = lines[3:-4] if detail > 0 else []
    return wrong + [line for line in body if line[detail] != "│" or line.count("│") != 1]


@pytest.mark.parametrize(
    ("kind", "size"), [(Apart, (80, 24)), (Apart, (140, 40)), (Together, (140, 40)), (Selecting, (80, 24))]
)
@pytest.mark.slow
def test_due_and_the_border_stand_where_they_stand_beside_latin_names(
    indian: Path, kind: type[Apart], size: tuple[int, int]
) -> None:
    with Terminal(indian, kind(*size)) as terminal:
        terminal.shows("39 of 39")
        terminal.shows(" quit")
        for key in "jjGkg":
            terminal.answered(key)
            for _ in range(100):
                if not shifted(terminal, "!   2d 00h"):
                    break
                terminal.read()
            assert shifted(terminal, "!   2d 00h") == []
