"""One root class; the subclass says what the operator can do about it."""

from __future__ import annotations


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


class RetryLater(ConsoleError):
    """It may work by itself in a while."""


class FixSetting(ConsoleError):
    """A setting, a file or a permission must be changed first."""


class AskSender(ConsoleError):
    """Only the sender can help, by sending the media again."""


class Report(ConsoleError):
    """Nothing the operator can change; worth reporting with the details."""
