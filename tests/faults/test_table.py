"""The table of faults is whole and true."""

from __future__ import annotations

from tests.faults import table


def test_every_row_is_held_by_a_test_or_waits_for_what_it_would_damage() -> None:
    held = {test.row for test in table.fault_tests()}
    assert set(table.FAULTS) <= held
    assert held <= set(table.FAULTS) | set(table.LATER)
    assert set(table.FAULTS) | set(table.LATER) == set(range(1, 66))
    assert not set(table.FAULTS) & set(table.LATER)


def test_the_written_table_is_the_present_one() -> None:
    assert table.README.read_text(encoding="utf-8") == table.text(), "run python -m tests.faults.table"
