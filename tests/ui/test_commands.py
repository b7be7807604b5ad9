"""The table of commands and the key map."""

from __future__ import annotations

import pytest

from console.domain.exceptions import FixSetting
from console.domain.views import View
from console.ui.commands import BY_ID, COMMANDS, FOOTERS, by_key, key_map, shown_key


def test_every_command_is_named_once_and_told_in_words() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert all(command.keys and command.label and command.tip for command in COMMANDS)


def test_no_key_does_two_things_and_none_is_eaten_by_a_terminal() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    assert not {"ctrl+b", "ctrl+a", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl+s", "ctrl+q", "ctrl+z"} & {
        *keys
    }
    assert not any(key.startswith(("alt+", "f1")) for key in keys)


def test_there_is_a_number_for_every_view() -> None:
    assert [BY_ID[f"view_{number}"].label for number, _ in enumerate(View, 1)] == [
        view.label for view in View
    ]


def test_footers_begin_with_help_and_end_with_quit() -> None:
    for names in FOOTERS.values():
        assert (names[0], names[-1]) == ("help", "quit")
        assert set(names) <= set(BY_ID)


def test_a_key_can_be_changed_and_keys_can_be_swapped() -> None:
    keys = key_map({"download": "r", "retry": "d", "down": "n, down"})
    assert keys["download"] == ("r",)
    assert keys["down"] == ("n", "down")
    assert by_key(keys)["d"] == "retry"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"donwload": "x"}, "did you mean 'download'?"),
        ({"zzz": "x"}, "Commands: download"),
        ({"download": "r"}, "r would be both"),
        ({"download": "ctrl+s"}, "does not reach a program"),
    ],
)
def test_a_wrong_key_map_is_refused_in_words(overrides: dict[str, str], told: str) -> None:
    with pytest.raises(FixSetting) as caught:
        key_map(overrides)
    assert told in str(caught.value)


def test_keys_are_shown_as_people_write_them() -> None:
    assert [shown_key(key) for key in ("escape", "pagedown", "d")] == ["esc", "PgDn", "d"]
