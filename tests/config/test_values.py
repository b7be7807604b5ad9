from __future__ import annotations

from console.config.values import Address, Secret


def test_an_address_reads_as_people_write_it() -> None:
    assert str(Address("127.0.0.1", 8085)) == "127.0.0.1:8085"
    assert str(Address("::1", 0)) == "[::1]:0"


def test_a_secret_is_equal_to_itself_alone_and_shows_nothing() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert Secret("canary").reveal() == "canary"
    assert "canary" not in f"{Secret('canary')} {Secret('canary')!r}"
