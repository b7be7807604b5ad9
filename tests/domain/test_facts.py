"""Facts as JSON, and when two of them say the same."""

from __future__ import annotations

import json
import pickle
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain import facts
from console.domain.facts import (
    Fact,
    MediaAnnounced,
    MediaStored,
    StoreFailed,
    StoreRequested,
    decode,
    encode,
    identity,
)
from console.domain.media import MediaType, Millis, Origin, StoreError
from tests.domain.histories import ID, KEY, START, any_facts

GONE = StoreError(code=400, title="Parameter not valid", origin=Origin.WEBHOOK, details="Media not found.")


@given(any_facts())
def test_a_fact_reads_back_as_it_was_written(fact: Fact) -> None:
    again = decode(encode(fact))
    assert again == fact
    assert type(again) is type(fact)


@given(any_facts())
def test_a_copy_of_a_fact_says_the_same(fact: Fact) -> None:
    again = pickle.loads(pickle.dumps(fact))
    assert (encode(again), identity(again)) == (encode(fact), identity(fact))


def test_a_fact_is_tagged_with_its_name_and_leaves_out_what_is_not_known() -> None:
    written = json.loads(encode(StoreFailed(key=KEY, id=ID, at=START, attempt=1, error=GONE)))
    assert written == {
        "fact": "StoreFailed",
        "key": KEY,
        "id": ID,
        "at": START,
        "attempt": 1,
        "error": {
            "code": 400,
            "title": "Parameter not valid",
            "origin": "webhook",
            "details": "Media not found.",
        },
    }


@pytest.mark.parametrize("kind", get_args(Fact))
def test_every_fact_is_called_what_it_is(kind: type[Fact]) -> None:
    assert kind.__struct_config__.tag == kind.__name__
    assert getattr(facts, kind.__name__) is kind


@pytest.mark.parametrize("text", [b"", b"{}", b'{"fact":"MediaEaten","key":"a","at":1}', b"[]", b"\xff"])
def test_what_is_no_fact_is_refused(text: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode(text)


def test_a_fact_never_changes() -> None:
    fact = StoreRequested(key=KEY, at=START, attempt=1)
    for field in fact.__struct_fields__:
        with pytest.raises(AttributeError, match="immutable"):
            setattr(fact, field, None)


@given(any_facts(), st.integers(0, 10**12))
def test_the_moment_is_no_part_of_what_is_said(fact: Fact, later: int) -> None:
    again = msgspec.structs.replace(fact, at=Millis(later))
    assert identity(again) == identity(fact)
    assert len(identity(fact)) == 16


@given(any_facts(), any_facts())
def test_facts_that_say_different_things_have_different_identities(one: Fact, other: Fact) -> None:
    same = msgspec.structs.replace(one, at=other.at) == other and type(one) is type(other)
    assert (identity(one) == identity(other)) is same


def test_results_of_two_attempts_are_two_facts() -> None:
    first = MediaStored(key=KEY, id=ID, at=START, attempt=1)
    assert identity(first) != identity(msgspec.structs.replace(first, attempt=2))


def test_the_same_media_of_two_accounts_is_two() -> None:
    mine = MediaAnnounced(key=KEY, id=ID, at=START, type=MediaType.IMAGE)
    assert identity(mine) != identity(msgspec.structs.replace(mine, account="other"))
