"""Precedence, and what is said of each wrong setting."""

from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from console.config import SETTINGS, Address, Secret, Settings, Signature, config_path, load
from console.config.table import BY_NAME
from console.domain.exceptions import FixSetting

GOOD = {
    "db": "/tmp/x/media.db",
    "listen": "[::1]:0",
    "tls_cert": "/c.pem",
    "tls_key": "/k.pem",
    "tls_client_ca": "/a.pem",
    "listen_open": "true",
    "listen_allow": "10.1.0.0/16, 2001:db8::/32 192.0.2.7",
    "trusted_proxies": "127.0.0.1",
    "webhook_secret": "canary-path-secret canary-path-second",
    "webhook_token": "canary-token-of-webhooks,canary+token/second==",
    "webhook_basic": "client:canary-of:the-client",
    "webhook_hmac": "canary-signing-secret canary:signing:second:X-Signature",
    "body_limit": "5MB",
    "api_url": "https://whatsapp.example:9090/v1/",
    "api_username": "admin",
    "api_password": "canary-1",
    "api_token": "canary-2",
    "api_ca": "/ca.pem",
    "api_insecure": "no",
    "api_proxy": "http://u:canary-3@proxy.example:3128",
    "window": "7d",
    "keep_bodies": "30d",
    "callback_timeout": "90s",
    "calls": "2",
    "shared_group": str(os.getegid()),
    "log_level": "Debug",
    "log_numbers": "yes",
    "theme": "light",
    "ascii": "auto",
    "mouse": "off",
    "keys": "download=g quit=X",
}
MEANT = {
    "db": Path("/tmp/x/media.db"),
    "listen": Address("::1", 0),
    "tls_cert": Path("/c.pem"),
    "tls_key": Path("/k.pem"),
    "tls_client_ca": Path("/a.pem"),
    "listen_open": True,
    "listen_allow": (ip_network("10.1.0.0/16"), ip_network("2001:db8::/32"), ip_network("192.0.2.7")),
    "trusted_proxies": (ip_network("127.0.0.1"),),
    "webhook_secret": (Secret("canary-path-secret"), Secret("canary-path-second")),
    "webhook_token": (Secret("canary-token-of-webhooks"), Secret("canary+token/second==")),
    "webhook_basic": (Secret("client:canary-of:the-client"),),
    "webhook_hmac": (
        Signature(Secret("canary-signing-secret"), "X-Hub-Signature-256"),
        Signature(Secret("canary:signing:second"), "X-Signature"),
    ),
    "body_limit": 5_000_000,
    "api_url": "https://whatsapp.example:9090",
    "api_username": "admin",
    "api_password": Secret("canary-1"),
    "api_token": Secret("canary-2"),
    "api_ca": Path("/ca.pem"),
    "api_insecure": False,
    "api_proxy": Secret("http://u:canary-3@proxy.example:3128"),
    "window_ms": 7 * 86_400_000,
    "keep_bodies_ms": 30 * 86_400_000,
    "callback_timeout": 90.0,
    "calls": 2,
    "shared_group": os.getegid(),
    "log_level": "debug",
    "log_numbers": True,
    "theme": "light",
    "ascii": None,
    "mouse": False,
    "keys": {"download": "g", "quit": "X"},
}
WRONG = {
    "listen_open": ["perhaps"],
    "listen_allow": ["10.0.0.1/8", "everywhere", ","],
    "trusted_proxies": ["proxy.example"],
    "webhook_secret": ["canary/canary", "canary canar\u00ef", "..", ","],
    "webhook_token": ["canary canar\u00ef", ","],
    "webhook_basic": ["canary", "canary:", ":canary", "u:canary canary"],
    "webhook_hmac": ["canary:", ":canary", "canary:X Y:", "canary:H(eader"],
    "body_limit": ["0", "999", "101MB", "3 apples", "3.5MB", "٣MB"],
    "db": ["\0", "~nobody-of-that-name/x"],
    "listen": ["8085", ":8085", "127.0.0.1:65536", "::1:80", "a b:1", "http://x:80", "127.0.0.1:٣"],
    "api_url": [
        "whatsapp.example",
        "ftp://x",
        "https://",
        "https://x:99999",
        "https://admin:canary@x",
        "https://x/?a=b",
        "https://x y",
        "https://x\n",
    ],
    "api_username": [" ", "a\nb", "admin:x"],
    "api_password": ["canary\x1b[2J"],
    "api_token": ["canary canary", "canary\n", "canary\u00e9", " "],
    "api_insecure": ["maybe"],
    "api_proxy": ["canary:3128", "socks5://canary:1"],
    "window": ["14", "0s", "d", "-1d", "9999d", "1_0d"],
    "keep_bodies": ["14", "0s", "for ever"],
    "callback_timeout": ["ten minutes"],
    "calls": ["0", "65", "4.0", "٤", "many"],
    "shared_group": ["no-such-group-here"],
    "log_level": ["loud"],
    "log_numbers": ["some"],
    "ascii": ["perhaps"],
    "mouse": ["2"],
    "keys": ["download", "=g", "download="],
}


