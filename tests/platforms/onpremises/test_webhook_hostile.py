"""Valid bodies that were tampered with: only `BadBody` is raised, and every fact is well-formed."""

from __future__ import annotations

import copy
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain import facts, ledger
from console.domain.facts import Fact, MediaAnnounced, MediaStored, ResultNoted, StoreFailed
from console.domain.media import Origin
from console.platforms.base import BadBody
from console.platforms.onpremises.parts import MOST_UNREAD
from console.platforms.onpremises.webhook import MOST_NOTICES, read_webhook
from tests.platforms.onpremises.bodies import RECEIVED_AT, announcement, every_shape, media, message, result

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from console.domain.reading import Reading

DAY = 86_400_000

texts = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    [
        "",
        "image",
        "undownloaded",
        "downloaded",
        "400",
        "1_7",
        "٤",
        "..",
        "a/b\n",
        "message:x",
        "\x1b[2J",
        "\u202e",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.just(10**60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a body."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A valid body with up to three values replaced, taken away, doubled or wrapped."""
    body: Any = copy.deepcopy(draw(st.sampled_from(every_shape())))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(body))))
        if not path:
            body = draw(st.sampled_from([body, [body], {"messages": body}, draw(values)]))
            continue
        parent = body
        for key in path[:-1]:
            parent = parent[key]
        match draw(st.sampled_from(["replace", "remove", "double", "wrap"])):
            case "replace":
                parent[path[-1]] = draw(values)
            case "remove":
                del parent[path[-1]]
            case "double" if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[path[-1]]))
            case _:
                parent[path[-1]] = [parent[path[-1]]]
    return body


def check(fact: Fact) -> None:
    """What every later reader of a fact relies on."""
    assert isinstance(fact, MediaAnnounced | MediaStored | StoreFailed | ResultNoted)
    assert fact.at == RECEIVED_AT
    assert type(fact.key) is str
    assert fact.key
    if isinstance(fact, MediaAnnounced):
        if fact.id is None:
            assert fact.key == f"message:{fact.message_id}"
            assert fact.undownloaded
        else:
            assert str(fact.key) == fact.id
        assert fact.sent_at is None or 1_230_768_000_000 <= fact.sent_at <= RECEIVED_AT + DAY
        assert fact.error is None or fact.undownloaded
        for text, limit in (
            (fact.caption, 4096),
            (fact.filename, 255),
            (fact.sender, 256),
            (fact.sender_name, 256),
            (fact.message_id, 512),
        ):
            assert text is None or 0 < len(text) <= limit
    else:
        assert str(fact.key) == fact.id
        assert fact.attempt == 0
    error = getattr(fact, "error", None)
    if error is not None:
        assert error.title
        assert error.origin is Origin.WEBHOOK
        assert isinstance(error.code, str) or abs(error.code) <= 10**9
    assert facts.decode(facts.encode(fact)) == fact
    ledger.fold(None, fact)


def survive(body: bytes) -> None:
    try:
        reading = read_webhook(body, RECEIVED_AT)
    except BadBody as error:
        refusal = error
    else:
        well_formed(reading)
        return
    assert refusal.status == 400
    assert refusal.reason in {"not-json", "not-utf8", "too-deep"}


def well_formed(reading: Reading) -> None:
    for fact in reading.facts:
        check(fact)
    assert len(reading.unread) <= MOST_UNREAD + 1
    for notice in reading.notices:
        notice.text.encode("utf-8")


@settings(max_examples=100, deadline=None)
@given(spoilt())
def test_spoilt_values_are_survived(body: object) -> None:
    survive(json.dumps(body).encode())


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(every_shape()), st.data())
def test_spliced_bytes_are_survived(body: object, data: st.DataObject) -> None:
    whole = json.dumps(body).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 20)))
    splice = data.draw(
        st.binary(max_size=6)
        | st.sampled_from(
            [b"NaN", rb"\ud800", b"[" * 80, b"{" * 2000, b"9" * 5000, b"1e999", b"\x00", b"\xff"]
        )
    )
    survive(whole[:start] + splice + whole[end:])


