"""The border between the screen and the program around it: the service that it may host, the signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.domain.standing import Standing


class Host(Protocol):
    """The service in this process, or the knowledge that another process runs it.

    The screen imports no service: whoever starts the screen hands it one of these. No method blocks for
    longer than a moment, except `stop`, which waits for the service to end in order.
    """

    def start(self) -> None:
        """Starts the service, or finds out who runs it already. Called once, after the first paint.

        Where another process runs it, it is started here once that one has ended.
        """
        ...

    def starting(self) -> bool:
        """Whether it is not known yet if the service runs here, elsewhere or nowhere."""
        ...

    def standing(self) -> Standing | None:
        """How the service in this process is doing; None while it does not run here."""
        ...

    def viewer_of(self) -> str | None:
        """Who runs the service instead of this process (`pid 4121`); None if it runs here or nowhere."""
        ...

    def retry_listener(self) -> None:
        """Tries at once to bind the listener's port again, or to start a service that failed as a whole."""
        ...

    def stop(self) -> None:
        """Ends the service in order; may be called more than once."""
        ...


class Signals(Protocol):
    """The signals that end the program, taken by whoever starts the screen."""

    def fileno(self) -> int:
        """A descriptor that is readable when one may have come."""
        ...

    def wait(self, seconds: float) -> int | None:
        """The number of the first that came, within so many seconds."""
        ...

    def note(self, number: int) -> None:
        """Takes the word for a signal: a terminal that is gone stands for SIGHUP."""
        ...

    def restore_at_once(self, restore: Callable[[], None]) -> None:
        """What is still done for the terminal where the process ends at once."""
        ...


class Viewer:
    """A host that runs nothing: the screen only looks at the cache."""

    def __init__(self, holder: str | None = None) -> None:
        self._holder = holder

    def start(self) -> None:
        """Nothing to start."""

    def starting(self) -> bool:
        """Never."""
        return False

    def standing(self) -> Standing | None:
        """Always None."""
        return None

    def viewer_of(self) -> str | None:
        """What was given at construction."""
        return self._holder

    def retry_listener(self) -> None:
        """Nothing to retry."""

    def stop(self) -> None:
        """Nothing to stop."""
