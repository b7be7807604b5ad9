from __future__ import annotations

import pytest

from console.domain.exceptions import FixSetting
from console.simulator.behaviours import OK, Behaviour, Kind, Script, draw_behaviours, parse_behaviours
from console.simulator.behaviours import parse_behaviour as parse
from console.simulator.dice import Dice


@pytest.mark.parametrize("kind", list(Kind))
def test_every_word_reads_as_itself(kind: Kind) -> None:
    assert parse(kind.value) == Behaviour(kind)
    assert str(Behaviour(kind)) == kind.value
    assert len(kind.meaning) > 8


@pytest.mark.parametrize(
    ("written", "kind", "argument"),
    [
        ("429(2)", Kind.TOO_MANY, "2"),
        ("503(Wed, 21 Oct 2015 07:28:00 GMT)", Kind.OVERLOADED, "Wed, 21 Oct 2015 07:28:00 GMT"),
        ("slow(1.5)", Kind.SLOW, "1.5"),
        ("odd-status(in progress)", Kind.ODD_STATUS, "in progress"),
        (" ok(3) ", Kind.OK, "3"),
    ],
)
def test_an_argument_is_read(written: str, kind: Kind, argument: str) -> None:
    assert parse(written) == Behaviour(kind, argument)
    assert parse(str(parse(written))) == parse(written)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("refused", "no behaviour 'refused'"),
        ("", "no behaviour ''"),
        ("OK", "no behaviour 'OK'"),
        ("410(3)", "takes no argument, got '3'"),
        ("slow(soon)", "a number of at least 0, got 'soon'"),
        ("ok(-1)", "got '-1'"),
        ("ok(nan)", "got 'nan'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(written: str, said: str) -> None:
    with pytest.raises(FixSetting, match=said.replace("(", r"\(")):
        parse(written)


def test_an_unknown_word_names_those_there_are() -> None:
    with pytest.raises(FixSetting) as caught:
        parse("explode")
    assert all(kind.value in caught.value.remedy for kind in Kind)


def test_seconds_have_a_default() -> None:
    assert parse("slow").seconds(2) == 2
    assert parse("slow(0.25)").seconds(2) == 0.25


def test_a_script_uses_up_all_but_the_last() -> None:
    script = Script(parse_behaviours(["500", Kind.DROP, OK]))
    assert [script.next().kind for _ in range(4)] == [Kind.INTERNAL, Kind.DROP, Kind.OK, Kind.OK]
    assert script.rest == (OK,)


def test_an_empty_script_is_ok() -> None:
    assert Script([]).next() == OK


def test_without_faults_all_is_well() -> None:
    dice = Dice(1)
    assert {draw_behaviours(dice, 0) for _ in range(50)} == {(OK,)}


def test_faults_come_as_often_as_said_and_in_many_kinds() -> None:
    dice = Dice(2)
    drawn = [draw_behaviours(dice, 0.5) for _ in range(800)]
    faulty = [one for one in drawn if one != (OK,)]
    assert 320 < len(faulty) < 480
    assert len({one[0].kind for one in faulty}) > 20
