"""What a dialect read in one webhook body."""

from __future__ import annotations

from msgspec import Struct

from console.domain.facts import Fact
from console.domain.standing import Notice


class Unread(Struct, frozen=True, kw_only=True):
    """A part of a body that was valid JSON but not understood: it goes into quarantine.

    `where` is a path into the body (`messages[3].image`), `reason` a sentence without the
    sender's text in it.
    """

    where: str
    reason: str


class Reading(Struct, frozen=True, kw_only=True):
    """Facts that were found, parts that were not understood, and trouble the client reported.

    A body that gave nothing of these three is other people's business and is not kept.
    """

    facts: tuple[Fact, ...] = ()
    unread: tuple[Unread, ...] = ()
    notices: tuple[Notice, ...] = ()
