"""`media-console download`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import click

from console import clock
from console.cache import queries
from console.cache.inbox import Inbox
from console.cache.reader import CacheReader
from console.cache.records import media_record
from console.cli.borrowing import borrowed_service
from console.cli.options import Number, current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.cli.selecting import filter_option
from console.cli.signals import ending_signals
from console.cli.text import heading, row
from console.cli.user import operator
from console.cli.waiting import Watch
from console.domain.exceptions import FixSetting
from console.domain.filters import Filter, StateTerm
from console.domain.media import MediaKey, State, is_retrievable
from console.domain.orders import Order
from console.domain.views import Selection
from console.service.lock import holder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.cli.signals import Signals
    from console.config import Settings

_DONE: Final = State.DOWNLOADED

NO_NEWS: Final = 30.0
"""Seconds without any news after which a command that runs the service itself gives up."""


@settings_options()
@click.command("download", epilog="Example: media-console download --filter 'state:failed due:<2d' --wait 60")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@filter_option()
@click.option(
    "--wait",
    type=Number(min=0, max=86_400),
    metavar="SECONDS",
    help="Stay so long for the answers. Without it a running service is left to it, and a command that "
    "has to do the work itself stays until nothing new has come for 30 seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each media.")
def command(ids: tuple[str, ...], wanted: Filter | None, wait: float | None, as_json: bool) -> int:
    """Asks the client to download the media with these IDs, or all that match the filter.

    A filter leaves out what is downloaded already, unless it names state:downloaded.
    If a service runs on the cache (a console or the command listen), the orders are left with it. If
    none runs, this command runs one for as long as its work takes.
    """
    if bool(ids) == bool(wanted is not None and wanted.terms):
        raise click.UsageError("Give either ids or a --filter that is not empty.")
    settings = current_settings()
    with CacheReader(settings.db) as reader, ending_signals() as signals:
        chosen = _by_id(reader, ids) if wanted is None else _by_filter(reader, wanted, settings)
        orders = _orders(chosen)
        asked = len(set(ids)) or len(chosen)
        if not orders:
            say("There is nothing to ask for.")
            return Exit.FAILED if asked else Exit.DONE
        watch = Watch(reader, orders)
        number = _carry_out(settings, watch, orders, wait, signals)
        if watch.taken:
            _print(watch, orders, settings, as_json=as_json)
        if number is not None:
            return 128 + number
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
    now = clock.wall()
    if any(
        isinstance(term, StateTerm) and _DONE in term.states and not term.negated for term in wanted.terms
    ):
        return reader.run(queries.keys(Selection(filter=wanted), settings.window_ms, now))
    done, open_ = (
        Selection(filter=Filter(terms=(*wanted.terms, StateTerm(states=(_DONE,), negated=negated))))
        for negated in (False, True)
    )
    if left_out := reader.run(queries.count(done, settings.window_ms, now)):
        say(f"Left out {left_out} downloaded already; state:downloaded in the filter asks for them again.")
    return reader.run(queries.keys(open_, settings.window_ms, now))


def _orders(chosen: Sequence[MediaKey]) -> list[Order]:
    """Orders for what can be asked for; says what cannot."""
    now, by = clock.wall(), operator()
    for key in chosen:
        if not is_retrievable(key):
            say(f"{key} has no id that a request can carry. Ask the sender to send it again.")
    return [Order(id=uuid.uuid4().hex, at=now, key=key, by=by) for key in chosen if is_retrievable(key)]


def _carry_out(
    settings: Settings, watch: Watch, orders: Sequence[Order], wait: float | None, signals: Signals
) -> int | None:
    """Leaves the orders and stays as long as is asked for; the number of a signal that ended it."""
    who = holder(settings.db)
    if who is None:
        if settings.api_url is None:
            raise FixSetting(
                "No service runs on this cache, and the setting API_URL does not say where to ask.",
                "Set MEDIA_CONSOLE_API_URL or give --api-url, or start media-console listen.",
            )
        with borrowed_service(settings, signals) as who:
            if who is None:
                _leave(settings, orders)
                return _stay(watch, signals, own=True, wait=wait)
    _leave(settings, orders)
    if wait is None:
        say(f"Left {_count(orders)} with the service ({who}).")
        return None
    return _stay(watch, signals, own=False, wait=wait)


def _leave(settings: Settings, orders: Sequence[Order]) -> None:
    with Inbox(settings.db) as inbox:
        inbox.leave(orders)


def _stay(watch: Watch, signals: Signals, *, own: bool, wait: float | None) -> int | None:
    """Waits for the end of the orders; the number of a signal that came first."""
    began = news = clock.monotonic()
    while True:
        if watch.look():
            news = clock.monotonic()
        if watch.settled or watch.stuck() is not None:
            return None
        now = clock.monotonic()
        enough = wait is not None and now - began >= wait
        if (enough and (not own or watch.answered)) or (own and now - news >= NO_NEWS):
            return None
        if (number := signals.wait(0.05)) is not None:
            return number


def _print(watch: Watch, orders: Sequence[Order], settings: Settings, *, as_json: bool) -> None:
    now = clock.wall()
    if not as_json and watch.media:
        result(heading())
    for order in orders:
        media = watch.media.get(order.key)
        if media is None:
            continue
        if as_json:
            json_line(media_record(media, settings.window_ms, now))
        else:
            result(row(media, settings.window_ms, now))
    if watch.under_way:
        say(f"Still under way: {watch.under_way} of {len(orders)}. The command list shows how they end.")


def _verdict(watch: Watch) -> Exit:
    if not watch.taken:
        return Exit.DONE
    for key, why in watch.refused.items():
        say(f"{key} could not be asked for: {why.value.replace('_', ' ')}.")
    trouble = watch.trouble() if watch.under_way else None
    if trouble is not None:
        say(f"{trouble.text} {trouble.remedy}")
        return Exit.API
    return Exit.FAILED if watch.failed else Exit.DONE


def _count(orders: Sequence[Order]) -> str:
    return "1 order" if len(orders) == 1 else f"{len(orders)} orders"
