"""What keeps a service from starting: certificates that cannot be used, and doors left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import certifi
import pytest

from console.config import Settings, check_service, load, webhook_url
from console.config.serving import is_loopback
from console.domain.exceptions import FixSetting
from tests.config.test_loading import variables, write
from tests.listener.certificates import certificate, expired

if TYPE_CHECKING:
    from pathlib import Path

GUARDS = {
    "webhook_secret": "canary-of-16-cha",
    "webhook_token": "canary-of-16-cha",
    "webhook_basic": "user:canary-of-16-cha",
    "webhook_hmac": "canary-of-16-cha",
    "listen_allow": "10.0.0.0/8",
}


def refusal(settings: Settings) -> FixSetting:
    with pytest.raises(FixSetting) as caught:
        check_service(settings)
    return caught.value


def test_loopback_needs_no_guard(home: Path) -> None:
    for host in ("127.0.0.1:0", "127.8.9.10:1", "[::1]:0", "localhost:8085", "[::ffff:127.0.0.1]:1"):
        check_service(load({"listen": host}, {}))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.1.2.3", "console.example", "0", "127.1")))


@pytest.mark.parametrize("host", ["0.0.0.0:8085", "[::]:8085", "192.0.2.1:8085", "console.example:8085"])
def test_a_listener_beyond_this_machine_without_a_guard_is_refused(home: Path, host: str) -> None:
    refused = refusal(load({"listen": host}, {}))
    assert refused.what.startswith(f"LISTEN on --listen is {host}, and nothing keeps strangers")
    for name in (*GUARDS, "tls_client_ca", "listen_open"):
        assert f"MEDIA_CONSOLE_{name.upper()}" in refused.remedy
    assert "MEDIA_CONSOLE_LISTEN_OPEN=true" in refused.remedy
    assert "\n" not in str(refused)


@pytest.mark.parametrize("name", GUARDS)
def test_any_guard_opens_it(home: Path, name: str) -> None:
    check_service(load({"listen": "0.0.0.0:0"}, variables(**{name: GUARDS[name]})))


def test_two_guards_for_one_header_are_refused(home: Path) -> None:
    told = refusal(load({}, variables(webhook_token="canary", webhook_basic="u:canary"))).what
    assert "WEBHOOK_TOKEN in MEDIA_CONSOLE_WEBHOOK_TOKEN and WEBHOOK_BASIC in" in told
    assert "canary" not in told


def test_trusted_proxies_are_no_guard(home: Path) -> None:
    refusal(load({"listen": "0.0.0.0:0"}, variables(trusted_proxies="10.0.0.1")))


def test_a_setting_that_says_so_opens_it(home: Path) -> None:
    check_service(load({"listen": "0.0.0.0:0"}, variables(listen_open="true")))
    refusal(load({"listen": "0.0.0.0:0"}, variables(listen_open="false")))


def test_an_authority_for_the_senders_is_a_guard(home: Path) -> None:
    pair = certificate(home)
    files = {"tls_cert": str(pair.cert), "tls_key": str(pair.key), "tls_client_ca": str(pair.cert)}
    check_service(load({"listen": "0.0.0.0:0", **files}, {}))


def test_certificates_must_be_usable(home: Path) -> None:
    junk = write(home / "junk.pem", "not a certificate")
    authority = {"api_ca": str(home / "absent.pem")}
    assert (
        f"API_CA in MEDIA_CONSOLE_API_CA names {home}/absent.pem: No such file"
        in refusal(load({}, variables(**authority))).what
    )
    assert f"API_CA on --api-ca names {junk}: no usable PEM" in refusal(load({"api_ca": str(junk)}, {})).what
    told = refusal(load({"tls_cert": str(junk)}, variables(tls_key=str(junk)))).what
    assert "TLS_CERT on --tls-cert with TLS_KEY in MEDIA_CONSOLE_TLS_KEY names" in told
    assert "Is a directory" in refusal(load({"tls_cert": str(home), "tls_key": str(junk)}, {})).what
    check_service(load({"api_ca": certifi.where()}, {}))


def test_a_pair_that_does_not_belong_together_is_refused(home: Path) -> None:
    one, other = certificate(home, "one"), certificate(home, "other")
    told = refusal(load({"tls_cert": str(one.cert), "tls_key": str(other.key)}, {}))
    assert "the key does not belong to the certificate" in told.what


@pytest.mark.parametrize("mode", [0o660, 0o604, 0o644])
def test_a_key_that_others_may_read_is_refused_with_the_command_that_mends_it(home: Path, mode: int) -> None:
    pair = certificate(home)
    pair.key.chmod(mode)
    refused = refusal(load({"tls_cert": str(pair.cert), "tls_key": str(pair.key)}, {}))
    assert "which other users may read or change" in refused.what
    assert refused.remedy == f"Run: chmod 600 {pair.key}"


def test_a_group_of_its_own_may_read_the_key(home: Path) -> None:
    pair = certificate(home)
    pair.key.chmod(0o640)
    check_service(load({"tls_cert": str(pair.cert), "tls_key": str(pair.key)}, {}))


def test_an_expired_certificate_is_refused(home: Path) -> None:
    stale = expired(home)
    refused = refusal(load({"tls_cert": str(stale.cert), "tls_key": str(stale.key)}, {}))
    assert refused.what.startswith(
        f"The setting TLS_CERT on --tls-cert names {stale.cert}, which has expired"
    )


def test_the_url_for_webhooks_masks_its_secret(home: Path) -> None:
    assert webhook_url(load({}, {}), "127.0.0.1:8085") == "http://127.0.0.1:8085/webhook"
    settings = load({"tls_cert": "/c", "tls_key": "/k"}, variables(webhook_secret="canary-of-16-cha"))
    assert webhook_url(settings, "[::1]:1") == "https://[::1]:1/webhook/••••"
