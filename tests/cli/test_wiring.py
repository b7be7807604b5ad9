from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from console.cli.wiring import listener_words, log_beside_cache, make_service, secrets
from console.config import Secret, Settings, Signature
from console.domain.exceptions import FixSetting
from console.domain.media import Millis
from console.domain.standing import Health, Standing

if TYPE_CHECKING:
    from pathlib import Path

STANDING = Standing(pid=1, since=Millis(0), updated_at=Millis(0))


def health(settings: Settings) -> Health:
    """The first word of a service about its client; the service is made on a loop, as in real life."""

    async def made() -> Health:
        return make_service(settings).standing.health

    return asyncio.run(made())


def test_a_service_asks_the_client_that_the_settings_name(db: Path) -> None:
    settings = Settings(db=db, api_url="http://127.0.0.1:1", api_username="u", api_password=Secret("p"))
    assert health(settings) is Health.UNKNOWN
    assert health(Settings(db=db)) is Health.NOT_CONFIGURED


def test_a_setting_that_only_the_api_can_judge_is_refused(db: Path) -> None:
    with pytest.raises(FixSetting, match="API_TOKEN"):
        health(Settings(db=db, api_url="http://127.0.0.1:1", api_token=Secret("two words")))


def test_the_listener_is_announced_with_its_url_or_the_reason(db: Path) -> None:
    settings = Settings(db=db)
    bound = replace(STANDING, listener="127.0.0.1:8085")
    assert listener_words(settings, bound) == "Waiting for webhooks at http://127.0.0.1:8085/webhook"
    secure = replace(settings, tls_cert=db, tls_key=db)
    assert "https://127.0.0.1:8085/webhook" in listener_words(secure, bound)
    guarded = replace(settings, webhook_secret=(Secret("canary"),))
    assert listener_words(guarded, bound) == "Waiting for webhooks at http://127.0.0.1:8085/webhook/••••"
    assert (
        listener_words(settings, replace(STANDING, listener_error="Why.")) == "Waiting for no webhooks. Why."
    )
    assert listener_words(settings, None) == "Waiting for no webhooks."


def test_the_log_lies_beside_the_cache_even_before_its_folder_exists(tmp_path: Path) -> None:
    with log_beside_cache(Settings(db=tmp_path / "new" / "media.db")) as path:
        assert path == tmp_path / "new" / "media.db.log"
        assert path.exists()


def test_a_log_that_cannot_be_opened_is_a_setting_to_fix(tmp_path: Path) -> None:
    (tmp_path / "media.db.log").mkdir()
    with (
        pytest.raises(FixSetting, match=r"media\.db\.log is not a regular file"),
        log_beside_cache(Settings(db=tmp_path / "media.db")),
    ):
        raise AssertionError("it was opened")


def test_a_proxys_password_is_kept_out_of_the_log_by_itself_too(db: Path) -> None:
    proxy = Secret("http://u:hunter2@proxy.example:3128")
    assert Secret("hunter2") in secrets(Settings(db=db, api_proxy=proxy))


def test_every_secret_setting_is_kept_out_of_the_log(db: Path) -> None:
    given = {name: Secret(name) for name in ("api_password", "api_token", "api_proxy")}
    paths, tokens = (Secret("path-1"), Secret("path-2")), (Secret("token-1"), Secret("token-2"))
    login, signature = Secret("user:password"), Signature(Secret("signing"), "X-Signature")
    guarded = Settings(
        db=db, webhook_secret=paths, webhook_token=tokens, webhook_basic=(login,), webhook_hmac=(signature,)
    )
    wanted = {*given.values(), *paths, *tokens, login, Secret("password"), signature.secret}
    assert set(secrets(replace(guarded, **given))) == wanted
