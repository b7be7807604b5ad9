"""A service that moves into this console is told of once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from console.ui.host import Viewer
from console.ui.screens.bars import NO_SERVICE
from console.ui.succession import Succession
from tests.ui import scene
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.standing import Standing


class Moving(Viewer):
    """A host that a test makes a viewer or the service itself."""

    def __init__(self, viewed: str | None = None, standing: Standing | None = None) -> None:
        super().__init__(viewed)
        self.viewed = viewed
        self.runs = standing
        self.begins = False
        self.retried = 0

    def starting(self) -> bool:
        return self.begins

    def viewer_of(self) -> str | None:
        return self.viewed

    def standing(self) -> Standing | None:
        return self.runs

    def retry_listener(self) -> None:
        self.retried += 1


STOPPED = structs.replace(scene.STANDING, listener=None, stopped=True)


def test_only_a_service_that_was_another_process_s_is_told_of_and_once() -> None:
    host = Moving(standing=scene.STANDING)
    succession = Succession(host)
    assert succession.look() is None
    host.viewed, host.runs = "pid 4121", None
    assert succession.look() is None
    host.viewed = "pid 4122"
    assert succession.look() is None
    host.viewed = None
    assert succession.look() is None, "nobody serves yet"
    host.runs = STOPPED
    assert succession.look() is None, "it did not start here"
    host.runs = scene.STANDING
    assert succession.look() == "The service of pid 4122 has ended; this console runs it now."
    assert succession.look() is None


async def test_the_screen_follows_who_serves(db: Path) -> None:
    host = Moving("pid 4121")
    async with opened(db, host=host, size=(140, 40)) as console:
        await console.shows("viewing (pid 4121)")
        host.viewed = "pid 4122"
        await console.shows("viewing (pid 4122)")
        host.viewed, host.runs = None, scene.STANDING
        await console.shows("listening :8085")
        await console.shows("The service of pid 4122 has ended; this console runs it now.")


async def test_that_no_service_runs_is_a_line_that_stays(db: Path) -> None:
    trouble = structs.replace(scene.TROUBLE, text="The cache cannot be opened.", remedy="Mend it.")
    host = Moving(standing=structs.replace(STOPPED, troubles=(trouble,)))
    async with opened(db, host=host, size=(140, 40)) as console:
        await console.shows("✗ The cache cannot be opened. Mend it.")
        await console.shows(f"✗ {NO_SERVICE} L starts it.")
        await console.press("L")
        await console.shows("Trying to start the service again.")
        assert host.retried == 1
        host.runs = scene.STANDING
        await console.until(lambda: NO_SERVICE not in console.text)


async def test_the_troubles_of_a_service_that_ended_are_history(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    await scene.build(db, standing=structs.replace(STOPPED, troubles=(scene.TROUBLE,)))
    async with opened(db, size=(140, 40)) as console:
        await console.shows(f"✗ {NO_SERVICE}")
        assert scene.TROUBLE.text not in console.text


async def test_a_service_that_starts_is_not_missing(tmp_path: Path) -> None:
    db = tmp_path / "c.db"
    await scene.build(db, standing=STOPPED)
    host = Moving()
    host.begins = True
    async with opened(db, host=host) as console:
        await console.shows("30 of 30")
        await console.settled()
        assert "starting" in console.text
        assert "no service" not in console.text.lower()
        host.begins = False
        await console.shows("no service")
