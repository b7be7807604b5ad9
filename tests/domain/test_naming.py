from __future__ import annotations

import pytest

from console.domain.media import Media, MediaId, MediaKey, MediaType
from console.domain.naming import number, sender, subject

ID = "11fd4f2b"


def media(
    type_: MediaType = MediaType.IMAGE,
    sender: str | None = None,
    sender_name: str | None = None,
    filename: str | None = None,
    media_id: str | None = ID,
) -> Media:
    id_ = None if media_id is None else MediaId(media_id)
    key = MediaKey(media_id or "message:ABGG1")
    return Media(key=key, id=id_, type=type_, sender=sender, sender_name=sender_name, filename=filename)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (media(sender="16315551234", sender_name="Kerry Fisher"), "image from Kerry Fisher"),
        (media(sender="16315551234"), "image from +16315551234"),
        (media(sender="user.42"), "image from user.42"),
        (media(MediaType.DOCUMENT, sender="1", filename="invoice.pdf"), "invoice.pdf from +1"),
        (media(MediaType.DOCUMENT, filename="invoice.pdf"), "invoice.pdf"),
        (media(), f"image {ID}"),
        (media(MediaType.UNKNOWN), f"media {ID}"),
        (media(media_id=None), "image message:ABGG1"),
        (media(sender_name="\x1b[31mMallory\n"), "image from \u241b[31mMallory\u21b5"),
    ],
)
def test_a_media_is_named_by_what_is_known_of_it(one: Media, told: str) -> None:
    assert subject(one) == told


def test_who_sent_it() -> None:
    assert sender(media()) is None
    assert sender(media(sender="1", sender_name="")) == "+1"
    assert sender(media(sender="1", sender_name=" \u2003")) == "+1"
    assert sender(media(sender_name="  ")) == "(no name)"
    assert number("\u0661") == "\u0661"
