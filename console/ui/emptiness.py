"""What stands in a list without rows: a first start, a good empty view, a filter without a match."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.standing import Health
from console.domain.views import View
from console.ui.paint import EMPTY, Line, Piece, line, piece
from console.ui.theme import Ink

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.domain.standing import Standing
    from console.ui.finding import Finding
    from console.ui.listing import Page

MASK = "••••"
"""Stands for the secret in a callback address."""

_GOOD = {
    View.NEEDS_DOWNLOAD: "Nothing needs a download.",
    View.REQUESTED: "Nothing is under way.",
    View.FAILED: "Nothing failed.",
    View.DUE_SOON: "Nothing is due soon.",
    View.DOWNLOADED: "Nothing was downloaded yet.",
}


def words(
    page: Page, finding: Finding, standing: Standing | None, callback: Callable[[str], str]
) -> list[Line]:
    """The lines for an empty list; none where it has rows."""
    if page.total:
        return []
    if not page.everything:
        return first_start(standing, callback)
    if finding.text and finding.on:
        told = line("  ", piece(f'No match for "{finding.text}".', Ink.STRONG))
        return [EMPTY, (*told, piece(" Esc clears, \\ hides the filter."))]
    return [EMPTY, line("  ", piece(_GOOD.get(page.selection.view, "Nothing here."), Ink.GOOD))]


def first_start(standing: Standing | None, callback: Callable[[str], str]) -> list[Line]:
    """How events get here, and how to see the console with some."""
    lines = [EMPTY, line("  ", piece("No media yet.", Ink.STRONG)), EMPTY]
    bound = standing.listener if standing is not None and not standing.stopped else None
    if bound is None:
        lines += [line("  ", _deaf(standing)), EMPTY]
    else:
        url = callback(bound)
        event = '{"messages":[{"id":"m1","type":"image","image":{"id":"test-1"}}]}'
        heard = "webhooks arrive" if standing and standing.webhooks else "no webhook yet"
        lines += [
            line("  Callback address  ", piece(url, Ink.KEY), piece(f"  ({heard})", Ink.DIM)),
            line(piece("  Set it as webhooks.url in the client's application settings.", Ink.DIM)),
            EMPTY,
            line("  Send a test event from another terminal:"),
            line(piece("    curl -H 'Content-Type: application/json' \\", Ink.KEY)),
            line(piece(f"      -d '{event}' \\", Ink.KEY)),
            line(piece(f"      {url.replace(MASK, '$SECRET')}", Ink.KEY)),
            *([line(piece("  Put the webhook secret for $SECRET.", Ink.DIM))] if MASK in url else []),
            EMPTY,
        ]
    if standing is not None and standing.health is Health.NOT_CONFIGURED:
        lines += [
            line("  No API is set, nothing can be asked for. Set ", piece("MEDIA_CONSOLE_API_URL", Ink.KEY)),
            EMPTY,
        ]
    lines.append(line("  Or look at the console with made-up media:  ", piece("media-console demo", Ink.KEY)))
    return lines


def _deaf(standing: Standing | None) -> Piece:
    """Why there is no address to give: it comes in a moment, or it does not."""
    if standing is None or not (standing.stopped or standing.listener_error):
        return piece("The listener is starting.", Ink.DIM)
    return piece("No listener is running here, so no event can arrive at this console.", Ink.WARN)
