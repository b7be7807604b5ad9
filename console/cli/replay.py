"""`media-console replay`."""

from __future__ import annotations

import uuid
from typing import Final

import click
import msgspec

from console import clock
from console.cache.reader import NoCache
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.upkeep import carry_out
from console.domain import display
from console.domain.maintenance import Replay, Replayed

_COUNTS: Final = ("media", "rebuilt", "kept", "differing", "fields", "understood", "facts", "quarantined")


@settings_options("config", "db")
@click.command("replay", epilog="Example: media-console replay --json | jq .differing")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> int:
    """Builds every media anew from its webhook bodies, and compares it with what is stored.

    What differs is told, a key and a field a line, and written anew; there should be nothing. Then come the
    counts. A media of which a body is no longer kept
    stays as it is. Parts in quarantine that this version understands are taken in. A running service does
    the work; where none runs, this command does.
    """
    settings = current_settings()
    try:
        outcome = carry_out(settings, Replay(id=uuid.uuid4().hex, at=clock.wall()), Replayed)
    except NoCache as none:
        say(none)
        outcome = Replayed()
    if as_json:
        record = msgspec.to_builtins(outcome)
        del record["outcome"]
        json_line(record)
    else:
        _tell(outcome)
    return Exit.FAILED if outcome.fields else Exit.DONE


def _tell(outcome: Replayed) -> None:
    """A line for each difference, then the counts; what the counts mean for the operator in words."""
    for one in outcome.differences:
        result(f"{display.line(one.key)}\t{one.field}")
    for name in _COUNTS:
        result(f"{name:<12}{getattr(outcome, name):>10}")
    more = outcome.fields - len(outcome.differences)
    if more:
        say(f"And {more} more differences, which are mended as well.")
    if outcome.understood:
        say(f"Parts in quarantine that are understood now and were taken in: {outcome.understood}.")
    if outcome.quarantined:
        say(f"Parts left in quarantine: {outcome.quarantined}.")
    if outcome.kept:
        say(
            "Media that stay as they are, for a webhook body of theirs is no longer kept or cannot be read: "
            f"{outcome.kept}."
        )
    say(f"Built {outcome.rebuilt} of {outcome.media} media anew; differences: {outcome.differing}.")
