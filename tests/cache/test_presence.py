"""Which media are in a list, which comes first, and how many of its rows are new."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from console.cache.presence import among, comes_first, new_between
from console.cache.reader import CacheReader
from console.cache.windows import Edge, around
from console.cache.writer import CacheWriter
from console.domain.filters import parse
from console.domain.reading import Reading
from console.domain.views import Selection, Sort, View
from tests.cache.samples import NOW, WINDOW, announced, key

if TYPE_CHECKING:
    from pathlib import Path

    from console.cache.windows import Spot

MANY = 40


@pytest.fixture
async def db(tmp_path: Path) -> Path:
    """Media `m00` to `m39`, each sent a second before the one before it; the last five came in later."""
    path = tmp_path / "cache.db"
    writer = await CacheWriter.open(path, now=lambda: NOW)
    facts = tuple(announced(f"m{n:02}", sent_at=NOW - 1000 * n) for n in range(MANY))
    await writer.take_webhook(b"{}", NOW, Reading(facts=facts[:-5]))
    await writer.take_webhook(b"{}", NOW, Reading(facts=facts[-5:]))
    await writer.close()
    return path


def test_those_of_some_media_that_a_list_shows(db: Path) -> None:
    wanted = [key("m01"), key("m02"), key("nobody")]
    with CacheReader(db) as reader:
        assert reader.ask(lambda moment: among(moment, Selection(), WINDOW, NOW, wanted)) == {"m01", "m02"}
        only = Selection(filter=parse("id:m02"))
        assert reader.ask(lambda moment: among(moment, only, WINDOW, NOW, wanted)) == {"m02"}
        failed = Selection(view=View.FAILED)
        assert reader.ask(lambda moment: among(moment, failed, WINDOW, NOW, wanted)) == set()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", Sort)
def test_of_two_places_the_one_above_comes_first(db: Path, sort: Sort, reverse: bool) -> None:
    selection = Selection(sort=sort, reverse=reverse)
    with CacheReader(db) as reader:
        rows = reader.ask(lambda moment: around(moment, selection, WINDOW, NOW, Edge.TOP, 0, MANY)).rows
    assert len(rows) == MANY
    for above, below in pairwise(rows):
        assert comes_first(selection, WINDOW, NOW, above.spot, below.spot)
        assert not comes_first(selection, WINDOW, NOW, below.spot, above.spot)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", Sort)
def test_new_rows_are_counted_on_their_side_of_a_place(db: Path, sort: Sort, reverse: bool) -> None:
    selection = Selection(sort=sort, reverse=reverse)
    with CacheReader(db) as reader:
        rows = reader.ask(lambda moment: around(moment, selection, WINDOW, NOW, Edge.TOP, 0, MANY)).rows
        for index in (0, 1, 20, 37, MANY - 1):
            spot = rows[index].spot
            new = [each.spot.seq > MANY - 5 for each in rows]
            assert counted(reader, selection, None, spot) == sum(new[:index])
            assert counted(reader, selection, spot, None) == sum(new[index:])


def counted(reader: CacheReader, selection: Selection, first: Spot | None, end: Spot | None) -> int:
    """How many of the rows between two places were among the last five to come in."""
    return reader.ask(
        lambda moment: new_between(moment, selection, WINDOW, NOW, first, end, after=MANY - 5, limit=100)
    )


def test_no_more_are_counted_than_asked_for(db: Path) -> None:
    with CacheReader(db) as reader:
        found = reader.ask(
            lambda moment: new_between(moment, Selection(), WINDOW, NOW, None, None, after=0, limit=7)
        )
    assert found == 7
