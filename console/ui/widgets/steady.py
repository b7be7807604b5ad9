"""A view of lines that scrolls, whose length changes nothing but its scroll bar."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView


class Steady(ScrollView):
    """A ScrollView for which the screen is not laid out anew whenever it has more or fewer lines.

    It is as large as its place on the screen, so that no other widget has to give way.
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)

    def watch_virtual_size(self, size: Size) -> None:
        """Brings the scroll bar up to date; where it appears or goes, the lines have another width."""
        if self.is_attached:
            self._scroll_update(size)
