"""What the commands do, one function each; `HANDLERS` joins them to the table of commands."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from console.domain.views import View
from console.ui.acts import asking, finding, looking, marking, moving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from console.ui.screens.main import MainScreen

Handler: TypeAlias = "Callable[[MainScreen], Awaitable[None]]"

HANDLERS: Mapping[str, Handler] = {
    "download": asking.download,
    "download_all": asking.download_all,
    "retry": asking.retry,
    "copy": looking.copy,
    "mark": marking.mark,
    "mark_range": marking.mark_range,
    "mark_all": marking.mark_all,
    "unmark": marking.unmark,
    "filter": finding.edit,
    "filter_toggle": finding.toggle,
    **{f"view_{index}": partial(finding.open_view, view=view) for index, view in enumerate(View, 1)},
    "view_back": finding.view_back,
    "sort": finding.sort,
    "sort_reverse": finding.reverse,
    "down": partial(moving.step, lines=1),
    "up": partial(moving.step, lines=-1),
    "page_down": partial(moving.page, pages=1),
    "page_up": partial(moving.page, pages=-1),
    "top": moving.top,
    "bottom": moving.bottom,
    "follow": moving.follow,
    "open": looking.open_detail,
    "close": looking.close,
    "next_pane": looking.other_pane,
    "previous_pane": looking.other_pane,
    "zoom": looking.zoom,
    "raw": looking.raw,
    "times": looking.times,
    "events": looking.events,
    "palette": looking.palette,
    "redraw": looking.redraw,
    "listener": looking.listener,
    "help": looking.help_,
    "quit": looking.quit_,
    "quit_now": looking.quit_now,
}
