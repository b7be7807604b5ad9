"""Which groups a cache may be shared with."""

from __future__ import annotations

import grp
import os

import pytest

from console.config.group import read_group


def test_a_group_is_found_by_name_and_by_number() -> None:
    own = grp.getgrgid(os.getegid())
    assert read_group(own.gr_name) == read_group(str(own.gr_gid)) == own.gr_gid


@pytest.mark.parametrize("text", ["no-such-group-here", "", "-1", "4294967295", "9" * 30, "٣"])
def test_what_is_no_group_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="that this machine knows"):
        read_group(text)
