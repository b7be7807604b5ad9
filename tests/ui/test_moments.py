"""Moments on the screen."""

from __future__ import annotations

from console.domain.media import Millis
from console.ui import moments
from tests.ui import scene


def test_moments_are_utc_and_say_so() -> None:
    assert moments.clock(scene.NOW) == "14:02Z"
    assert moments.full(Millis(scene.NOW + 250)) == "2026-11-22 14:02:30Z"
    assert moments.short(scene.NOW) == "11-22 14:02:30Z"


def test_a_stamp_is_an_age_or_a_moment() -> None:
    then = Millis(scene.NOW - 3 * scene.MINUTE)
    assert moments.stamp(then, scene.NOW, absolute=False) == "3m ago"
    assert moments.stamp(then, scene.NOW, absolute=True) == "11-22 13:59:30Z"
