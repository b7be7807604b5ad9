"""A sheet above the main screen: a title, lines that scroll, one line of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual.await_complete import AwaitComplete
from textual.containers import Vertical
from textual.screen import ModalScreen

from console.clock import monotonic
from console.ui.editor import Editor
from console.ui.paint import Line, justify, line, piece
from console.ui.theme import Ink
from console.ui.widgets.bar import Bar, Run
from console.ui.widgets.lines import LinesView

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from console.ui.widgets.drawing import Drawing

T = TypeVar("T")


class Sheet(ModalScreen[T], inherit_bindings=False):
    """What all sheets share: they scroll, and Esc or `q` closes them without a result.

    A sheet closes once: keys and clicks that were on their way to it when it closed do nothing.
    A sheet that is `searchable` takes `/`; what is typed then is handed to `lines`.
    """

    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 70%; }
    Sheet #sheet { width: 100%; max-width: 100; height: 100%; max-height: 36; background: $background;
                   border: round $accent; padding: 0 1; }
    Sheet.ascii #sheet { border: ascii $accent; }
    Sheet.fitting #sheet { height: auto; }
    Sheet.fitting LinesView { height: auto; }
    """

    def __init__(self, drawing: Drawing, title: str, *, keys: str = "", searchable: bool = False) -> None:
        super().__init__()
        self.drawing = drawing
        self.heading = title
        self.keys = keys
        self.searchable = searchable
        self.closed_at: float | None = None
        """When it was told to close, on the clock of the keys' events."""
        self.last_key = ""
        self.painted = False
        """Whether it was on the terminal, so that a key can be an answer to it."""
        self.search: Editor | None = None
        self.query_text = ""
        self.title_bar = Bar(drawing, id="sheettitle")
        self.view = LinesView(drawing, id="sheetlines")
        self.foot = Bar(drawing, id="sheetfoot")

    def lines(self, width: int, query: str) -> list[Line]:
        """The body for a width, narrowed to what matches `query`."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield self.title_bar
            yield self.view
            yield self.foot

    def on_mount(self) -> None:
        self.set_class(self.drawing.glyphs.ascii, "ascii")
        self.title_bar.show(lambda width: [self._title(width), ()])
        self.foot.show(lambda width: [(), self._keys(width)])
        self.redraw()
        self.call_after_refresh(self._was_painted)

    def _was_painted(self) -> None:
        self.painted = True

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Closes the sheet with a result; does nothing where it is closing already."""
        if self.closed_at is not None:
            return AwaitComplete()
        self.closed_at = monotonic()
        return super().dismiss(result)

    def redraw(self) -> None:
        """Draws everything again."""
        self.title_bar.redraw()
        self.foot.redraw()
        self.view.show(lambda width: self.lines(width, self.query_text))

    def _title(self, width: int) -> Line:
        left = line(piece(self.heading, Ink.TITLE))
        if self.search is not None:
            return line(*left, piece("   / ", Ink.KEY), *self.search.draw(width - 30))
        if self.query_text:
            return line(*left, piece(f"   / {self.query_text}", Ink.STRONG))
        return left

    def _keys(self, width: int) -> Line:
        if not self.keys:
            return ()
        told = [text for text in (self.keys, "/ search" if self.searchable else "") if text]
        return justify(
            line(piece("  ".join(told), Ink.DIM)), line(piece("esc close", Ink.DIM, "close")), width
        )

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if self.closed_at is not None:
            return
        self.last_key = event.key
        if event.key == "ctrl+l":
            await self.run_action("app.draw_anew")
        elif self.search is not None:
            self.type(event)
        elif not self.press(event.key, event.character or ""):
            self._move(event.key, event.character or "")

    def press(self, key: str, character: str) -> bool:
        """Takes a key of this kind of sheet; False leaves it to moving and closing."""
        return False

    def type(self, event: events.Key) -> None:
        """Takes a key while something is searched for."""
        if self.search is None:
            return
        if event.key in ("escape", "ctrl+c"):
            self.search, self.query_text = None, ""
        elif event.key == "enter":
            self.search = None
        elif self.search.key(event.key, event.character):
            self.query_text = self.search.text
        self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        if self.search is not None:
            self.search.insert(event.text)
            self.query_text = self.search.text
            self.redraw()

    def _move(self, key: str, character: str) -> None:
        page, far = self.view.page, len(self.view.lines)
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "pagedown": page, "space": page, "pageup": -page}
        steps |= {"g": -far, "home": -far, "G": far, "end": far}
        if key in ("escape", "q", "ctrl+c", "enter"):
            self.dismiss(None)
        elif key == "Q":
            self.app.exit()
        elif self.searchable and character == "/":
            self.search = Editor(self.query_text)
            self.redraw()
        elif key in steps:
            self.step(steps[key])

    def step(self, lines: int) -> None:
        """Moves by lines; negative is up."""
        self.view.step(lines)

    def on_run(self, event: Run) -> None:
        self.dismiss(None)
