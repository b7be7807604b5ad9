"""A filled cache for each test of the screen."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.ui import scene

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene, written once."""
    db = tmp_path_factory.mktemp("scene") / "console.db"
    asyncio.run(scene.build(db))
    return db


@pytest.fixture
def db(filled_once: Path, tmp_path: Path) -> Path:
    """A copy of the scene that belongs to one test; its writer closed it in order."""
    copy = tmp_path / "console.db"
    shutil.copy(filled_once, copy)
    return copy
