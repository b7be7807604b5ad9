"""What a caller gets from its entry, and when."""

from __future__ import annotations

import asyncio

import pytest

from console.cache.entry import UNSTORABLE, Awaited
from console.cache.trouble import CacheUnavailable


def entry() -> Awaited:
    return Awaited(asyncio.get_running_loop().create_future(), (), lambda _: None)


async def test_an_entry_counts_as_failed_until_it_is_committed() -> None:
    left = entry()
    left.release()
    with pytest.raises(CacheUnavailable, match="closed"):
        await left.future


async def test_an_outcome_is_handed_out_once_it_is_released() -> None:
    kept = entry()
    kept.succeed("stored")
    assert not kept.future.done()
    kept.release()
    kept.release()
    assert await kept.future == "stored"


async def test_who_waits_no_longer_is_left_alone() -> None:
    given_up = entry()
    given_up.future.cancel()
    given_up.succeed("stored")
    given_up.release()
    assert given_up.future.cancelled()


@pytest.mark.parametrize("error", [RecursionError, MemoryError, OverflowError, KeyError, UnicodeEncodeError])
def test_what_content_may_cause_is_told_from_a_fault_of_the_cache(error: type[BaseException]) -> None:
    assert issubclass(error, UNSTORABLE)
