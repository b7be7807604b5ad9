"""`media-console download`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click

from console import clock
from console.cache import queries
from console.cache.counting import filtered_counts
from console.cache.reader import CacheReader
from console.cache.records import media_record
from console.cache.windows import keys_of
from console.cli.errand import Errand
from console.cli.options import Number, current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.selecting import filter_option
from console.cli.signals import ending_signals
from console.cli.text import heading, row
from console.cli.user import operator
from console.cli.waiting import Watch
from console.domain.filters import Filter, StateTerm
from console.domain.media import MediaKey, State, is_retrievable
from console.domain.orders import Order, Taken
from console.domain.views import Selection, View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.config import Settings

_DONE: Final = State.DOWNLOADED

LEFT: Final = "left"
"""What JSON says of an order that no service has taken yet; of one taken it says a word of `Taken`."""


@settings_options()
@click.command("download", epilog="Example: media-console download --filter 'state:failed due:<2d' --wait 60")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@filter_option()
@click.option(
    "--wait",
    type=Number(min=0, max=86_400),
    metavar="SECONDS",
    help="Stay so long for the answers, also while the API cannot be reached; an open call may take up to "
    "2 seconds more. Without it a running service is left to it, and a command that has to do the work "
    "itself stays until nothing new has come for 30 seconds, or the API cannot be reached.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each media.")
def command(ids: tuple[str, ...], wanted: Filter | None, wait: float | None, as_json: bool) -> int:
    """Asks the client to download the media with these IDs, or all that match the filter.

    A filter leaves out what is downloaded already, unless it names state:downloaded, and what has no id
    to ask for.
    If a service runs on the cache (a console or the command listen), the orders are left with it. If
    none runs, this command runs one for as long as its work takes, and that of other commands download
    meanwhile.
    """
    if bool(ids) == bool(wanted is not None and wanted.terms):
        raise click.UsageError("Give either ids or a --filter that is not empty.")
    settings = current_settings()
    with CacheReader(settings.db) as reader, ending_signals() as signals:
        chosen = _by_id(reader, ids) if wanted is None else _askable(_by_filter(reader, wanted, settings))
        orders = _orders(chosen)
        asked = len(set(ids)) or len(chosen)
        if not orders:
            say("There is nothing to ask for.")
            _print(reader, chosen, Watch(reader, ()), settings, as_json=as_json)
            return Exit.FAILED if asked else Exit.DONE
        watch = Watch(reader, orders)
        code = Errand(settings, watch, orders, wait, signals).run(reader)
        watch.look()
        _print(reader, chosen, watch, settings, as_json=as_json)
        if code is None:
            _tell_under_way(watch)
            code = _verdict(watch)
    return Exit.FAILED if code == Exit.DONE and len(orders) < asked else code


def _by_id(reader: CacheReader, ids: Sequence[str]) -> list[MediaKey]:
    found = []
    for key in dict.fromkeys(map(MediaKey, ids)):
        if reader.run(queries.media(key)) is None:
            say(f"The cache knows no media {key}.")
        else:
            found.append(key)
    return found


def _by_filter(reader: CacheReader, wanted: Filter, settings: Settings) -> list[MediaKey]:
    """What matches; downloaded media only where the filter names that state, for the client holds them."""
    window_ms, now = settings.window_ms, clock.wall()
    if not any(
        isinstance(term, StateTerm) and _DONE in term.states and not term.negated for term in wanted.terms
    ):
        counts = reader.ask(lambda moment: filtered_counts(moment, wanted, window_ms, now))
        if left_out := counts.views[View.DOWNLOADED]:
            say(
                f"Left out {left_out} downloaded already; state:downloaded in the filter asks for them again."
            )
        wanted = Filter(terms=(*wanted.terms, StateTerm(states=(_DONE,), negated=True)))
    selection = Selection(filter=wanted)
    return reader.ask(lambda moment: list(keys_of(moment, selection, window_ms, now)))


def _askable(found: Sequence[MediaKey]) -> list[MediaKey]:
    """What of it can be asked for; says how many cannot."""
    chosen = [key for key in found if is_retrievable(key)]
    if left_out := len(found) - len(chosen):
        say(f"Left out {left_out} without an id that a request can carry. Ask the senders for them.")
    return chosen


def _orders(chosen: Sequence[MediaKey]) -> list[Order]:
    """Orders for what can be asked for; says what cannot."""
    now, by = clock.wall(), operator()
    for key in chosen:
        if not is_retrievable(key):
            say(f"{key} has no id that a request can carry. Ask the sender to send it again.")
    return [Order(id=uuid.uuid4().hex, at=now, key=key, by=by) for key in chosen if is_retrievable(key)]


def _print(
    reader: CacheReader, chosen: Sequence[MediaKey], watch: Watch, settings: Settings, *, as_json: bool
) -> None:
    """One line a media as the cache has it now; in JSON with what became of its order."""
    now = clock.wall()
    if not as_json and chosen:
        result(heading())
    for key in chosen:
        media = watch.media.get(key) or reader.run(queries.media(key))
        if media is None:
            continue
        if as_json:
            order = watch.taken.get(key) if is_retrievable(key) else Taken.NOT_RETRIEVABLE
            told = order.value if order is not None else LEFT
            json_line({**media_record(media, settings.window_ms, now), "order": told})
        else:
            result(row(media, settings.window_ms, now))


def _tell_under_way(watch: Watch) -> None:
    if watch.under_way:
        say(f"Still under way: {watch.under_way} of {watch.asked}. The command list shows how they end.")


def _verdict(watch: Watch) -> Exit:
    for key, why in watch.refused.items():
        say(f"{key} could not be asked for: {why.value.replace('_', ' ')}.")
    trouble = watch.trouble() if watch.under_way else None
    if trouble is not None:
        say(f"{trouble.text} {trouble.remedy}")
        return Exit.API
    return Exit.FAILED if watch.failed else Exit.DONE
