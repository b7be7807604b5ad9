"""The settings as flags, accepted before and after the name of a command."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from console import config
from console.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Callable

_C = TypeVar("_C", bound=click.Command)

_CONFIG_HELP: Final = "The settings file (TOML)."


def settings_options(*shown: str) -> Callable[[_C], _C]:
    """Gives a command the flags of all settings; its help shows only those named (all, for no name)."""

    def add(command: _C) -> _C:
        names = {parameter.name for parameter in command.params}
        for name, flag, help_text, toggle in _flags():
            if name in names:
                raise ValueError(f"{command.name} has an option of its own called {name}")
            command.params.append(
                click.Option(
                    [f"{flag}/--no-{flag[2:]}" if toggle else flag, name],
                    default=None,
                    type=bool if toggle else str,
                    metavar=None if toggle else _metavar(name),
                    help=help_text,
                    hidden=bool(shown) and name not in shown,
                    expose_value=False,
                    callback=_remember,
                )
            )
        return command

    return add


def current_settings(**fixed: str) -> config.Settings:
    """The settings of this start, those in `fixed` whatever anyone says; tells on stderr what is odd.

    Raises:
        FixSetting: one is wrong.
    """
    from console.cache.permissions import share_with  # the cache's room, which --version does without

    settings = config.load({**_given(click.get_current_context()), **fixed}, os.environ)
    share_with(settings.shared_group)
    for warning in settings.warnings:
        say(warning)
    return settings


def address(context: click.Context, parameter: click.Parameter, text: str) -> config.Address:
    """The callback of an option that is an address."""
    try:
        return config.read_address(text)
    except ValueError as right:
        raise click.BadParameter(f"{text!r} is none. Give {right}.") from None


class Number(click.FloatRange):
    """A number within its range; `nan` is in none, though it is below and above no end of one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number.

        Raises:
            click.BadParameter: it is none, or out of the range.
        """
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is not a valid number.", param, ctx)
        return number


def _flags() -> list[tuple[str, str, str, bool]]:
    flags = [("config", "--config", _CONFIG_HELP, False)]
    flags += [(s.name, s.flag, s.help, s.toggle) for s in config.SETTINGS if s.flag is not None]
    return flags


def _metavar(name: str) -> str:
    form = next((setting.form for setting in config.SETTINGS if setting.name == name), "path")
    return form.upper().replace(" ", "-")


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None and parameter.name is not None:
        text = str(value).lower() if isinstance(value, bool) else value
        _given(context)[parameter.name] = text


def _given(context: click.Context) -> dict[str, str | None]:
    """The flags seen so far; a command's context inherits the object of the program's."""
    given: dict[str, str | None] = context.ensure_object(dict)
    return given
