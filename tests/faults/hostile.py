"""Hostile webhook bodies, each with the answer it must get and what must be kept of it.

What is expected follows from the rules for webhooks alone, not from what the program does: 200 for
all that is JSON, with the media in it as rows and what is odd in quarantine; 400 for the rest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.faults.hostile_texts import HOSTILE_IDS, REFUSED_IDS, RETRIEVABLE_IDS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

SENT = 1_795_000_000
"""A plausible message time in seconds: November 2026."""


class Case(NamedTuple):
    """One body. `keys` are the rows that it leaves, `unread` whether a part of it is in quarantine."""

    name: str
    body: bytes
    status: int = 200
    keys: tuple[str, ...] = ()
    unread: bool = False


def whole(text: str) -> str:
    """The text as it is stored: half characters are replaced."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def message(ident: object, **more: object) -> dict[str, Any]:
    """A message with an undownloaded image; what is given goes into the message, an `image` into that."""
    image = {"id": ident, "mime_type": "image/jpeg", "sha256": "ab" * 32, "status": "undownloaded"}
    told = more.pop("image", {})
    image |= told if isinstance(told, dict) else {}
    whole = {"from": "16315551234", "id": f"wamid-{ident}"[:300], "timestamp": str(SENT), "type": "image"}
    return {**whole, "image": image, **more}


def item(ident: object, **more: object) -> dict[str, Any]:
    """A failed result for an image."""
    error = {"code": 400, "title": "Parameter not valid", "details": "Media not found in the datastore."}
    return {"type": "image", "image": {"id": ident, "status": "downloaded"}, "errors": [error], **more}


