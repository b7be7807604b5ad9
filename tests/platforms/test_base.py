"""The borders of a dialect are values that say what they are."""

from __future__ import annotations

from console.domain.exceptions import ConsoleError
from console.platforms.base import BadBody


def test_a_bad_body_says_how_to_answer_and_why() -> None:
    error = BadBody(400, "not-json", "The body is not JSON.")
    assert isinstance(error, ConsoleError)
    assert (error.status, error.reason, error.what) == (400, "not-json", "The body is not JSON.")
    assert str(error) == "The body is not JSON."
