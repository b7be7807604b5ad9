"""A line of text being typed."""

from __future__ import annotations

from time import thread_time

import pytest

from console.ui.editor import LONGEST, Editor
from console.ui.paint import measure


def typed(editor: Editor, *keys: str) -> Editor:
    for key in keys:
        assert editor.key(key, key if len(key) == 1 else None)
    return editor


def test_letters_go_in_at_the_cursor() -> None:
    editor = typed(Editor("ac"), "left", "b", "end", "d", "home", "_")
    assert (editor.text, editor.cursor) == ("_abcd", 1)


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        (("backspace",), "one tw"),
        (("left", "delete"), "one tw"),
        (("ctrl+w",), "one "),
        (("left", "ctrl+u"), "o"),
        (("home", "backspace"), "one two"),
    ],
)
def test_the_keys_of_a_shell_take_away(keys: tuple[str, ...], left: str) -> None:
    assert typed(Editor("one two"), *keys).text == left


def test_other_keys_are_left_to_others() -> None:
    editor = Editor("x")
    assert not editor.key("f5", None)
    assert not editor.key("enter", "\r")
    assert editor.text == "x"


def test_of_a_pasted_text_only_the_first_line_is_taken() -> None:
    editor = Editor("a")
    editor.insert("b\nrm -rf /")
    editor.insert("")
    assert editor.text == "ab"
    editor.put("new")
    assert (editor.text, editor.cursor) == ("new", 3)


def test_a_pasted_book_is_cut_and_drawn_at_once() -> None:
    editor = Editor("start ")
    began = thread_time()
    editor.insert("\u6f22" * 1_000_000)
    assert len(editor.text) == editor.cursor == LONGEST
    assert measure(editor.draw(60)) <= 60
    assert thread_time() - began < 0.5


def test_a_long_text_scrolls_so_that_the_cursor_is_seen() -> None:
    drawn = Editor("x" * 100).draw(20)
    assert measure(drawn) <= 20
    assert drawn[1].text == " "
