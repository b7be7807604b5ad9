"""A question with its count before it, and nothing done until it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.ui.paint import EMPTY, Line, Piece, line, piece, wrap
from console.ui.screens.sheet import Sheet
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.ui.widgets.drawing import Drawing


class Confirm(Sheet[str | None]):
    """Gives the key of the chosen answer, or None where it was closed.

    `answers` are pairs of key and words; Enter chooses the first. A key that came before the question
    was on the terminal answers nothing.
    """

    def __init__(
        self, drawing: Drawing, title: str, told: Sequence[str], answers: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__(drawing, title)
        self._told = told
        self._answers = answers
        self.add_class("fitting")

    def lines(self, width: int, query: str) -> list[Line]:
        lines: list[Line] = [(Piece(part),) for text in self._told for part in wrap(text, width)]
        lines.append(EMPTY)
        for index, (key, words) in enumerate(self._answers):
            told = f"enter or {key}" if index == 0 else key
            lines.append(
                line(piece(f"  {told:<12}", Ink.KEY), piece(words, Ink.STRONG if index == 0 else Ink.PLAIN))
            )
        lines.append(line(piece(f"  {'esc':<12}", Ink.KEY), "Cancel"))
        return lines

    def press(self, key: str, character: str) -> bool:
        if not self.painted:
            return key == "enter"
        if key == "enter":
            self.dismiss(self._answers[0][0])
            return True
        if character in (answer for answer, _ in self._answers):
            self.dismiss(character)
            return True
        if character == "n":
            self.dismiss(None)
            return True
        return False
