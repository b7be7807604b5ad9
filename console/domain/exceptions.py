"""One root class; the subclass says what the operator can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ConsoleError(Exception):
    """Something failed in a way the program foresaw.

    Args:
        what: what failed and on what, why; one sentence, no secret in it.
        remedy: what to do now; one sentence.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}".rstrip()

    def __reduce__(self) -> tuple[Callable[..., ConsoleError], tuple[object, ...]]:
        """Copies what it says, whatever arguments a subclass is made with."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[ConsoleError], args: tuple[object, ...], said: dict[str, object]) -> ConsoleError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(said)
    return error


class RetryLater(ConsoleError):
    """It may work by itself in a while."""


class FixSetting(ConsoleError):
    """A setting, a file or a permission must be changed first."""


class AskSender(ConsoleError):
    """Only the sender can help, by sending the media again."""


class Report(ConsoleError):
    """Nothing the operator can change; worth reporting with the details."""