def test_a_database_that_can_be_no_file_is_refused_with_its_path(tmp_path: Path) -> None:
    file, pipe = write(tmp_path / "file", "no folder"), tmp_path / "pipe"
    os.mkfifo(pipe)
    for db, why in (
        (tmp_path, "it is a directory"),
        (pipe, "it is not a regular file"),
        (file / "media.db", "Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        with pytest.raises(FixSetting) as refused:
            load({}, variables(db=str(db)))
        assert refused.value.what == f"The setting DB in MEDIA_CONSOLE_DB names {str(db)!r}: {why}."
        assert "--db" in refused.value.remedy
        with pytest.raises(FixSetting, match="DB on --db names"):
            load({"db": str(db)}, {})
    assert load({"db": str(file)}, {}).db == file
    assert load({"db": str(tmp_path / "new" / "media.db")}, {}).sources["db"] == "on --db"


def test_a_usual_place_that_is_taken_by_a_folder_is_refused(home: Path) -> None:
    load({}, {}).db.mkdir(parents=True)
    with pytest.raises(FixSetting, match=r"DB \(by default\) names .* it is a directory"):
        load({}, {})


def variables(**settings: str) -> dict[str, str]:
    return {f"MEDIA_CONSOLE_{name.upper()}": value for name, value in settings.items()}


def write(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def values(settings: Settings) -> dict[str, object]:
    return {name: getattr(settings, name) for name in MEANT}


def test_without_anything_the_defaults_hold(home: Path) -> None:
    settings = load({}, {})
    assert settings == Settings(db=settings.db)
    assert settings.db.name == "media.db"
    assert home in settings.db.parents
    assert settings.listen == Address("127.0.0.1", 8085)
    assert settings.window_ms == 14 * 86_400_000
    assert settings.callback_timeout == 600.0


def test_the_examples_here_cover_every_setting() -> None:
    assert set(GOOD) == {setting.name for setting in SETTINGS}
    assert set(MEANT) == {setting.attribute for setting in SETTINGS}
    assert set(WRONG) >= set(GOOD) - {"tls_cert", "tls_key", "tls_client_ca", "api_token", "api_ca", "theme"}


def test_every_setting_is_read_from_the_environment(home: Path) -> None:
    settings = load({}, variables(**GOOD))
    assert values(settings) == MEANT
    assert settings.sources["window"] == "in MEDIA_CONSOLE_WINDOW"
    assert settings.sources["keys.quit"] == "in MEDIA_CONSOLE_KEYS"


def test_every_setting_is_read_from_the_file(home: Path) -> None:
    lines = [f'{name} = "{value}"' for name, value in GOOD.items() if name not in ("keys", "calls", "mouse")]
    path = write(
        home / "s.toml",
        "\n".join([*lines, "calls = 2", "mouse = false", "[keys]", 'download = "g"', "'quit' = 'X'"]),
    )
    settings = load({"config": str(path)}, {})
    assert values(settings) == MEANT
    assert settings.sources["listen"] == f"in line 2 of {path}"
    assert settings.sources["keys.quit"] == f"in line {len(lines) + 5} of {path}"


def test_every_flag_is_read(home: Path) -> None:
    flags = {setting.name: GOOD[setting.name] for setting in SETTINGS if setting.flag is not None}
    rest = {name: value for name, value in GOOD.items() if name not in flags}
    settings = load(dict(flags), variables(**rest))
    assert values(settings) == MEANT
    assert settings.sources["callback_timeout"] == "on --callback-timeout"


def test_a_password_in_a_url_that_must_have_none_is_not_repeated(home: Path) -> None:
    with pytest.raises(FixSetting, match="API_URL on --api-url is 'https://••••@x'") as refused:
        load({"api_url": "https://admin:canary@x"}, {})
    assert "canary" not in str(refused.value)


def test_no_secret_has_a_flag() -> None:
    secrets = {"api_password", "api_token", "api_proxy"}
    secrets |= {"webhook_secret", "webhook_token", "webhook_basic", "webhook_hmac"}
    assert {s.name for s in SETTINGS if s.flag is None} == secrets | {"keys"}


def test_a_flag_goes_before_the_environment_before_the_file(home: Path) -> None:
    path = write(home / "s.toml", 'theme = "file"\ncalls = 1\nwindow = "1d"\n[keys]\nquit = "f"\nopen = "f2"')
    environ = variables(config=str(path), theme="variable", calls="2", keys="quit=v")
    settings = load({"theme": "flag"}, environ)
    assert (settings.theme, settings.calls, settings.window_ms) == ("flag", 2, 86_400_000)
    assert settings.keys == {"quit": "v", "open": "f2"}


def test_an_empty_variable_counts_as_not_set(home: Path) -> None:
    assert load({}, variables(api_token="", listen="", config="")).api_token is None


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in WRONG for value in WRONG[name]])
def test_a_wrong_value_is_refused_with_name_source_and_remedy(home: Path, name: str, value: str) -> None:
    with pytest.raises(FixSetting) as caught:
        load({}, variables(**{name: value}))
    assert name.upper() in caught.value.what
    assert f"in MEDIA_CONSOLE_{name.upper()}" in caught.value.what
    assert caught.value.remedy.startswith("Give ")
    if BY_NAME[name].secret:
        assert "canary" not in str(caught.value)


def test_no_secret_shows_in_the_representation(home: Path) -> None:
    assert "canary" not in repr(load({}, variables(**GOOD)))
    assert str(Secret("canary")) == repr(Secret("canary")) == "Secret('••••')"


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ("api_username", "API_PASSWORD"),
        ("api_password", "API_USERNAME"),
        ("tls_cert", "TLS_KEY"),
        ("tls_key", "TLS_CERT"),
    ],
)
def test_half_of_a_pair_is_refused(home: Path, given: str, needed: str) -> None:
    with pytest.raises(FixSetting, match=f"{given.upper()} in MEDIA_CONSOLE_{given.upper()} needs {needed}"):
        load({}, variables(**{given: "x"}))


