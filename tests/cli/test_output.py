from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.cli import output
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    import pytest


def test_words_go_to_stderr_on_one_safe_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(FixSetting("what\nis\x1b[2J wrong", "Do this."))
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("media-console: what↵is")
    assert err.endswith("wrong Do this.\n")
    assert err.rstrip("\n").isprintable()


def test_json_is_one_line_of_ascii_that_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    record = {"text": "é\n\x1b\x7f\u202e\ud800", "number": 1006}
    output.json_line(record)
    out = capsys.readouterr().out
    assert out.rstrip("\n").isprintable()
    assert out.isascii()
    assert json.loads(out) == record


def test_results_go_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    output.result("née")
    output.flush_output()
    assert capsys.readouterr() == ("née\n", "")


def test_exit_codes_are_the_promised_ones() -> None:
    assert [int(code) for code in output.Exit] == [0, 1, 2, 3, 130]
