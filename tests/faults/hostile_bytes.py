"""Hostile bodies below the level of values: encodings, grammar, numbers, nesting, size, repetition."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from tests.faults.hostile import Case, announcing, encoded, item, message, resulting

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 3_000_000
"""Bytes that a body may have."""


def _with(ident: str, raw: bytes, *, in_message: bool = True) -> bytes:
    """An announcement with raw JSON text in the place of a value that nobody reads."""
    told = message(ident, **({"more": "HERE"} if in_message else {}))
    return announcing(told, **({} if in_message else {"more": "HERE"})).replace(b'"HERE"', raw)


def encodings() -> Iterator[Case]:
    """Anything but UTF-8 is refused; a mark in front of it is not."""
    plain = announcing(message("encoded", image={"caption": "HERE"}))
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp500", "utf-7"):
        if name != "utf-7":
            yield Case(f"in {name}", plain.decode().encode(name), 400)
    marked = announcing(message("behind a mark"))
    yield Case("behind a mark", codecs.BOM_UTF8 + marked, keys=("behind a mark",))
    yield Case("behind two marks", codecs.BOM_UTF8 * 2 + plain, 400)
    yield Case("behind the mark of utf-16", codecs.BOM_UTF16_LE + plain, 400)
    yield Case("a mark inside", plain.replace(b"{", b"{" + codecs.BOM_UTF8, 1), 400)
    for name, raw in {
        "latin-1": b"K\xe9rry",
        "overlong slash": b"\xc0\xaf",
        "overlong slash of three": b"\xe0\x80\xaf",
        "overlong nul": b"\xc0\x80",
        "truncated": b"\xe6\xbc",
        "raw surrogate": b"\xed\xa0\x80",
        "raw pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
        "above the last": b"\xf4\x90\x80\x80",
        "five bytes": b"\xf8\x88\x80\x80\x80",
        "lone continuation": b"\x80",
        "ff and fe": b"\xff\xfe",
        "cut by the quote": b"\xf0\x9f\x98",
    }.items():
        yield Case(f"{name} in a value", plain.replace(b"HERE", raw), 400)
        yield Case(f"{name} in a key", plain.replace(b'"caption"', b'"' + raw + b'"'), 400)
    yield Case("half a body", plain[: len(plain) // 2], 400)
    yield Case("two bodies", plain * 2, 400)


def grammar() -> Iterator[Case]:
    """What is nearly JSON is none."""
    for number, body in enumerate(
        (
            *(b"", b" ", b"\n\n", b"\x00", b"\x00" * 1000, b"nul", b"None", b"undefined", b"True", b"'a'"),
            *(
                b"{",
                b"}",
                b"[",
                b"]",
                b'"',
                b'{"a"}',
                b'{"a":}',
                b'{"a":1,}',
                b"[1,]",
                b"[,1]",
                b"{,}",
                b"[1 2]",
            ),
            *(b"{a:1}", b"{'a':1}", b'{"a":1}}', b"[]]", b"//c\n[]", b"/**/[]", b"[]//c", b'{"a":1 "b":2}'),
            *(
                b'"\\x41"',
                b'"\\u12"',
                b'"\\ud8"',
                b'"\\"',
                b'"a\nb"',
                b'"a\tb"',
                b'"\x1b[2J"',
                b'"\x00"',
                b"\x0c[]",
            ),
            *(b"NaN", b"[NaN]", b"[Infinity]", b"[-Infinity]", b"[1_7]", b"[01]", b"[+1]", b"[1.]", b"[.5]"),
            *(
                b"[0x10]",
                b"[1e]",
                b"[--1]",
                b"[-]",
                "[\u0661]".encode(),
                "[\uff11]".encode(),
                "\u00a0[]".encode(),
            ),
            *(b"<xml/>", b"messages=1", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"\x80\x04\x95", b"%PDF-1.4"),
            *(b")]}',\n{}", b"callback({})", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"),
            *(b"\x1b]0;OWNED\x07", b"\x1b[2J{}", b"{}\x1b[2J"),
        )
    ):
        yield Case(f"no JSON {number}", body, 400)


def roots() -> Iterator[Case]:
    """JSON that is no webhook is kept in quarantine."""
    for body in (
        *(
            b"null",
            b"true",
            b"false",
            b"0",
            b"-0",
            b"1e400",
            b"-1e400",
            b"0.1",
            b'""',
            b'"x"',
            b"[]",
            b"[[]]",
            b"{}",
        ),
        *(
            b'[{"messages":[]}]',
            b'{"":1}',
            b'{"\\u0000":1}',
            b'{"Messages":[]}',
            b'{"messages ":[]}',
            b" {} \r\n\t",
        ),
        *(b"9" * 5000, b'"\\ud800"', b'{"entry":[{"changes":[]}],"object":"whatsapp_business_account"}'),
        *(b'{"__proto__":{"messages":[]}}', b'{"\\u001b[2J":"\\u001b[2J"}'),
    ):
        yield Case(f"root {body[:40]!r}", body, unread=True)
    for body in (b'{"messages":[]}', b'{"messages":null}', b'{"statuses":{"a":1}}', b'{"contacts":5}'):
        yield Case(f"nothing in {body!r}", body)
    for name, raw in {
        "numbers": b"[" + b"9" * 5000 + b",1e400,-0,-1e-400,0.1e1]",
        "halves": b'"\\ud800"',
    }.items():
        yield Case(f"{name} beside a media", _with(f"{name} beside", raw), keys=(f"{name} beside",))


def nesting() -> Iterator[Case]:
    """Up to 64 levels are read, more are refused, however many; a root object and an array are two."""
    for depth in (63, 64, 65, 1000, 10_000, 1_400_000):
        status, unread = (200, True) if depth <= 64 else (400, False)
        yield Case(f"{depth} arrays", b"[" * depth + b"]" * depth, status, unread=unread)
        if depth <= 10_000:
            objects = b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)
            yield Case(f"{depth} objects", objects, status, unread=unread)
    for deep, status in ((61, 200), (62, 400), (5000, 400)):
        ident = f"beside {deep} arrays"
        body = _with(ident, b"[" * deep + b"]" * deep)
        yield Case(ident, body, status, keys=(ident,) if status == 200 else ())
        ident = f"before {deep + 2} arrays"
        body = _with(ident, b"[" * (deep + 2) + b"]" * (deep + 2), in_message=False)
        yield Case(ident, body, status, keys=(ident,) if status == 200 else ())
    yield Case("open arrays", b"[" * 1_500_000, 400)
    yield Case("open objects", b'{"a":' * 500_000, 400)
    lenient = b'{"a":"\\ud800","b":' + b"[" * 70 + b"]" * 70 + b"}"
    yield Case("deep beside half a character", lenient, 400)


def repetition() -> Iterator[Case]:
    """Keys that come twice, and the same media again and again."""
    twice = b'{"messages":[],"messages":' + encoded([message("twice, the last")]) + b"}"
    yield Case("messages twice", twice, keys=("twice, the last",))
    image = b'"image":{"id":"first of two","id":"second of two"}'
    yield Case("an id twice", b'{"media_items":[{"type":"image",' + image + b"}]}", keys=("second of two",))
    same = [message("the same", image={"caption": f"{n}"}) for n in range(50)]
    yield Case("the same media 50 times", announcing(*same), keys=("the same",))
    mixed = [
        message("good one"),
        1,
        None,
        message("../x/y"),
        message({"a": 1}),
        item("x"),
        message("good two"),
    ]
    yield Case(
        "good and bad messages", announcing(*mixed), keys=("good one", "../x/y", "x", "good two"), unread=True
    )
    results = [item("good three"), [], item([]), item("message:x"), {"image": {"id": "good four"}}]
    yield Case("good and bad results", resulting(*results), keys=("good three", "good four"), unread=True)
    both = {
        "messages": [message("both"), 7],
        "media_items": [item("both too"), 7],
        "errors": [7],
        "statuses": 7,
    }
    yield Case("all arrays at once", encoded(both), keys=("both", "both too"), unread=True)


def sizes() -> Iterator[Case]:
    """Large bodies, up to the last byte that is taken."""
    keys = {f"key {number} \x1b[2J": number for number in range(100_000)}
    yield Case("100,000 keys", announcing(message("100,000 keys"), **{"more": keys}), keys=("100,000 keys",))
    roots: dict[str, object] = {f"{number}": {} for number in range(100_000)}
    yield Case("100,000 root keys", encoded(roots), unread=True)
    body = announcing(message("to the last byte", image={"caption": ""}))
    full = body.replace(b'"caption": ""', b'"caption": "' + b"x" * (LIMIT - len(body)) + b'"')
    yield Case("to the last byte", full, keys=("to the last byte",))
    yield Case("one byte more", full.replace(b"xxx", b"xxxx", 1), 413)
    yield Case("blanks", b" " * (LIMIT - 2) + b"{}", unread=True)
    yield Case("a long number", b'{"messages":[' + b"9" * (LIMIT - 20) + b"]}", unread=True)


def cases() -> Iterator[Case]:
    """All of this module."""
    for kind in (encodings, grammar, roots, nesting, repetition, sizes):
        yield from kind()
