"""The table of settings as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.config.table import BY_NAME, SETTINGS, read_keys
from console.config.values import Settings


def test_names_are_unique_and_every_one_has_a_field() -> None:
    assert len(BY_NAME) == len(SETTINGS)
    assert {setting.attribute for setting in SETTINGS} | {"sources", "warnings"} == set(
        Settings.__struct_fields__
    )


@pytest.mark.parametrize("name", sorted(set(BY_NAME) - {"db", "keys"}))
def test_the_default_in_words_is_the_default(name: str) -> None:
    setting = BY_NAME[name]
    default = getattr(Settings(db=Path("/x")), setting.attribute)
    absent = () if setting.several else None
    assert default == (setting.read(setting.default) if setting.default else absent)


def test_names_of_variable_and_flag_follow_from_the_name() -> None:
    setting = BY_NAME["callback_timeout"]
    assert setting.variable == "MEDIA_CONSOLE_CALLBACK_TIMEOUT"
    assert setting.flag == "--callback-timeout"


def test_help_is_one_sentence_that_ends_with_a_full_stop() -> None:
    assert all(s.help.endswith(".") and s.help[0].isupper() and "\n" not in s.help for s in SETTINGS)


def test_keys_are_pairs() -> None:
    assert read_keys("down=j,down  up=k") == {"down": "j,down", "up": "k"}
    with pytest.raises(ValueError, match="pairs"):
        read_keys("down")
