"""`media-console recover`."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click
import msgspec

from console import clock
from console.cache.source import NoCache, look
from console.cli.options import current_settings, settings_options
from console.cli.output import Exit, json_line, result, say
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path

    from console.cache.recovery import Recovered


@settings_options("config", "db")
@click.command("recover", epilog="Example: media-console recover --db /var/lib/media-console/media.db")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(as_json: bool) -> int:
    """Rebuilds a damaged cache from all that can be read of it, and sets the damaged file aside.

    No service may run. Rows that SQLite does not find are looked for page by page, and what cannot be read
    of the history is read anew from the webhook bodies. The damaged file is kept beside the cache, with
    .damaged- and the day in its name. A cache that is sound stays as it is.
    """
    from console.cache.recovery import Recovered, damage
    from console.cache.replacing import undo_half
    from console.service.lock import ServiceLock

    db = current_settings().db
    aside: Path | None = None
    done = Recovered()
    try:
        look(db)
        with ExitStack() as stack:
            stack.callback(ServiceLock(db, passing=True).release)
            undo_half(db)
            why = damage(db)
            if why is None:
                say(f"The cache {db} is sound. Nothing was changed.")
            else:
                say(why)
                done, aside = _recover(db)
    except NoCache as none:
        say(none)
    if as_json:
        json_line({**msgspec.to_builtins(done), "set_aside": None if aside is None else str(aside)})
    elif aside is not None:
        for name, number in msgspec.to_builtins(done).items():
            if not isinstance(number, bool):
                result(f"{name:<12}{number:>10}")
    if aside is None:
        return Exit.DONE
    _explain(done, aside)
    return Exit.FAILED if done.unreadable else Exit.DONE


def _recover(db: Path) -> tuple[Recovered, Path]:
    """Builds the new cache and puts it in the place of the damaged one."""
    from console.cache.recovery import Recovered, rebuild_cache
    from console.cache.replacing import replace_damaged
    from console.platforms.onpremises.webhook import read_webhook

    rebuilt = [Recovered()]

    def build(draft: Path) -> None:
        rebuilt[0] = rebuild_cache(db, draft, read_webhook)

    try:
        aside = replace_damaged(db, build, clock.wall())
    except (OSError, sqlite3.Error) as error:
        raise FixSetting(
            f"The recovered cache cannot be written beside {db} ({error}). {db.name} is as it was.",
            "Make room for it, and check that the folder may be written.",
        ) from error
    return rebuilt[0], aside


def _explain(done: Recovered, aside: Path) -> None:
    empty = not done.media and not done.bodies
    if done.beginning_lost:
        say("Its beginning, which says where all else is, is gone. Every page was looked at for itself.")
    if empty and done.unreadable:
        say(
            "Nothing could be read of it. The new cache is empty; what the client sends again comes into it. "
            f"The damaged cache lies at {aside}; it may hold personal data."
        )
        return
    if done.pages_lost:
        some = f"at most about {done.media_lost} media" if done.media_lost else "no media as a whole"
        pages = "1 page" if done.pages_lost == 1 else f"{done.pages_lost} pages"
        say(f"{pages} could not be read; what stood there alone is lost: {some}.")
    elif done.unreadable:
        say(f"Places that could not be read: {done.unreadable}. What was told there alone is lost.")
    say(
        f"The damaged cache lies at {aside}. Look first whether the new one has what you need "
        "(media-console list, media-console replay); then remove the old one: it holds personal data."
    )
