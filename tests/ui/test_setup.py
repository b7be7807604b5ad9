"""What the screen is started with."""

from __future__ import annotations

from pathlib import Path

from console.ui.commands import key_map
from console.ui.setup import Setup
from tests.ui import scene


def test_a_cache_and_a_clock_are_enough() -> None:
    setup = Setup(db=Path("x.db"), now=lambda: scene.NOW)
    assert setup.keys == key_map({})
    assert setup.host.viewer_of() is None
    assert setup.new_id() != setup.new_id()
