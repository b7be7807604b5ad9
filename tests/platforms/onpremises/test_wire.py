"""JSON text in, values out; errors, texts and times as the wire spells them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.media import Origin, StoreError
from console.platforms.base import BadBody
from console.platforms.onpremises import wire
from tests.platforms.onpremises.bodies import RECEIVED_AT, SENT


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a":1}', {"a": 1}),
        (b' [1, 2.5, "x", true, null]\r\n', [1, 2.5, "x", True, None]),
        (b'"text"', "text"),
        (b"0", 0),
        (b"null", None),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (rb'"\ud83d\ude00"', "😀"),
        (rb'"\\ud800"', "\\ud800"),
        (rb'{"\ud800":["\udc00x","\ud800\ud800"]}', {"\ufffd": ["\ufffdx", "\ufffd\ufffd"]}),
        (b"1e999", float("inf")),
        (b"-" + b"9" * 5000, float("-inf")),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (rb'"\u0000"', "\x00"),
    ],
)
def test_what_json_allows_is_read(body: bytes, value: object) -> None:
    assert wire.decode(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-json"),
        (b"   ", "not-json"),
        (b"{", "not-json"),
        (b"{}x", "not-json"),
        (b"{'a':1}", "not-json"),
        (b'{"a":1,}', "not-json"),
        (b'{"a":01}', "not-json"),
        (b'{"a":NaN}', "not-json"),
        (b'{"a":-Infinity}', "not-json"),
        (b"Infinity", "not-json"),
        (b'"\x00"', "not-json"),
        (b'"a\nb"', "not-json"),
        (b"a=1&b=2", "not-json"),
        (b"<html></html>", "not-json"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not-json"),
        (b'{"a":"\xff"}', "not-utf8"),
        (b'{"\xc3\x28":1}', "not-utf8"),
        (b'"\xed\xa0\x80"', "not-utf8"),
        (b'"\xc0\xaf"', "not-utf8"),
        (b'"\xf4\x90\x80\x80"', "not-utf8"),
        (json.dumps({"a": 1}).encode("utf-16"), "not-utf8"),
        (json.dumps({"a": 1}).encode("utf-16-le"), "not-json"),
        (json.dumps({"a": 1}).encode("utf-32"), "not-utf8"),
        (json.dumps({"a": "é"}, ensure_ascii=False).encode("latin-1"), "not-utf8"),
        (b"\x1f\x8b\x08\x00", "not-utf8"),
        (b"[" * 65 + b"]" * 65, "too-deep"),
        (b"[" * 100_000, "too-deep"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "too-deep"),
        (b'{"a":' * 100_000, "too-deep"),
        (b'["\\ud800",' + b"[" * 64 + b"]" * 65, "too-deep"),
        (b'["\\ud800",' + b"[" * 100_000, "too-deep"),
    ],
)
def test_what_it_does_not_allow_is_refused_in_words(body: bytes, reason: str) -> None:
    with pytest.raises(BadBody) as caught:
        wire.decode(body)
    assert (caught.value.status, caught.value.reason) == (400, reason)
    assert caught.value.what.startswith("The body is ")
    assert caught.value.__cause__ is None


def test_64_levels_are_not_too_deep_however_wide_the_body_is() -> None:
    body = b"[" * 64 + b"]" * 64
    value = wire.decode(body)
    for _ in range(63):
        assert isinstance(value, list)
        value = value[0]
    assert value == []
    assert wire.decode(b"[" + b",".join([b'{"a":[[]]}'] * 5000) + b"]") == [{"a": [[]]}] * 5000


def test_brackets_in_texts_do_not_count_as_levels() -> None:
    assert wire.decode(b'["' + b"[{" * 500 + b'"]') == ["[{" * 500]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_bad_body(body: bytes) -> None:
    try:
        value = wire.decode(body)
    except BadBody as error:
        reason = error.reason
    else:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return
    assert reason in {"not-json", "not-utf8", "too-deep"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hello", "hel"),
        ("", None),
        (" ", " "),
        (12345, "123"),
        (0, "0"),
        (True, None),
        (1.5, None),
        (None, None),
        ([], None),
        ({}, None),
    ],
)
def test_text_is_cut_and_takes_numbers(value: object, text: str | None) -> None:
    assert wire.text(value, 3) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "a text"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_kinds_have_names(value: object, name: str) -> None:
    assert wire.name_of(value) == name


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (400, 400),
        ("400", 400),
        (400.0, 400),
        ("1006", 1006),
        (-1, -1),
        (0, 0),
        ("E_GONE", "E_GONE"),
        ("", "unknown"),
        (None, "unknown"),
        (True, "unknown"),
        ([400], "unknown"),
        (400.5, "unknown"),
        (float("inf"), "unknown"),
        ("٤٠٠", "٤٠٠"),
        ("1_7", "1_7"),
        (" 400", " 400"),
        (10**30, str(10**30)),
        ("9" * 100, "9" * 64),
    ],
)
def test_codes_are_numbers_where_they_read_as_one(value: object, code: int | str) -> None:
    assert wire.error_code(value) == code
    assert type(wire.error_code(value)) is type(code)


def test_an_error_keeps_the_words_of_the_wire_and_never_lacks_a_title() -> None:
    told: wire.JsonObject = {"code": "1006", "title": "Resource not found", "details": "URL path not found."}
    assert wire.store_error(told, Origin.RESPONSE) == StoreError(
        code=1006, title="Resource not found", origin=Origin.RESPONSE, details="URL path not found."
    )
    assert wire.store_error({"code": 7, "title": "", "details": []}, Origin.WEBHOOK) == StoreError(
        code=7, title="Error 7", origin=Origin.WEBHOOK
    )
    assert wire.store_error({}, Origin.WEBHOOK).title == "Error unknown"
    long = wire.store_error({"code": 1, "title": "t" * 999, "details": "d" * 9999}, Origin.WEBHOOK)
    assert (len(long.title), len(long.details or "")) == (wire.TITLE_LIMIT, wire.DETAILS_LIMIT)


_DAY = 86_400


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (str(SENT), SENT * 1000),
        (SENT, SENT * 1000),
        (str(SENT * 1000 + 7), SENT * 1000 + 7),
        (SENT * 1000 + 7, SENT * 1000 + 7),
        ("1230768000", 1_230_768_000_000),
        ("1230767999", None),
        ("0", None),
        ("17", None),
        (str(RECEIVED_AT // 1000 + _DAY), RECEIVED_AT + _DAY * 1000),
        (str(RECEIVED_AT // 1000 + _DAY + 1), None),
        ("7258118400", None),
        ("", None),
        (None, None),
        ("1_749_985_200", None),
        ("1_7", None),
        ("١٧٤٩٩٨٥٢٠٠", None),
        ("²", None),
        (" 1749985200", None),
        ("1749985200\n", None),
        ("+1749985200", None),
        ("-1749985200", None),
        (-SENT, None),
        ("1749985200.0", None),
        (float(SENT), None),
        (True, None),
        ("174998520012", None),
        (str(SENT * 1000) + "0", None),
        ("9" * 4000, None),
        (10**400, None),
        ([], None),
        ({}, None),
    ],
)
def test_message_times_count_where_they_are_plausible(value: object, moment: int | None) -> None:
    assert wire.message_time(value, RECEIVED_AT) == moment