def test_a_ca_that_would_not_be_looked_at_is_refused(home: Path) -> None:
    with pytest.raises(FixSetting, match="API_INSECURE on --api-insecure turns off what API_CA"):
        load({"api_insecure": "true"}, variables(api_ca="/ca.pem"))


def test_an_authority_for_clients_without_tls_is_refused(home: Path) -> None:
    with pytest.raises(FixSetting, match="TLS_CLIENT_CA on --tls-client-ca needs TLS_CERT as well"):
        load({"tls_client_ca": "/ca.pem"}, {})


@pytest.mark.parametrize(
    ("name", "short", "long"),
    [
        ("webhook_secret", "canary-of-15-ch", "canary-of-16-cha"),
        ("webhook_token", "canary", "canary-of-16-cha"),
        ("webhook_basic", "a-long-user-name:canary", "u:canary-of-16-cha"),
        ("webhook_hmac", "canary:X-A-Long-Header", "canary-of-16-cha:X"),
    ],
)
def test_a_short_secret_is_a_warning_without_its_value(home: Path, name: str, short: str, long: str) -> None:
    (warning,) = load({}, variables(**{name: f"{long},{short}"})).warnings
    assert f"{name.upper()} in MEDIA_CONSOLE_{name.upper()} has fewer than 16 characters" in warning
    assert "canary" not in warning
    assert load({}, variables(**{name: long})).warnings == ()


def test_several_values_may_be_a_list_in_the_file(home: Path) -> None:
    path = write(
        home / "s.toml",
        'webhook_secret = ["canary-path-secret", "canary-path-second"]\nlisten_allow = ["10.1.0.0/16"]\n'
        'webhook_token = "canary-token-of-webhooks"\n',
    )
    settings = load({"config": str(path)}, {})
    assert settings.webhook_secret == MEANT["webhook_secret"]
    assert settings.webhook_token == (Secret("canary-token-of-webhooks"),)
    assert settings.listen_allow == (ip_network("10.1.0.0/16"),)


@pytest.mark.parametrize(("text", "size"), [("1000", 1000), ("64kB", 64_000), ("3 mb", 3_000_000)])
def test_a_size_is_a_number_of_bytes_or_has_a_unit(home: Path, text: str, size: int) -> None:
    assert load({"body_limit": text}, {}).body_limit == size


def test_an_unknown_variable_is_a_warning(home: Path) -> None:
    (warning,) = load({}, variables(api_ulr="x") | {"OTHER_DB": "y"}).warnings
    assert "MEDIA_CONSOLE_API_ULR" in warning
    assert "Did you mean MEDIA_CONSOLE_API_URL?" in warning


def test_the_file_lies_in_the_users_config_folder_or_where_it_is_named(home: Path) -> None:
    usual, named = config_path(None, {})
    assert usual is not None
    assert home in usual.parents
    assert usual.parts[-2:] == ("media-console", "config.toml")
    assert named is None
    assert config_path(None, variables(config="/x.toml")) == (Path("/x.toml"), "in MEDIA_CONSOLE_CONFIG")
    assert config_path("/y.toml", variables(config="/x.toml")) == (Path("/y.toml"), "on --config")
    write(usual, "calls = 7")
    assert load({}, {}).calls == 7
