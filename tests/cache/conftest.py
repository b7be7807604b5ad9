"""What several modules of this room begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .samples import fresh

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty cache in memory."""
    with fresh() as made:
        yield made
