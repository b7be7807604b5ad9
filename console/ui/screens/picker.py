"""A list to choose one thing from: orders, what to copy, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from console.domain.display import cell
from console.ui.editor import Editor
from console.ui.paint import Line, cut, line, piece
from console.ui.screens.sheet import Sheet
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from console.ui.widgets.drawing import Drawing


class Choice(NamedTuple):
    """One line: its name (the result), what it means, and the key that chooses it at once."""

    name: str
    tip: str
    key: str = ""
    title: str = ""
    """What is shown for the name, where that is not for people."""

    @property
    def shown(self) -> str:
        """What people read."""
        return self.title or self.name


class Picker(Sheet[str | None]):
    """Gives the name of the chosen line, or None.

    With `typing` every letter narrows the list; without it the keys of the lines choose at once.
    """

    def __init__(
        self, drawing: Drawing, title: str, choices: Sequence[Choice], *, at: str = "", typing: bool = False
    ) -> None:
        super().__init__(drawing, title, keys="enter choose  up down move")
        self._choices = choices
        self._typing = typing
        self._row = next((row for row, choice in enumerate(choices) if choice.name == at), 0)
        if typing:
            self.search = Editor()
        else:
            self.add_class("fitting")

    @property
    def found(self) -> list[Choice]:
        """The lines that match what was typed: those whose name matches before those whose tip does."""
        words = self.query_text.casefold().split()
        in_name = [each for each in self._choices if all(word in each.shown.casefold() for word in words)]
        in_tip = [
            each
            for each in self._choices
            if each not in in_name and all(word in f"{each.shown} {each.tip} ".casefold() for word in words)
        ]
        return in_name + in_tip

    def lines(self, width: int, query: str) -> list[Line]:
        wide = max((len(choice.shown) for choice in self._choices), default=0) + 2
        keys = max((len(choice.key) for choice in self._choices), default=0) + 2
        lines = [
            cut(
                line(
                    piece(cell(f" {choice.key}", keys), Ink.KEY),
                    piece(cell(choice.shown, wide), Ink.STRONG),
                    piece(choice.tip, Ink.DIM),
                ),
                width,
            )
            for choice in self.found
        ]
        return lines or [line(piece(" nothing matches", Ink.DIM))]

    def redraw(self) -> None:
        super().redraw()
        self._row = max(0, min(self._row, len(self.found) - 1))
        self.view.put_cursor(self._row if self.found else None)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.redraw)

    def type(self, event: events.Key) -> None:
        if event.key in ("up", "down", "pageup", "pagedown"):
            page = self.view.page
            self.step({"up": -1, "down": 1, "pageup": -page, "pagedown": page}[event.key])
        elif event.key == "enter":
            self._choose()
        elif event.key in ("escape", "ctrl+c"):
            self.dismiss(None)
        else:
            self._row = 0
            super().type(event)

    def press(self, key: str, character: str) -> bool:
        if key == "enter":
            self._choose()
            return True
        hit = next((choice for choice in self._choices if choice.key and choice.key == character), None)
        if hit is not None:
            self.dismiss(hit.name)
        return hit is not None

    def step(self, lines: int) -> None:
        self._row += lines
        self.redraw()

    def _choose(self) -> None:
        found = self.found
        if found:
            self.dismiss(found[self._row].name)
