"""Lines that scroll, with or without a cursor."""

from __future__ import annotations

from textual.app import App, ComposeResult

from console.ui.glyphs import UNICODE
from console.ui.paint import Line, line
from console.ui.theme import inks
from console.ui.widgets.drawing import Drawing
from console.ui.widgets.lines import LinesView


class Hundred(App[None]):
    """A hundred lines."""

    def __init__(self) -> None:
        super().__init__()
        self.view = LinesView(Drawing(inks("dark"), UNICODE), id="view")

    def compose(self) -> ComposeResult:
        yield self.view


def numbered(count: int) -> list[Line]:
    return [line(f"line {number}") for number in range(count)]


async def test_steps_stop_at_the_ends() -> None:
    app = Hundred()
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.show(lambda width: numbered(100))
        await pilot.pause(0)
        app.view.step(3)
        assert app.view.scroll_offset.y == 3
        app.view.step(1000)
        assert app.view.scroll_offset.y == 90
        app.view.step(-1000)
        assert app.view.scroll_offset.y == 0
        assert app.view.page == 9
        assert app.view.render_line(0).text.rstrip() == "line 0"


async def test_the_cursor_is_brought_into_view() -> None:
    app = Hundred()
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.show(lambda width: numbered(100))
        await pilot.pause(0)
        app.view.put_cursor(50)
        assert app.view.cursor == 50
        assert app.view.scroll_offset.y == 41
        app.view.put_cursor(5)
        assert app.view.scroll_offset.y == 5
        app.view.put_cursor(None)
        assert app.view.cursor is None


async def test_new_lines_keep_the_place_unless_told() -> None:
    app = Hundred()
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.show(lambda width: numbered(100))
        await pilot.pause(0)
        app.view.step(20)
        app.view.show(lambda width: numbered(99))
        assert app.view.scroll_offset.y == 20
        app.view.show(lambda width: numbered(100), from_top=True)
        assert app.view.scroll_offset.y == 0
        assert len(app.view.lines) == 100


class Beside(Hundred):
    """A hundred lines in a pane whose scroll bar is seen while it has the keys."""

    CSS = "LinesView { overflow-y: scroll; }"


def last_column(app: App[None]) -> str:
    """What stands in the column of the scroll bar."""
    drawn = app.screen._compositor.render_strips()
    return "".join(row.text[-1] for row in drawn)


async def test_without_the_keys_there_is_a_sign_that_lines_follow_and_no_bar() -> None:
    app = Beside()
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.view
        view.show(lambda width: numbered(100))
        view.activate(False)
        await pilot.pause(0)
        assert last_column(app) == " " * 9 + UNICODE.down
        view.step(1000)
        await pilot.pause(0)
        assert last_column(app) == " " * 10
        view.show(lambda width: numbered(95))
        view.activate(True)
        await pilot.pause(0)
        assert last_column(app).strip()
