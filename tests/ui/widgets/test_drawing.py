"""What every widget draws with."""

from __future__ import annotations

from console.ui.glyphs import ASCII
from console.ui.theme import inks
from console.ui.widgets.drawing import Drawing


def test_inks_and_signs_are_kept() -> None:
    drawing = Drawing(inks("light"), ASCII)
    assert drawing.inks is inks("light")
    assert drawing.glyphs is ASCII
