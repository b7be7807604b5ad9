"""Looking: panes, sheets, copying, leaving."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from console.cache import queries
from console.cache.records import history_record, media_record
from console.domain import errors
from console.domain.display import line
from console.ui import troubles
from console.ui.acts.reasons import why_not
from console.ui.commands import COMMANDS, shown_key
from console.ui.rows import sender, title
from console.ui.theme import Ink

if TYPE_CHECKING:
    from console.cache.records import Json
    from console.domain.media import Media
    from console.ui.screens.main import MainScreen
    from console.ui.screens.picker import Choice

MOST_BODIES = 20
"""Webhook bodies of one media that are shown, the newest."""
LONGEST_COPY = 50_000
"""Bytes; terminals take about 75 kB once encoded."""


async def open_detail(screen: MainScreen) -> None:
    """Gives the detail the keys, and on narrow terminals the whole width."""
    screen.focus_pane("detail")


async def other_pane(screen: MainScreen) -> None:
    """Gives the keys to the other pane."""
    screen.focus_pane("list" if screen.pane == "detail" else "detail")


async def zoom(screen: MainScreen) -> None:
    """The focused pane in full size, and back."""
    screen.zoomed = not screen.zoomed
    screen.settle()


async def close(screen: MainScreen) -> None:
    """One level per press: a started range, the detail, the full size, the filter, the marks."""
    if screen.list.range_from is not None:
        screen.list.range_from = None
        screen.say("The range is forgotten.")
    elif screen.pane == "detail":
        screen.focus_pane("list")
    elif screen.zoomed:
        await zoom(screen)
    elif screen.finding.text:
        screen.finding.clear()
        await screen.reload()
    elif screen.list.marks:
        screen.list.marks.clear()
        screen.say("Marks cleared.")
        screen.redraw()
    else:
        screen.unsay()


async def times(screen: MainScreen) -> None:
    """Relative or absolute times."""
    screen.absolute = not screen.absolute
    screen.say("Absolute times, UTC." if screen.absolute else "Relative times.")
    screen.redraw()


async def raw(screen: MainScreen) -> None:
    """The webhook bodies of the current media."""
    from console.ui.screens.reader import Raw

    media = screen.current
    if media is None:
        return
    bodies = await screen.follower.ask(
        lambda moment: moment.run(queries.raw_bodies(media.key, media.account, limit=MOST_BODIES))
    )
    if bodies is None:
        return
    name, _ = title(media)
    screen.app.push_screen(Raw(screen.drawing, f"{name} from {sender(media)}", bodies))


async def events(screen: MainScreen) -> None:
    """Events and errors; they count as read then."""
    from console.ui.screens.reader import Events

    lasts = troubles.lasting(screen.standing, here=screen.setup.host.standing() is not None)
    happened = troubles.all_of(screen.notices, screen.failed, lasts)
    head = troubles.totals(screen.standing)
    sheet = Events(screen.drawing, happened, screen.setup.now(), absolute=screen.absolute, head=head)
    screen.read_until = max((event.at for event in happened), default=screen.read_until)
    screen.unsay()
    screen.app.push_screen(sheet)


async def help_(screen: MainScreen) -> None:
    """What every key does."""
    from console.ui.screens.reader import Help

    screen.app.push_screen(Help(screen.drawing, screen.setup, screen.pane))


async def palette(screen: MainScreen) -> None:
    """Every command, to be found by typing."""
    from console.ui.screens.picker import Choice, Picker

    choices = []
    for command in COMMANDS:
        if command.id in ("palette", "close"):
            continue
        reason = why_not(screen, command.id)
        tip = f"({reason})" if reason is not None else command.tip
        keys = " ".join(shown_key(key) for key in screen.setup.keys[command.id])
        choices.append(Choice(command.id, tip, keys, command.label))

    async def chosen(name: str | None) -> None:
        if name is not None:
            await screen.run(name)

    screen.app.push_screen(Picker(screen.drawing, "Commands", choices, typing=True), chosen)


async def copy(screen: MainScreen) -> None:
    """Chooses what to copy, and sends it to the terminal's clipboard."""
    from console.ui.screens.picker import Picker

    media = screen.current
    if media is None:
        return

    async def chosen(name: str | None) -> None:
        if name is not None:
            await _copied(screen, media, name)

    screen.app.push_screen(Picker(screen.drawing, "Copy", _copies(media)), chosen)


def _copies(media: Media) -> list[Choice]:
    from console.ui.screens.picker import Choice

    values = [("i", "id", media.id), ("h", "sha256", media.sha256), ("m", "message id", media.message_id)]
    values += [
        ("f", "from", media.sender),
        ("n", "file name", media.filename),
        ("c", "caption", media.caption),
    ]
    if media.error is not None:
        values.append(("e", "error", _error_text(media)))
    found = [Choice(name, value, key) for key, name, value in values if value]
    return [*found, Choice("record", "everything known of it as JSON, with its history", "r")]


def _error_text(media: Media) -> str:
    if media.error is None:
        return ""
    told = errors.sentence(media.error, media.id or media.key)
    return f"{told} [{media.error.details}]" if media.error.details else told


async def _copied(screen: MainScreen, media: Media, name: str) -> None:
    """Copies one line without control characters: pasted into a shell, it runs nothing by itself."""
    from console.ui.screens.reader import Value

    if name == "record":
        record = await _record(screen, media)
        text = json.dumps(record, separators=(",", ":")).replace("\x7f", "\\u007f")
    else:
        text = line(next((choice.tip for choice in _copies(media) if choice.name == name), ""), LONGEST_COPY)
    if len(text.encode()) > LONGEST_COPY:
        screen.say("That is too long for a terminal's clipboard: `media-console show` prints it.", Ink.WARN)
        return
    screen.app.copy_to_clipboard(text)
    if name == "record":
        told = json.dumps(record, indent=2)
        screen.app.push_screen(Value(screen.drawing, "Sent to terminal clipboard", told))
    else:
        screen.say(f"{name} sent to terminal clipboard: {text}")


async def _record(screen: MainScreen, media: Media) -> dict[str, Json]:
    setup = screen.setup
    record = media_record(media, setup.window_ms, setup.now())
    facts = await screen.follower.ask(lambda moment: moment.run(queries.history(media.key, media.account)))
    record["history"] = [history_record(fact) for fact in facts or ()]
    return record


async def listener(screen: MainScreen) -> None:
    """Tries to bind the listener's port at once, or to start the service where it failed to."""
    standing = screen.setup.host.standing()
    stopped = standing is not None and standing.stopped
    screen.setup.host.retry_listener()
    screen.say(
        "Trying to start the service again." if stopped else "Trying to bind the listener's port again."
    )


async def redraw(screen: MainScreen) -> None:
    """Everything that stands on the terminal, whatever the screen remembers of it."""
    await screen.run_action("app.draw_anew")


async def quit_(screen: MainScreen) -> None:
    """Back, or out at the top."""
    if screen.pane == "detail" and not screen.small:
        screen.focus_pane("list")
    else:
        screen.app.exit()


async def quit_now(screen: MainScreen) -> None:
    """Out."""
    screen.app.exit()
