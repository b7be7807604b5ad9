"""What webhooks and answers of this dialect have in common: JSON text, and errors in it."""

from __future__ import annotations

import json
import re
from typing import NoReturn, TypeAlias

import msgspec

from console.domain.media import Millis, Origin, StoreError
from console.platforms.base import BadBody

JsonObject: TypeAlias = dict[str, object]

MAX_NESTING = 64
"""How deep arrays and objects may lie in each other."""

TITLE_LIMIT = 256
DETAILS_LIMIT = 2048
CODE_LIMIT = 64

_LARGEST_CODE = 10**9
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_LONGEST_INTEGER = 64
_SURROGATE = re.compile("[\ud800-\udfff]")
_EARLIEST = 1_230_768_000_000  # 2009-01-01, the year of the first WhatsApp
_DAY = 86_400_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_decode = msgspec.json.decode


def decode(body: bytes) -> object:
    """The JSON value that the bytes are: dicts, lists, texts, numbers, True, False, None.

    Of a key that comes twice the last one counts. Lone surrogates are replaced by U+FFFD, a
    number out of range by an infinity; a byte order mark before the text is skipped, as RFC 8259
    allows.

    Raises:
        BadBody: it is not JSON (NaN and Infinity are not), not UTF-8, or nested too deep.
    """
    try:
        value: object = _decode(body)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        return _decode_leniently(body)
    # Each level costs a bracket, so that most bodies need not be walked.
    if body.count(b"{") + body.count(b"[") > MAX_NESTING and _is_too_deep(value):
        raise _too_deep()
    return value


def _decode_leniently(body: bytes) -> object:
    """Reads what msgspec refuses although the grammar of JSON allows it, or says what is wrong."""
    try:
        text = body.removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"The body is not UTF-8: byte {error.start} does not belong there."
        raise BadBody(400, "not-utf8", what) from None
    try:
        value: object = json.loads(text, parse_constant=_refuse_constant, parse_int=_integer)
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        fault = error.msg.lower().removesuffix(" at")  # some of its sentences go on with the place
        what = f"The body is not JSON: {fault} at character {error.pos}."
        raise BadBody(400, "not-json", what) from None
    if _is_too_deep(value):
        raise _too_deep()
    return _without_surrogates(value)


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else float(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise BadBody(400, "not-json", f"The body is not JSON: {name} is no JSON value.")


def _too_deep() -> BadBody:
    return BadBody(400, "too-deep", f"The body is nested more than {MAX_NESTING} levels deep.")


def _is_too_deep(value: object) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        if not level:
            return False
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
    return bool(level)


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(child) for child in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", key): _without_surrogates(child) for key, child in value.items()}
    return value


def text(value: object, limit: int) -> str | None:
    """The value as text of at most `limit` characters; None if it is empty or no text.

    A whole number reads as its digits: some senders leave the quotes away.
    """
    if type(value) is str:
        return value[:limit] or None
    if type(value) is int:
        return str(value)[:limit]
    return None


def name_of(value: object) -> str:
    """What kind of JSON value this is, in words for a reason."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"


def message_time(value: object, received_at: Millis) -> Millis | None:
    """A message's `timestamp`, or None where it is absent or implausible.

    Unix seconds in up to 11 ASCII digits, or milliseconds in 13, as some providers send [S-COUR];
    text or number. It counts if it lies between 2009 and a day after its receipt.
    """
    digits = value if type(value) is str else str(value) if type(value) is int else ""
    if not (digits.isascii() and digits.isdigit()):
        return None
    if len(digits) <= 11:
        moment = int(digits) * 1000
    elif len(digits) == 13:
        moment = int(digits)
    else:
        return None
    return Millis(moment) if _EARLIEST <= moment <= received_at + _DAY else None


def error_code(value: object) -> int | str:
    """An error's code: a number where it reads as one, else its text; `unknown` where there is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and abs(value) <= _LARGEST_CODE:
        return value
    words = text(value, CODE_LIMIT)
    if words is None:
        return "unknown"
    return int(words) if _NUMBER.fullmatch(words) else words


def store_error(error: JsonObject, origin: Origin) -> StoreError:
    """One element of an `errors` array: `{code, title, details?, href?}` [S-OAS, S-WEB].

    The title is never empty: without one it says the code.
    """
    code = error_code(error.get("code"))
    return StoreError(
        code=code,
        title=text(error.get("title"), TITLE_LIMIT) or f"Error {code}",
        origin=origin,
        details=text(error.get("details"), DETAILS_LIMIT),
    )
