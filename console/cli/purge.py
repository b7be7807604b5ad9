"""`media-console purge`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click
import msgspec

from console import clock
from console.cache.reader import NoCache
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.upkeep import carry_out
from console.domain import display
from console.domain.maintenance import Purge, Purged, digits
from console.domain.media import Millis
from console.domain.retention import DAY_MS, parse_duration

if TYPE_CHECKING:
    from console.config import Settings

FEWEST_DIGITS: Final = 7
"""A shorter number would be found in much that is no number."""

_COUNTS: Final = ("media", "facts", "bodies", "quarantined", "notices", "orders")


@settings_options("config", "db")
@click.command("purge", epilog="Example: media-console purge --older-than 90d --dry-run")
@click.option(
    "--older-than", metavar="AGE", help="Media that were sent longer ago than that, such as 90d or 36h."
)
@click.option(
    "--number", metavar="NUMBER", help="Media of this sender: the whole number; digits alone count."
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be removed.")
@click.option("--yes", is_flag=True, help="Allow an age under a day.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(older_than: str | None, number: str | None, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Removes media with their history, the webhook bodies that told of them, and notices about them.

    With both --older-than and --number a media must fit both. What was removed cannot be had again: it is
    overwritten, and the files are written anew without it. A webhook body goes as a whole, also where it
    told of other media too; these stay, with their history. A running service does the work; where none
    runs, this command does.
    """
    order = _order(older_than, number, yes=yes)
    settings = current_settings()
    try:
        outcome = _foresee(settings, order) if dry_run else carry_out(settings, order, Purged)
    except NoCache as none:
        say(none)
        outcome = Purged()
    if as_json:
        record = msgspec.to_builtins(outcome)
        del record["outcome"]
        json_line({**record, "dry_run": dry_run})
    else:
        for name in _COUNTS:
            result(f"{name:<12}{getattr(outcome, name):>10}")
        if not dry_run:
            result(f"{'bytes freed':<12}{outcome.freed:>10}")
    _explain(outcome)
    return Exit.FAILED if outcome.unfreed is not None or outcome.unmasked else Exit.DONE


def _order(older_than: str | None, number: str | None, *, yes: bool) -> Purge:
    """The order that these options ask for.

    Raises:
        click.UsageError: they ask for none, or for one that may not be meant.
    """
    if older_than is None and number is None:
        raise click.UsageError("Say what to remove: --older-than, --number, or both.")
    now = clock.wall()
    before = None if older_than is None else Millis(now - _age(older_than, yes=yes))
    wanted = None if number is None else digits(number).removeprefix("00")
    if wanted is not None and len(wanted) < FEWEST_DIGITS:
        raise click.UsageError(f"--number needs a whole number, of {FEWEST_DIGITS} digits or more.")
    return Purge(id=uuid.uuid4().hex, at=now, before=before, number=wanted)


def _age(text: str, *, yes: bool) -> int:
    try:
        age = int(parse_duration(text))
    except ValueError:
        age = -1
    if not 0 <= age <= clock.wall():
        raise click.UsageError(f"--older-than wants an age such as 90d or 36h, not {text!r}.")
    if age < DAY_MS and not yes:
        raise click.UsageError(f"{text} would remove nearly everything. Add --yes if that is meant.")
    return age


def _foresee(settings: Settings, order: Purge) -> Purged:
    from console.cache.purge import foresee
    from console.platforms.onpremises.webhook import read_webhook

    return foresee(settings.db, order, read_webhook)


def _explain(outcome: Purged) -> None:
    """What the operator should know beside the counts."""
    if outcome.unfreed is not None:
        say(f"All of it is removed, but the space could not be freed: {outcome.unfreed}.")
    if outcome.log_marks:
        say(f"Places in the log where the number was made unreadable: {outcome.log_marks}.")
    for path in outcome.unmasked:
        say(f"The number may still stand in the log file {path}. Remove it, or the number in it.")
    if outcome.mentions:
        say(f"Media of other senders that mention the number, and stay: {outcome.mentions}.")
    for path in outcome.copies:
        say(f"{display.line(path)} still holds what the cache held before. Remove it when it is not needed.")
