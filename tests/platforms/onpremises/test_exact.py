"""Bodies of the usual form: read exactly or not at all, and never otherwise than part by part."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.media import Millis
from console.platforms.base import BadBody
from console.platforms.onpremises.exact import read_exactly
from console.platforms.onpremises.webhook import read_parts, read_webhook

NOW = Millis(1_790_000_000_000)
IMAGE = {"id": "a1", "mime_type": "image/jpeg", "sha256": "ab", "status": "undownloaded", "caption": "Zoë"}
MESSAGE = {"from": "1631", "id": "w1", "timestamp": "1789999000", "type": "image", "image": IMAGE}
CONTACT = {"profile": {"name": "Kerry"}, "wa_id": "1631"}


def body(**root: object) -> bytes:
    return json.dumps({"contacts": [CONTACT], "messages": [MESSAGE]} | root, ensure_ascii=False).encode()


def test_the_usual_form_is_read_exactly() -> None:
    reading = read_exactly(body(), NOW)
    assert reading is not None
    assert reading == read_parts(body(), NOW)
    (fact,) = reading.facts
    assert (fact.key, fact.at) == ("a1", NOW)


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"[]",
        b"\xff",
        body()[:-1],
        body().replace(b"Kerry", b"\xff"),
        body().replace(b"Kerry", b"\\ud800"),
        body(messages=[]),
        body(errors=[{"code": 400}]),
        body(statuses=[{"id": "x"}]),
        body(messages=[MESSAGE | {"errors": [{"code": 400, "title": "gone"}]}]),
        body(messages=[MESSAGE | {"context": [[]] * 70}]),
        body(messages=[MESSAGE | {"from": 1631}]),
        body(messages=[MESSAGE | {"from": ""}]),
        body(messages=[MESSAGE | {"type": "document"}]),
        body(messages=[MESSAGE | {"type": "sender"}]),
        body(messages=[MESSAGE | {"image": IMAGE | {"id": "message:1"}}]),
        body(messages=[MESSAGE | {"image": IMAGE | {"id": "x" * 513}}]),
        body(messages=[MESSAGE | {"image": IMAGE | {"id": ""}}]),
    ],
)
def test_another_form_is_left_alone(other: bytes) -> None:
    assert read_exactly(other, NOW) is None


TEXTS = st.sampled_from(["", "image", "document", "a", "message:1", "undownloaded", "Downloaded", "é" * 600])
VALUES: st.SearchStrategy[Any] = TEXTS | st.sampled_from(
    [None, 0, 1789999000, 1.5, True, [], {}, "1789999000000"]
)
NAMES = st.sampled_from(["id", "from", "type", "timestamp", "image", "document", "errors", "wa_id", "other"])


@given(
    images=st.lists(
        st.dictionaries(st.sampled_from([*IMAGE, "filename", "link", "other"]), VALUES), min_size=1
    ),
    messages=st.lists(st.dictionaries(NAMES, VALUES, max_size=2), min_size=1, max_size=3),
    people=st.lists(st.tuples(VALUES, VALUES), max_size=3),
    keys=st.sampled_from([(), ("contacts",)]),
)
def test_what_is_read_exactly_is_what_is_read_part_by_part(
    images: list[dict[str, Any]], messages: list[dict[str, Any]], people: list[Any], keys: tuple[str, ...]
) -> None:
    told = [
        MESSAGE | {"image": IMAGE | image} | message for image, message in zip(images, messages, strict=False)
    ]
    contacts = [{"profile": {"name": name}, "wa_id": number} for name, number in people]
    root = {"messages": told, "contacts": [*contacts, CONTACT]}
    data = json.dumps({key: value for key, value in root.items() if key not in keys}).encode()
    try:
        by_parts = read_parts(data, NOW)
    except BadBody:
        assert read_exactly(data, NOW) is None
        return
    assert read_exactly(data, NOW) in (None, by_parts)
    assert read_webhook(data, NOW) == by_parts
