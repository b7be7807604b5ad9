from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from console.simulator.accounts import BAD_LOGINS_ALLOWED, TOKEN_LIFE_MS, Accounts, Refusal
from console.simulator.dice import Dice

if TYPE_CHECKING:
    from tests.conftest import Clock

HERE = "127.0.0.1"


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def accounts(clock: Clock, *, factory_password: bool = False) -> Accounts:
    return Accounts("admin", "Secret-1", dice=Dice(1), now=clock, factory_password=factory_password)


def test_a_login_gives_a_token_that_works(clock: Clock) -> None:
    users = accounts(clock)
    token = users.log_in(basic("admin", "Secret-1"), None, HERE)
    assert users.check(f"Bearer {token.text}") == token.text
    assert token.expires == clock() + TOKEN_LIFE_MS
    assert token.text.count(".") == 2


def test_a_token_ends_after_seven_days(clock: Clock) -> None:
    users = accounts(clock)
    token = users.issue().text
    clock.move(days=7, ms=-1)
    assert users.check(f"Bearer {token}") == token
    clock.move(ms=1)
    with pytest.raises(Refusal) as caught:
        users.check(f"Bearer {token}")
    assert (caught.value.status, caught.value.code) == (401, 1005)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "bearer {}", "Basic {}", "Bearer  {}"])
def test_anything_but_a_bearer_token_is_refused(clock: Clock, header: str) -> None:
    users = accounts(clock)
    with pytest.raises(Refusal) as caught:
        users.check(header.format(users.issue().text))
    assert (caught.value.status, caught.value.code) == (401, 1005)


@pytest.mark.parametrize(
    "header",
    ["", "Basic", "Basic ???", "Basic YQ==", basic("admin", "wrong"), basic("Admin", "Secret-1"), "Bearer x"],
)
def test_a_bad_login_is_refused(clock: Clock, header: str) -> None:
    with pytest.raises(Refusal) as caught:
        accounts(clock).log_in(header, None, HERE)
    assert caught.value.entry == {
        "code": 1005,
        "title": "Access denied",
        "details": "Missing or invalid authentication credentials",
    }
    assert caught.value.status == 401


def test_too_many_bad_logins_shut_an_address_out(clock: Clock) -> None:
    users = accounts(clock)
    for _ in range(BAD_LOGINS_ALLOWED):
        with pytest.raises(Refusal):
            users.log_in("", None, HERE)
    with pytest.raises(Refusal) as caught:
        users.log_in(basic("admin", "Secret-1"), None, HERE)
    assert (caught.value.status, caught.value.code) == (429, 1015)
    assert users.log_in(basic("admin", "Secret-1"), None, "127.0.0.2")


def test_the_factory_password_must_be_changed_once(clock: Clock) -> None:
    users = accounts(clock, factory_password=True)
    with pytest.raises(Refusal) as caught:
        users.log_in(basic("admin", "Secret-1"), None, HERE)
    assert (caught.value.status, caught.value.code) == (401, 1024)
    users.log_in(basic("admin", "Secret-1"), "Other-pass-2", HERE)
    assert users.log_in(basic("admin", "Other-pass-2"), None, HERE)


@pytest.mark.parametrize(
    "password", ["Short-1", "no-upper-1", "NO-LOWER-1", "No-digits", "NoSpecial1", "Aa-1" * 17]
)
def test_a_weak_new_password_is_refused_and_changes_nothing(clock: Clock, password: str) -> None:
    users = accounts(clock, factory_password=True)
    with pytest.raises(Refusal) as caught:
        users.log_in(basic("admin", "Secret-1"), password, HERE)
    assert (caught.value.status, caught.value.code) == (400, 1009)
    with pytest.raises(Refusal) as caught:
        users.log_in(basic("admin", "Secret-1"), None, HERE)
    assert caught.value.code == 1024


def test_tokens_can_be_ended(clock: Clock) -> None:
    users = accounts(clock)
    one, two, three = (users.issue().text for _ in range(3))
    users.revoke(one)
    with pytest.raises(Refusal):
        users.check(f"Bearer {one}")
    assert users.check(f"Bearer {two}") == two
    users.revoke_all()
    for token in (two, three):
        with pytest.raises(Refusal):
            users.check(f"Bearer {token}")
