from __future__ import annotations

from typing import TYPE_CHECKING

from console.cli.program import run

if TYPE_CHECKING:
    import pytest


def test_a_bad_word_is_shown_where_it_stands_with_what_would_be_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["list", "--filter", "type:image stat:failed"]) == 2
    words, shown, carets = capsys.readouterr().err.splitlines()
    assert "state:" in words
    assert shown == "type:image stat:failed"
    assert shown[carets.index("^") :].startswith("stat")


def test_a_hostile_filter_is_shown_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--filter", "stat:\x1b[2J\u202e"]) == 2
    assert capsys.readouterr().err.replace("\n", "").isprintable()


def test_no_filter_and_an_empty_one_list_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--filter", ""]) == 0
    assert run(["list"]) == 0
