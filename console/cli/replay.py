"""`media-console replay`."""

from __future__ import annotations

import uuid

import click
import msgspec

from console import clock
from console.cache.reader import NoCache
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.upkeep import carry_out
from console.domain import display
from console.domain.maintenance import Replay, Replayed


@settings_options("config", "db")
@click.command("replay", epilog="Example: media-console replay --json | jq .differing")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> int:
    """Builds every media anew from its webhook bodies, and compares it with what is stored.

    What differs is told and written; there should be nothing. A media of which a body is no longer kept
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
    """A line for each difference, then the counts in words."""
    for one in outcome.differences:
        result(f"{display.line(one.key)}\t{one.field}")
    more = outcome.fields - len(outcome.differences)
    if more:
        say(f"And {more} more.")
    if outcome.understood or outcome.quarantined:
        say(
            f"Parts in quarantine that are understood now: {outcome.understood}, with facts: "
            f"{outcome.facts}. Left in it: {outcome.quarantined}."
        )
    if outcome.kept:
        say(f"Media that stay as they are, for a webhook body of theirs is no longer kept: {outcome.kept}.")
    say(f"Built {outcome.rebuilt} of {outcome.media} media anew; {outcome.differing} differed.")
