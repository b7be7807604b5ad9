"""What several tests of the listener have in common."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[True, False], ids=["httptools", "h11"])
def plain(request: pytest.FixtureRequest) -> bool:
    """Whether httptools reads the plain requests; else h11 reads all."""
    return bool(request.param)
