"""A body comes out of the cache as it went in."""

from __future__ import annotations

import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.cache.bodies import GONE, GZIP, PACK_FROM, BodyDamaged, pack, unpack


@given(st.binary(max_size=50), st.integers(1, 200))
def test_any_body_comes_back_as_it_was(part: bytes, times: int) -> None:
    body = part * times
    assert unpack(*pack(body)) == body


def test_only_what_gets_clearly_smaller_is_packed() -> None:
    assert pack(b"a" * (PACK_FROM - 1)) == (b"a" * (PACK_FROM - 1), None)
    stored, coding = pack(b"a" * PACK_FROM)
    assert (coding, len(stored) < 100) == (GZIP, True)
    noise = random.Random(1).randbytes(5000)
    assert pack(noise) == (noise, None)


@pytest.mark.parametrize(
    "damage", [b"", b"\x1f\x8b", gzip.compress(b"a" * 5000, mtime=0)[:-6], b"no such thing"]
)
def test_a_damaged_body_is_told_in_words(damage: bytes) -> None:
    with pytest.raises(BodyDamaged, match="cannot be unpacked"):
        unpack(damage, GZIP)


def test_a_body_that_is_gone_or_of_a_newer_version_is_none() -> None:
    with pytest.raises(BodyDamaged, match="coding 'gone'"):
        unpack(b"", GONE)