@settings(max_examples=50, deadline=None)
@given(values)
def test_any_json_is_survived(body: object) -> None:
    survive(json.dumps(body).encode())


@pytest.mark.parametrize("odd", [None, True, 0, -1, 1.5, 10**60, "", "x", [], [[]], [1], {}, {"a": 1}])
@pytest.mark.parametrize("shape", range(len(every_shape())))
def test_every_place_may_hold_anything(shape: int, odd: object) -> None:
    whole = every_shape()[shape]
    for path in list(places(whole))[1:]:
        body = copy.deepcopy(whole)
        parent: Any = body
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = odd
        survive(json.dumps(body).encode())
        del parent[path[-1]]
        survive(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not-json"),
        (json.dumps(announcement()).encode()[:-1], "not-json"),
        (json.dumps(announcement()).encode() * 2, "not-json"),
        (json.dumps(announcement()).encode("utf-16"), "not-utf8"),
        (json.dumps(announcement()).encode("utf-16-be"), "not-json"),
        (json.dumps(announcement()).encode().replace(b"Kerry", b"K\xe9rry"), "not-utf8"),
        (json.dumps(announcement()).replace('"1749985200"', "NaN").encode(), "not-json"),
        (
            json.dumps(announcement(message(told=media(x=[[]]))))
            .replace("[[]]", "[" * 61 + "]" * 61)
            .encode(),
            "too-deep",
        ),
        (json.dumps(announcement()).replace('"image/jpeg"', "[" * 90_000).encode(), "too-deep"),
    ],
)
def test_what_is_not_a_body_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(BadBody) as caught:
        read_webhook(body, RECEIVED_AT)
    assert (caught.value.status, caught.value.reason) == (400, reason)


def test_nesting_up_to_64_levels_is_read() -> None:
    # root object, array, message, image: four levels above the value
    body = json.dumps(announcement(message(told=media(x="here")))).replace('"here"', "[" * 60 + "]" * 60)
    reading = read_webhook(body.encode(), RECEIVED_AT)
    assert len(reading.facts) == 1
    assert reading.unread == ()


def test_a_byte_order_mark_is_skipped() -> None:
    body = json.dumps(announcement()).encode()
    assert read_webhook(b"\xef\xbb\xbf" + body, RECEIVED_AT) == read_webhook(body, RECEIVED_AT)


def test_huge_bodies_of_rubbish_stay_small() -> None:
    for body in (
        b'{"messages":[' + b"1," * 400_000 + b"1]}",
        b'{"media_items":[' + b"{}," * 200_000 + b"{}]}",
        b'{"errors":[' + b"{}," * 200_000 + b"{}]}",
    ):
        reading = read_webhook(body, RECEIVED_AT)
        assert len(reading.unread) <= MOST_UNREAD + 1
        assert len(reading.notices) <= MOST_NOTICES
        assert reading.facts == ()


def test_a_batch_gives_all_its_facts() -> None:
    body = announcement(*(message(told=media(id=f"id-{n}"), id=f"m-{n}") for n in range(500)))
    body |= result(*({"image": {"id": f"id-{n}"}} for n in range(500)))
    reading = read_webhook(json.dumps(body).encode(), RECEIVED_AT)
    assert [fact.key for fact in reading.facts] == [f"id-{n}" for n in range(500)] * 2
    assert reading.unread == ()


def test_a_body_full_of_what_is_no_object_is_counted_without_a_step_for_each() -> None:
    body = json.dumps({"messages": [1] * 50_000, "media_items": [None] * 50_000}).encode()
    steps = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal steps
        steps += 1

    sys.setprofile(count)
    try:
        reading = read_webhook(body, RECEIVED_AT)
    finally:
        sys.setprofile(None)
    assert steps < 5_000
    assert len(reading.unread) == MOST_UNREAD + 1
    assert reading.unread[-1].reason == f"{100_000 - MOST_UNREAD} more parts were not understood"
