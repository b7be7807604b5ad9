"""A line of text being typed: a value and a cursor, no widget."""

from __future__ import annotations

from console.domain import display
from console.ui.paint import Line, Piece, line, piece
from console.ui.theme import Ink

LONGEST = 2000
"""Characters that are held, so that what is pasted by mistake does not hold up the screen."""


class Editor:
    """Holds what is typed; the keys are those of a shell's line."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)

    def put(self, text: str) -> None:
        """Replaces the text; the cursor goes to its end."""
        self.text, self.cursor = text, len(text)

    def insert(self, text: str) -> None:
        """Types text at the cursor; of several lines only the first, and no more than has room."""
        first = text.splitlines()[0] if text else ""
        first = first[: max(0, LONGEST - len(self.text))]
        self.text = self.text[: self.cursor] + first + self.text[self.cursor :]
        self.cursor += len(first)

    def key(self, name: str, character: str | None) -> bool:
        """Takes one key; False if it is none for a line of text."""
        before, after = self.text[: self.cursor], self.text[self.cursor :]
        match name:
            case "left":
                self.cursor = max(0, self.cursor - 1)
            case "right":
                self.cursor = min(len(self.text), self.cursor + 1)
            case "home":
                self.cursor = 0
            case "end":
                self.cursor = len(self.text)
            case "backspace":
                self.text, self.cursor = before[:-1] + after, max(0, self.cursor - 1)
            case "delete":
                self.text = before + after[1:]
            case "ctrl+u":
                self.text, self.cursor = after, 0
            case "ctrl+w":
                kept = before.rstrip().rpartition(" ")
                head = kept[0] + kept[1]
                self.text, self.cursor = head + after, len(head)
            case _:
                if character is None or not character.isprintable():
                    return False
                self.insert(character)
        return True

    def draw(self, width: int) -> Line:
        """The text with the cursor on it, scrolled so that the cursor is within `width` cells."""
        start, room = self.cursor, max(1, width - 2)
        while start and (room := room - display.widest(self.text[start - 1])) >= 0:
            start -= 1
        under = self.text[self.cursor : self.cursor + 1] or " "
        return line(
            piece(self.text[start : self.cursor], Ink.STRONG),
            Piece(piece(under).text, Ink.CARET),
            piece(self.text[self.cursor + 1 :], Ink.STRONG),
        )
