"""Errors for people: what failed and what to do."""

from __future__ import annotations

import pytest

from console.domain.exceptions import AskSender, ConsoleError, FixSetting, Report, RetryLater


@pytest.mark.parametrize("kind", [RetryLater, FixSetting, AskSender, Report])
def test_each_kind_says_what_and_what_to_do(kind: type[ConsoleError]) -> None:
    error = kind("The port 8085 is taken.", "Set LISTEN to another one.")
    assert isinstance(error, ConsoleError)
    assert (error.what, error.remedy) == ("The port 8085 is taken.", "Set LISTEN to another one.")
    assert str(error) == "The port 8085 is taken. Set LISTEN to another one."


def test_without_a_remedy_there_is_no_trailing_blank() -> None:
    assert str(ConsoleError("It broke.")) == "It broke."
