"""Every command of the table has something that it does, and nothing else has."""

from __future__ import annotations

from console.ui.acts import HANDLERS
from console.ui.commands import BY_ID


def test_commands_and_handlers_are_the_same_set() -> None:
    assert set(HANDLERS) == set(BY_ID)
