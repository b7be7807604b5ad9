"""Commands that have to read much: they go on while keys are pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.exceptions import ConsoleError
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from console.ui.screens.main import MainScreen


def leisurely(screen: MainScreen, work: Coroutine[None, None, None]) -> None:
    """Carries out the rest of a command beside the keys; the next one of its kind takes its place."""
    screen.say("Reading what is shown ...", Ink.BUSY)
    screen.run_worker(_told(screen, work), group="leisure", exclusive=True)


async def _told(screen: MainScreen, work: Coroutine[None, None, None]) -> None:
    try:
        await work
    except ConsoleError as error:
        screen.say(str(error), Ink.BAD)
