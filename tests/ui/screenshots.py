"""The pictures of the README: `python -m tests.ui.screenshots` writes them again.

The clock, the ids and the data are fixed, so that equal code draws equal pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.ui import scene
from tests.ui.harness import Console, opened
from tests.ui.picture import svg

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FOLDER = Path(__file__).parents[2] / "screenshots"
SIZES = ((80, 24), (140, 40))
GROUND = "#14171c"


class Shot(NamedTuple):
    """A picture: its name, and the way to it."""

    name: str
    reach: Callable[[Console], Awaitable[None]]
    filled: bool = True


async def _list(console: Console) -> None:
    await console.on(scene.key_of("path"))
    await console.press("k", "space", "k", "k")


async def _detail_of(console: Console, story: str) -> None:
    await console.on(scene.key_of(story))
    await console.until(lambda: console.main.detailing.key == scene.key_of(story))
    await console.press("enter")


async def _detail_1006(console: Console) -> None:
    await _detail_of(console, "path")


async def _detail_400(console: Console) -> None:
    await _detail_of(console, "gone")


async def _due_soon(console: Console) -> None:
    await console.press("5")


async def _help(console: Console) -> None:
    await console.press("?")


async def _empty(console: Console) -> None:
    await console.shows("No media yet")


SHOTS = (
    Shot("list", _list),
    Shot("detail-1006", _detail_1006),
    Shot("detail-400", _detail_400),
    Shot("due-soon", _due_soon),
    Shot("help", _help),
    Shot("empty", _empty, filled=False),
)


async def draw(shot: Shot, size: tuple[int, int], folder: Path) -> str:
    """One picture as SVG text; `folder` takes a cache of its own.

    The help shows the path of the cache as it is given, so it is given without the folder.
    """
    db = Path("filled.db" if shot.filled else "empty.db")
    known = (folder / db).exists()
    with contextlib.chdir(folder):
        if not known:
            await (scene.build(db) if shot.filled else scene.build_empty(db))
        return await _draw(shot, size, db)


async def _draw(shot: Shot, size: tuple[int, int], db: Path) -> str:
    async with opened(db, size=size, filled=shot.filled) as console:
        await shot.reach(console)
        await console.settled()
        return svg(console.rows, size[0], "media-console", GROUND)


def path_of(shot: Shot, size: tuple[int, int]) -> Path:
    """Where a picture is kept."""
    return FOLDER / f"{shot.name}-{size[0]}x{size[1]}.svg"


async def write_all() -> None:
    """Draws all pictures and writes them."""
    with tempfile.TemporaryDirectory() as folder:
        for shot in SHOTS:
            for size in SIZES:
                path_of(shot, size).write_text(await draw(shot, size, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write_all())
