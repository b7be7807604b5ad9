"""Inks: every meaning has one in every theme, and none needs colour to be read."""

from __future__ import annotations

import pytest

from console.domain.exceptions import FixSetting
from console.domain.media import State
from console.ui.theme import STATE_INKS, THEMES, Ink, inks


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_has_every_ink_and_the_cursor_is_seen(name: str) -> None:
    made = inks(name)
    assert set(made) == set(Ink)
    assert made[Ink.CURSOR].bgcolor is not None or made[Ink.CURSOR].reverse


def test_without_colour_no_ink_has_one() -> None:
    made = inks("dark", colour=False)
    assert all(style.color is None and style.bgcolor is None for style in made.values())
    assert made[Ink.CURSOR].reverse


def test_the_contrast_pair_does_not_tell_red_from_green() -> None:
    for name in ("contrast-dark", "contrast-light"):
        good, bad = inks(name)[Ink.GOOD].color, inks(name)[Ink.BAD].color
        assert good is not None
        assert bad is not None
        assert good.get_truecolor().blue > bad.get_truecolor().blue + 80


def test_every_state_has_an_ink() -> None:
    assert set(STATE_INKS) == set(State)


def test_an_unknown_theme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(FixSetting, match="contrast-light"):
        inks("solarised")
