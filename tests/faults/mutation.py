"""Valid webhook bodies that were damaged at random: values dropped, retyped, doubled; bytes spliced."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from tests.faults.hostile_texts import HOSTILE_IDS, TEXTS
from tests.platforms.onpremises.bodies import every_shape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

SHAPES = every_shape()
_TEXTS = (*(text for text in TEXTS.values() if len(text) < 1000), *HOSTILE_IDS)
_TOKENS = (
    *(
        b"NaN",
        b"-Infinity",
        b"1e400",
        b"-0",
        b"1_7",
        b"01",
        b"null",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
    ),
    *(
        b"[" * 80,
        b"{" * 3000,
        b'{"a":' * 200,
        b"9" * 30,
        b"9" * 5000,
        rb"\ud800",
        rb"\u0000",
        rb"\x41",
        b"\\",
    ),
    *(
        b"\x00",
        b"\x1b[2J",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"//",
        b"/*",
    ),
    *(b'"id":"x","id":', b'"messages":[],', b'"errors":[{"code":400}],', b'"status":"downloaded",'),
)


def damaged(random: Random, values: Sequence[object]) -> bytes:
    """One body; `values` is JSON that may come to stand anywhere in it."""
    body: Any = copy.deepcopy(random.choice(SHAPES))
    for _ in range(random.randint(0, 4)):
        body = _retold(random, body, values)
    ascii, colon = random.random() < 0.5, random.choice((":", ": ", " :\n"))
    data = json.dumps(body, ensure_ascii=ascii, separators=(",", colon)).encode("utf-8", "surrogatepass")
    for _ in range(random.choice((0, 0, 0, 1, 2))):
        data = _spliced(random, data)
    return data


def _retold(random: Random, body: Any, values: Sequence[object]) -> Any:
    """The body with one of its values dropped, retyped, doubled or moved."""
    holders = [holder for holder in _holders(body) if holder]
    if not holders or random.random() < 0.02:
        return copy.deepcopy(random.choice(values))
    holder = random.choice(holders)
    place = random.choice(list(holder)) if isinstance(holder, dict) else random.randrange(len(holder))
    match random.randrange(7):
        case 0:
            del holder[place]
        case 1:
            holder[place] = copy.deepcopy(random.choice(values))
        case 2:
            holder[place] = [holder[place]] * random.randint(1, 3)
        case 3 if isinstance(holder, list):
            holder.append(copy.deepcopy(holder[place]))
        case 4 if isinstance(holder, dict):
            holder[random.choice(_TEXTS)] = holder.pop(place)
        case 5:
            holder[place] = copy.deepcopy(random.choice(holders))
        case _:
            holder[place] = random.choice(_TEXTS)
    return body


def _holders(value: Any) -> list[Any]:
    found, left = [], [value]
    while left:
        one = left.pop()
        if isinstance(one, dict | list):
            found.append(one)
            left.extend(one.values() if isinstance(one, dict) else one)
    return found


def _spliced(random: Random, data: bytes) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 0, 1, 1, 2, 20)))
    new = random.choice(
        (random.choice(_TOKENS), random.randbytes(random.randint(0, 3)), data[start : start + 30])
    )
    return data[:start] + new + data[end:]
