"""Takes the parts of a webhook body and notes those that are of the wrong kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.media import Origin, StoreError
from console.domain.reading import Unread
from console.platforms.onpremises import wire
from console.platforms.onpremises.limits import NAME_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.platforms.onpremises.wire import JsonObject

MOST_UNREAD = 100
"""Parts of one body that are listed as not understood; the rest is counted in a last entry."""


class Parts:
    """The root of a body, and what of it was not understood so far.

    `where` is always the path of the part that a value is taken from; a reason never holds the
    sender's text.
    """

    __slots__ = ("_names", "_root", "_unread", "_unread_more")

    def __init__(self, root: JsonObject) -> None:
        self._root = root
        self._names: dict[str, str] | None = None
        self._unread: list[Unread] = []
        self._unread_more = 0

    def listed(self) -> tuple[Unread, ...]:
        """What was not understood, cut to a bounded number."""
        if self._unread_more:
            reason = f"{self._unread_more} more parts were not understood"
            return (*self._unread, Unread(where="body", reason=reason))
        return tuple(self._unread)

    def array(self, key: str) -> list[object]:
        """One of the root's arrays; empty where it is absent, null or something else."""
        value = self._root.get(key)
        if type(value) is list:
            return value
        if value is not None:
            self.odd(key, "an array", value)
        return []

    def objects(self, key: str) -> Iterator[tuple[str, JsonObject]]:
        """The objects of one of the root's arrays with their paths; all else in it is noted.

        What is not listed any more is only counted, so that a million of them do not hold up the loop.
        """
        full, more = False, 0
        for index, part in enumerate(self.array(key)):
            if type(part) is dict:
                yield f"{key}[{index}]", part
            elif full:
                more += 1
            else:
                self.odd(f"{key}[{index}]", "an object", part)
                full = len(self._unread) == MOST_UNREAD
        self._unread_more += more

    def text(self, part: JsonObject, key: str, limit: int, where: str) -> str | None:
        """A text of a part, cut to a length; None where it is absent, empty or no text."""
        value = part.get(key)
        if type(value) is str:
            return value[:limit] or None
        if value is None:
            return None
        words = wire.text(value, limit)
        if words is None:
            self.odd(f"{where}.{key}", "a text", value)
        return words

    def odd(self, where: str, expected: str, value: object) -> None:
        """Notes that a value is of the wrong kind."""
        self.note(where, f"expected {expected}, got {wire.name_of(value)}")

    def note(self, where: str, reason: str) -> None:
        """Notes that a part was not understood, and why."""
        if len(self._unread) < MOST_UNREAD:
            self._unread.append(Unread(where=where, reason=reason))
        else:
            self._unread_more += 1

    def error(self, part: JsonObject, media: JsonObject, where: str) -> StoreError | None:
        """The first error of a message or an item; anything under `errors` that is not empty counts."""
        errors = part.get("errors") or media.get("errors")
        if not errors:
            return None
        for error in errors if type(errors) is list else [errors]:
            if type(error) is dict:
                return wire.store_error(error, Origin.WEBHOOK)
        self.note(f"{where}.errors", "no error in it can be read")
        return StoreError(code="unknown", title="Unreadable error", origin=Origin.WEBHOOK)

    def sender(self, message: JsonObject, where: str) -> str | None:
        """`from`, or what providers put in its place for accounts without a number [S-TRN]."""
        for key in ("from", "from_bsuid", "user_id"):
            sender = self.text(message, key, NAME_LIMIT, where)
            if sender is not None:
                return sender
        return None

    def name(self, sender: str) -> str | None:
        """The profile name of a sender; contacts may be missing or be those of others."""
        if self._names is None:
            self._names = {}
            for where, contact in self.objects("contacts"):
                self._contact(contact, where)
        return self._names.get(sender)

    def _contact(self, contact: JsonObject, where: str) -> None:
        profile = contact.get("profile")
        if type(profile) is not dict:
            if profile is not None:
                self.odd(f"{where}.profile", "an object", profile)
            return
        name = self.text(profile, "name", NAME_LIMIT, f"{where}.profile")
        if name is None or self._names is None:
            return
        for key in ("wa_id", "user_id"):
            sender = self.text(contact, key, NAME_LIMIT, where)
            if sender is not None:
                self._names.setdefault(sender, name)
