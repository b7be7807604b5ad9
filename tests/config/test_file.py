"""The settings file: what is refused, and where it says the mistake stands."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from console.config.file import Given, nearest, read_file
from console.domain.exceptions import FixSetting

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def refusal(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(FixSetting) as caught:
        read_file(path, None)
    return str(caught.value)


def test_values_come_as_text_with_their_line(path: Path) -> None:
    path.write_text('# mine\ncalls = 3\nmouse = true\n\n[keys]\ncalls = "c"\n')
    assert read_file(path, None) == {
        "calls": Given("3", f"in line 2 of {path}"),
        "mouse": Given("true", f"in line 3 of {path}"),
        "keys.calls": Given("c", f"in line 6 of {path}"),
    }


def test_an_inline_table_of_keys_is_the_same(path: Path) -> None:
    path.write_text('keys = { quit = "X" }\n')
    assert read_file(path, None) == {"keys.quit": Given("X", f"in {path}")}


def test_an_absent_file_is_nothing_unless_it_was_named(path: Path) -> None:
    assert read_file(path, None) == {}
    with pytest.raises(FixSetting, match=r"no settings file .*config.toml', named on --config"):
        read_file(path, "on --config")


def test_an_unknown_name_is_refused_with_line_and_nearest_name(path: Path) -> None:
    words = refusal(path, "calls = 3\napi_ulr = 'x'\n")
    assert f"'api_ulr' in line 2 of {path} is no setting. Did you mean api_url?" in words


def test_a_table_that_is_no_setting_is_refused(path: Path) -> None:
    assert f"'api' in line 1 of {path} is no setting." in refusal(path, "[api]\nurl = 'x'\n")


def test_keys_must_be_a_table(path: Path) -> None:
    assert "[keys]" in refusal(path, "keys = 'quit=X'\n")


@pytest.mark.parametrize("value", ["[1]", "1.5", "2026-11-22", "{ a = 1 }"])
def test_a_value_of_another_kind_is_refused(path: Path, value: str) -> None:
    words = refusal(path, f"\ncalls = {value}\n")
    assert f"CALLS in line 2 of {path} is of the wrong kind" in words


@pytest.mark.parametrize("value", ["[1]", '["a b"]', '["a,b"]', '[["a"]]'])
def test_an_entry_of_a_list_that_is_no_single_text_is_refused(path: Path, value: str) -> None:
    assert f"LISTEN_ALLOW in line 1 of {path} has an entry" in refusal(path, f"listen_allow = {value}\n")


def test_a_list_is_its_entries_with_commas(path: Path) -> None:
    path.write_text("listen_allow = [\n'10.0.0.1', '10.0.0.2']\n")
    assert read_file(path, None) == {"listen_allow": Given("10.0.0.1,10.0.0.2", f"in line 1 of {path}")}


def test_broken_toml_is_refused_with_its_line(path: Path) -> None:
    assert "at line 2" in refusal(path, "calls = 3\nmouse = \n")


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.write_bytes(b"theme = '\xff'")
    with pytest.raises(FixSetting, match="not UTF-8"):
        read_file(path, None)


def test_what_is_no_file_or_too_large_is_refused_at_once(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FixSetting, match="cannot be read"):
        read_file(tmp_path, "on --config")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(FixSetting, match="not a regular file"):
            read_file(tmp_path / "pipe", "on --config")
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(FixSetting, match="larger"):
        read_file(path, None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_secret_that_others_may_read_is_refused_with_the_command_that_mends_it(
    path: Path, mode: int
) -> None:
    path.write_text("api_token = 'canary'\n")
    path.chmod(mode)
    with pytest.raises(FixSetting) as caught:
        read_file(path, None)
    assert "API_TOKEN" in caught.value.what
    assert caught.value.remedy == f"Run: chmod 600 {path}"
    assert "canary" not in str(caught.value)


def test_without_a_secret_others_may_read_it(path: Path) -> None:
    path.write_text("calls = 3\n")
    path.chmod(0o644)
    assert read_file(path, None)["calls"].text == "3"


def test_a_link_to_a_secret_is_refused_with_the_path_to_name(path: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text("api_token = 'canary'\n")
    kept.chmod(0o600)
    path.symlink_to(kept)
    with pytest.raises(FixSetting, match="holds API_TOKEN, and is a symbolic link") as caught:
        read_file(path, None)
    assert caught.value.remedy == f"Name the file itself with --config: {kept}"
    kept.write_text("calls = 3\n")
    assert read_file(path, None)["calls"].text == "3"


def test_a_credential_of_systemd_is_taken(path: Path) -> None:
    path.write_text("api_token = 'canary'\n")
    path.chmod(0o440)
    if path.stat().st_uid == path.stat().st_gid == 0:
        assert read_file(path, None)["api_token"].text == "canary"
    else:
        with pytest.raises(FixSetting, match="other users may read it"):
            read_file(path, None)


def test_what_every_user_may_change_is_refused(path: Path) -> None:
    path.write_text("calls = 3\n")
    path.chmod(0o646)
    with pytest.raises(FixSetting, match="may be changed by every user") as caught:
        read_file(path, None)
    assert caught.value.remedy == f"Run: chmod o-w {path}"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf# nothing\r\n"])
def test_a_file_that_says_nothing_sets_nothing(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read_file(path, "on --config") == {}


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_part_of_a_value(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfcalls = 3\r\nmouse = true\r\n")
    assert {name: given.text for name, given in read_file(path, None).items()} == {
        "calls": "3",
        "mouse": "true",
    }


def test_utf_16_is_said_to_be_no_utf_8(path: Path) -> None:
    path.write_bytes("calls = 3\n".encode("utf-16"))
    with pytest.raises(FixSetting, match="not UTF-8"):
        read_file(path, None)


def test_the_nearest_name_is_offered_only_if_it_is_near() -> None:
    assert nearest("windwo", ["window", "listen"]) == " Did you mean window?"
    assert nearest("colour", ["window", "listen"]) == ""