def encoded(value: object) -> bytes:
    """JSON in raw UTF-8; in ASCII with escapes where there are half characters."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def announcing(*messages: object, **more: object) -> bytes:
    """A body of messages."""
    return encoded({"messages": messages, **more})


def resulting(*items: object, **more: object) -> bytes:
    """A body of results."""
    return encoded({"media_items": items, **more})


def saying(ident: str, text: str) -> bytes:
    """An announcement that has a text wherever a sender may put one."""
    image = {"caption": text, "filename": text, "mime_type": text, "sha256": text, "link": text, "file": text}
    sender = whole(text)[:256] or "nobody"
    contact = {"profile": {"name": text}, "wa_id": sender}
    told = message(ident, image=image, id=f"m-{text}", **{"from": sender, text: text})
    return announcing(told, contacts=[contact], **{text: {text: [text]}})


def failing(ident: str, text: str) -> bytes:
    """A failed result that has it wherever the client may put one."""
    error = {"code": text, "title": text, "details": text, "href": text, text: text}
    image = {"id": ident, "status": text, "mime_type": text, "sha256": text}
    return resulting(item(ident, errors=[error], image=image, meta=text))


def texts() -> Iterator[Case]:
    """Every text in every place of both kinds of webhook, and as trouble of the client itself."""
    for name, text in TEXTS.items():
        yield Case(f"message {name}", saying(f"message-{name}", text), keys=(f"message-{name}",))
        yield Case(f"result {name}", failing(f"result-{name}", text), keys=(f"result-{name}",))
    for name in ("title", "action-link", "override", "newline-command", "lone-surrogates", "long-escapes"):
        told = {"code": TEXTS[name], "title": TEXTS[name], "details": TEXTS[name]}
        yield Case(f"client trouble {name}", encoded({"errors": [told]}))
        odd = {"type": TEXTS[name], "id": name, "from": "1", TEXTS[name]: {"mime_type": TEXTS[name]}}
        yield Case(f"unknown kind {name}", announcing(odd), unread=True)


def ids() -> Iterator[Case]:
    """Every id in both kinds of webhook."""
    for number, ident in enumerate((*RETRIEVABLE_IDS, *HOSTILE_IDS)):
        key = whole(ident)
        yield Case(f"id {number} announced", announcing(message(ident)), keys=(key,))
        yield Case(f"id {number} failed", resulting(item(ident)), keys=(key,))
    for number, ident in enumerate(REFUSED_IDS):
        yield Case(f"refused id {number} announced", announcing(message(ident)), unread=True)
        yield Case(f"refused id {number} failed", resulting(item(ident)), unread=True)
    for number, ident in enumerate(("../x", "a/b\n", "\x1b[2J")):
        lost = message(None, id=f"lost-{ident}")
        yield Case(f"no media id {number}", announcing(lost), keys=(f"message:lost-{ident}",))
    yield Case("a numeric id", announcing(message(4217)), keys=("4217",))
    yield Case("an empty id and message id", announcing(message("", id="")), unread=True)
    yield Case("a result with an empty id", resulting(item("")), unread=True)


_ODD: dict[str, object] = {"true": True, "a half": 0.5, "an array": [[]], "an object": {"a": {}}}
_TEXTUAL = (
    "id",
    "from",
    "image.mime_type",
    "image.sha256",
    "image.status",
    "image.caption",
    "image.filename",
)


def wrong_types() -> Iterator[Case]:
    """Every known field with a value of every wrong kind: the media is kept, the odd part noted."""
    for odd, value in _ODD.items():
        for field in _TEXTUAL:
            ident = f"odd {odd} in {field}"
            holder, _, name = field.rpartition(".")
            told = message(ident, image={name: value}) if holder else message(ident, **{name: value})
            yield Case(ident, announcing(told), keys=(ident,), unread=True)
        for field in ("mime_type", "sha256"):
            ident = f"odd {odd} in a result's {field}"
            told = item(ident, image={"id": ident, field: value})
            yield Case(ident, resulting(told), keys=(ident,), unread=True)
        yield Case(f"odd {odd} as id", announcing(message(value)), unread=True)
        yield Case(f"odd {odd} as a result's id", resulting(item(value)), unread=True)
        yield Case(f"odd {odd} as message", announcing(value if value != {"a": {}} else 1), unread=True)
        yield Case(f"odd {odd} as item", resulting(value), unread=True)
        for field in ("title", "details", "code"):
            ident = f"odd {odd} in an error's {field}"
            error = {"code": 400, "title": "x", "details": "y", field: value}
            yield Case(ident, resulting(item(ident, errors=[error])), keys=(ident,))
        ident = f"odd {odd} as timestamp"
        yield Case(ident, announcing(message(ident, timestamp=value)), keys=(ident,))
        ident = f"odd {odd} beside contacts"
        yield Case(
            ident, announcing(message(ident), contacts=[value]), keys=(ident,), unread=odd != "an object"
        )
        ident = f"odd {odd} as profile"
        profile = announcing(message(ident), contacts=[{"wa_id": "16315551234", "profile": value}])
        yield Case(ident, profile, keys=(ident,), unread=odd != "an object")
        for root in ("messages", "media_items", "errors"):
            if not isinstance(value, list):
                yield Case(f"odd {odd} as {root}", encoded({root: value}), unread=True)
    for field in ("from", "id", "timestamp", "image"):
        ident = f"null in {field}"
        null = {"image": {"caption": None}} if field == "image" else {field: None}
        yield Case(ident, announcing(message(ident, **null)), keys=(ident,))
    yield Case("an image that is a text", announcing({**message("x"), "image": "x"}), unread=True)
    yield Case("an image that is an array", resulting({"type": "image", "image": []}), unread=True)
    yield Case("an image with no image", announcing({"type": "image", "id": "m"}), unread=True)
    yield Case("results without any media", resulting({}, {"type": "image"}), unread=True)


_CODES = (0, -1, 10**9, 10**60, 1e400, -0.0, "", "400", "0400", "1_000", "\u0664\u0660\u0660", "4" * 5000)
_ERRORS: dict[str, object] = {
    "empty": [],
    "null": None,
    "of nothing": [{}],
    "of null": [None],
    "an object": {"code": 400, "title": "x"},
    "a text": "\x1b[2J[/]",
    "nested": [[{"code": 400}]],
    "many": [{"code": n, "title": "\x1b[31m", "details": "\u202e"} for n in range(500)],
}


def errors() -> Iterator[Case]:
    """Codes and arrays of errors of all kinds."""
    for number, code in enumerate(_CODES):
        ident = f"code {number}"
        yield Case(
            ident,
            resulting(item(ident, errors=[{"code": code}])).replace(b"Infinity", b"1e400"),
            keys=(ident,),
        )
    for name, told in _ERRORS.items():
        unreadable = name in ("of null", "a text", "nested")
        ident = f"errors {name}"
        yield Case(ident, resulting(item(ident, errors=told)), keys=(ident,), unread=unreadable)
        ident = f"announced with errors {name}"
        yield Case(ident, announcing(message(ident, errors=told)), keys=(ident,), unread=unreadable)


_TIMES = (
    *(0, -1, 1, 10**11, 10**13, 10**60, SENT * 1000, 1e400, 0.5, 1.795e9),
    *("", "0", "-1", "+1", "1_7", "0x10", "1e9", " 1", "1 ", "\u0661\u0667", "\uff11", "9" * 11, "9" * 13),
    *("9" * 5000, "now", "2026-11-22T00:00:00Z", "\x1b[2J", "1795000000\n", "NaN"),
)


def times() -> Iterator[Case]:
    """A message is kept whatever its time says."""
    for number, told in enumerate(_TIMES):
        ident = f"time {number}"
        body = announcing(message(ident, timestamp=told)).replace(b"Infinity", b"1e400")
        yield Case(ident, body, keys=(ident,))


def every_case() -> list[Case]:
    """All of this module and of `hostile_bytes`."""
    from tests.faults import hostile_bytes

    made = (texts(), ids(), wrong_types(), errors(), times(), hostile_bytes.cases())
    return [case for kind in made for case in kind]
