"""What every widget needs to draw: the inks of the theme and the signs of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.style import Style

    from console.ui.glyphs import Glyphs
    from console.ui.theme import Ink


class Drawing:
    """Inks and signs, fixed for the life of the app."""

    def __init__(self, inks: Mapping[Ink, Style], glyphs: Glyphs) -> None:
        self.inks = inks
        self.glyphs = glyphs
