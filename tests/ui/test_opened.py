"""The media whose detail has the keys."""

from __future__ import annotations

from console.ui.opened import Opened
from tests.ui.samples import media


def test_a_detail_counts_as_seen_once_it_was_painted() -> None:
    made = media()
    opened = Opened(made.key, made)
    told = [opened.seen]
    opened.was_painted()
    assert [*told, opened.seen] == [False, True]
    assert Opened(made.key, made, seen=True).seen
    assert Opened().key is None
