"""Which media a command is about: the filter option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from console.cli.output import NAME
from console.domain.filters import Filter, FilterError, parse

if TYPE_CHECKING:
    from collections.abc import Callable

_HELP = (
    "Only media that match, for example 'state:failed due:<2d \"march invoice\"'. "
    "Words: state: type: from: due: error: id: and text; a leading - negates."
)


class BadFilter(click.UsageError):
    """A filter that does not read; exit code 2, with the place under the text."""

    def __init__(self, error: FilterError) -> None:
        super().__init__(str(error))
        self._pointer = error.pointer()

    def show(self, file: Any = None) -> None:
        """Says what is wrong and shows where."""
        click.echo(f"{NAME}: {self.message}\n{self._pointer}", err=True, file=file)


def filter_option() -> Callable[[Callable[..., int]], Callable[..., int]]:
    """`--filter WORDS`, given to the command as `wanted`; None where it is absent."""
    return click.option("--filter", "wanted", metavar="WORDS", callback=_parsed, help=_HELP)


def _parsed(context: click.Context, parameter: click.Parameter, text: str | None) -> Filter | None:
    if text is None:
        return None
    try:
        return parse(text)
    except FilterError as error:
        raise BadFilter(error) from None
