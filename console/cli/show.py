"""`media-console show`."""

from __future__ import annotations

import click

from console import clock
from console.cache import queries
from console.cache.reader import CacheReader
from console.cache.records import history_record, media_record
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.text import page
from console.domain.media import MediaKey


@settings_options("config", "db", "window")
@click.command("show", epilog="Example: media-console show 4b5bf27b-8672-4d55-bc21-d096dc200d0f")
@click.argument("media_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with history[].")
def command(media_id: str, as_json: bool) -> int:
    """Prints all about the media with this ID: its fields, its error explained, its history.

    A media that was announced without an id is found by its key, message:<message id>.
    """
    settings = current_settings()
    key, now = MediaKey(media_id), clock.wall()
    with CacheReader(settings.db) as reader:
        media = reader.run(queries.media(key))
        history = [history_record(fact) for fact in reader.run(queries.history(key))]
    if media is None:
        say(f"The cache knows no media {media_id}. The command list prints those that it knows.")
        return Exit.FAILED
    if as_json:
        json_line({**media_record(media, settings.window_ms, now), "history": history})
    else:
        for line in page(media, history, settings.window_ms, now):
            result(line)
    return Exit.DONE
