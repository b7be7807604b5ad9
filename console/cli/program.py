"""The program: its commands by name, and what each way of ending means as an exit code."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from console import __version__
from console.cli import collecting
from console.cli.options import settings_options
from console.cli.output import NAME, Exit, complain, flush_output, is_unwritable, reader_left, say, unwritable
from console.domain.exceptions import ConsoleError, FixSetting

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Entry(NamedTuple):
    module: str
    help: str


_COMMANDS: Final = {
    "demo": _Entry("console.cli.demo", "The console with made-up media and a simulated client."),
    "listen": _Entry("console.cli.listen", "The webhook listener and download worker, without a screen."),
    "simulate": _Entry("console.cli.simulate", "A stand-in for the WhatsApp Business API client."),
    "list": _Entry("console.cli.list", "Prints the media that the cache knows."),
    "show": _Entry("console.cli.show", "Prints all about one media, with its history."),
    "download": _Entry("console.cli.download", "Asks the client to download media."),
    "replay": _Entry("console.cli.replay", "Builds every media anew from the webhook bodies, and compares."),
    "recover": _Entry("console.cli.recover", "Rebuilds a damaged cache from what can be read of it."),
    "purge": _Entry("console.cli.purge", "Removes old media or those of a sender, with all that was kept."),
}


class Program(click.Group):
    """Imports a command's module only when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported now; None for an unknown name."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name].module).command
        collecting.begin()
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in _COMMANDS.items()])


@settings_options()
@click.command(
    NAME,
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Try it without any setup: media-console demo",
)
@click.version_option(__version__, prog_name=NAME)
@click.pass_context
def program(context: click.Context) -> int:
    """A console for the media that a WhatsApp Business API client receives.

    Without a command it opens the screen. Each option can stand before or after the command, in the
    environment as MEDIA_CONSOLE_…, or in the settings file. Secrets have no option: set
    MEDIA_CONSOLE_API_PASSWORD, …_API_TOKEN, …_API_PROXY, …_WEBHOOK_SECRET, …_WEBHOOK_TOKEN, …_WEBHOOK_BASIC
    or …_WEBHOOK_HMAC.
    """
    if context.invoked_subcommand is not None:
        return Exit.DONE
    from console.cli.screen import open_screen

    return open_screen()


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; returns its exit code. Words about a failure go to stderr."""
    try:
        code = _invoke(arguments)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return reader_left()
    except ConsoleError as error:
        say(error)
        return Exit.USAGE if isinstance(error, FixSetting) else Exit.FAILED
    return code if isinstance(code, int) else Exit.DONE


def _invoke(arguments: Sequence[str]) -> object:
    """Runs the command; what it printed has been written when it returns."""
    try:
        with program.make_context(NAME, list(arguments)) as context:
            code: object = program.invoke(context)
    except OSError as error:
        if isinstance(error, BrokenPipeError) or not is_unwritable(error):
            raise
        raise unwritable(error) from None
    flush_output()
    return code
