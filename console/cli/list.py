"""`media-console list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console import clock
from console.cache.reader import CacheReader, NoCache
from console.cache.records import media_record
from console.cache.windows import media_of
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.selecting import filter_option
from console.cli.text import heading, row
from console.domain.filters import EVERYTHING
from console.domain.views import Selection

if TYPE_CHECKING:
    from console.domain.filters import Filter

DEFAULT_LIMIT = 1000


@settings_options("config", "db", "window")
@click.command(
    "list", epilog="Example: media-console list --filter 'state:failed due:<3d'  (or --json | jq .id)"
)
@filter_option()
@click.option(
    "--limit",
    type=click.IntRange(0, 1_000_000_000),
    default=DEFAULT_LIMIT,
    show_default=True,
    metavar="NUMBER",
    help="Print at most so many; 0 prints all.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(wanted: Filter | None, limit: int, as_json: bool) -> int:
    """Prints the media that the cache knows, the most urgent first."""
    settings = current_settings()
    now = clock.wall()
    selection = Selection(filter=wanted or EVERYTHING)
    printed = 0
    try:
        with CacheReader(settings.db) as reader:
            for media in reader.stream(lambda moment: media_of(moment, selection, settings.window_ms, now)):
                if limit and printed == limit:
                    say(f"There are more than these {limit}; --limit 0 prints all.")
                    break
                if as_json:
                    json_line(media_record(media, settings.window_ms, now))
                else:
                    if not printed:
                        result(heading())
                    result(row(media, settings.window_ms, now))
                printed += 1
    except NoCache as none:
        say(none)
        return Exit.DONE
    if not printed:
        say("No media match the filter." if wanted else "The cache holds no media yet.")
    return Exit.DONE
