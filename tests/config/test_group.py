"""Which groups a cache may be shared with."""

from __future__ import annotations

import grp
import os

import pytest

from console.config.group import read_group


def test_a_group_is_found_by_name_and_by_number() -> None:
    own = {os.getegid(), *os.getgroups()}
    assert {read_group(str(number)) for number in own} == own
    named = {group.gr_name: group.gr_gid for group in grp.getgrall() if group.gr_gid in own}
    assert {name: read_group(name) for name in named} == named


@pytest.mark.parametrize("text", ["no-such-group-here", "", "-1", "4294967295", "9" * 30, "٣"])
def test_what_is_no_group_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="that this machine knows"):
        read_group(text)
