"""What a media is called in a sentence for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.display import Shown, line
from console.domain.media import MediaType

if TYPE_CHECKING:
    from console.domain.media import Media


def subject(media: Media) -> Shown:
    """A media in few words: `image from Kerry Fisher`, `invoice.pdf from +16315551234`.

    Where nobody is known to have sent it, the file name alone, else the type and the id.
    """
    kind = "media" if media.type is MediaType.UNKNOWN else media.type.value
    who = sender(media)
    if who is not None:
        return line(f"{line(media.filename) if media.filename else kind} from {who}")
    return line(media.filename or f"{kind} {media.id or media.key}")


def sender(media: Media) -> Shown | None:
    """Who sent it: the profile name, else the number; None while no announcement told it.

    A name that shows as nothing, blanks alone, is none.
    """
    if media.sender_name and (name := line(media.sender_name)).strip():
        return name
    if media.sender:
        return number(media.sender)
    return Shown("(no name)") if media.sender_name else None


def number(told: str) -> Shown:
    """A sender's id, with a plus where it is a telephone number."""
    return line(f"+{told}" if told.isascii() and told.isdigit() else told)
