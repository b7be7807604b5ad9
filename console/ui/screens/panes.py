"""Which panes and lines of the main screen there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.geometry import Size

    from console.ui.screens.main import MainScreen

WIDE: Final = 120
"""Columns from which the detail stands beside the list."""
SMALLEST: Final = (60, 15)
ROOMY: Final = 20
"""Rows from which there is room for two lines about the row under the cursor."""


def is_small(size: Size) -> bool:
    """Whether there is no room for anything but the line that says so."""
    return size.width < SMALLEST[0] or size.height < SMALLEST[1]


def arrange(screen: MainScreen) -> None:
    """Decides which panes are seen, from the size, the focused pane and the zoom."""
    (width, height), small = screen.size, screen.small
    for part in (*screen.bars.values(), screen.query_one("#body")):  # not Textual's own: tooltip and toasts
        part.display = (part is screen.bars["small"]) == small
    only = screen.zoomed or width < WIDE
    screen.set_class(only, "alone")
    screen.query_one("#left").display = screen.pane == "list" or not only
    beside = screen.pane == "detail" or not only
    screen.query_one("#right").display = beside
    screen.bars["summary"].display = not small and not beside and height >= ROOMY
