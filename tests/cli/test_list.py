from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from console.cli.program import run
from tests.cli.world import DAY, announcement, command, environment, failure, fill

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PROMISED = {
    *(
        "key",
        "id",
        "type",
        "state",
        "error",
        "mime_type",
        "sha256",
        "filename",
        "caption",
        "sender",
        "sender_name",
    ),
    *("message_id", "sent_at", "received_at", "expires_at", "lapsed", "attempts", "next_try_at"),
}


def records(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_without_a_cache_it_is_empty_and_says_so(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"There is no cache at {db} yet." in err
    assert not db.exists()


def test_the_most_urgent_comes_first_in_aligned_columns(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(
        db,
        announcement("young", filename="rechnung.pdf"),
        announcement("urgent", age=13.5 * DAY, caption="two\nlines", sender_name="株式会社"),
        announcement("lapsed", age=20 * DAY),
        announcement("urgent-failed", age=13.4 * DAY),
        failure("urgent-failed"),
    )
    assert run(["list"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["DUE", "STATE", "TYPE", "FROM", "ID", "NAME"]
    assert [row[71:].split()[0] for row in rows[1:]] == ["urgent-failed", "young", "lapsed"]
    assert rows[0].startswith(" !! 11h 59m  undownloaded ")
    assert rows[0].endswith('urgent                                "two↵lines"')
    assert "failed 400 gone" in rows[1]
    assert rows[3].lstrip().startswith("past 14d")


def test_json_has_every_promised_key_and_ascii_alone(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a", caption="\x1b]0;owned\x07\x9b1m \u202e\x7f"), announcement("b"), failure("b"))
    assert run(["list", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.isascii()
    assert out.replace("\n", "").isprintable()
    first, second = records(out)
    assert set(first) >= PROMISED
    assert first["caption"] == "\x1b]0;owned\x07\x9b1m \u202e\x7f"
    assert second["error"] == {
        "code": 400,
        "title": "Parameter not valid",
        "details": "Media not found in the datastore.",
        "origin": "webhook",
    }


def test_a_strangers_text_reaches_a_pipe_harmless(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a\x1b[2J", filename="[red]x[/]\x1b]52;c;aGk=\x07", sender_name="\u202egnp.exe"))
    assert run(["list"]) == 0
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert "[red]x[/]" in out


def test_the_filter_of_the_screen_selects(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a"), announcement("b"), failure("b"))
    assert run(["list", "--filter", "state:failed", "--json"]) == 0
    assert [record["id"] for record in records(capsys.readouterr().out)] == ["b"]
    assert run(["list", "--filter", "state:downloaded"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("", "media-console: No media match the filter.\n")


def test_a_limit_says_that_there_is_more(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, *(announcement(f"m{number}") for number in range(3)))
    assert run(["list", "--json", "--limit", "2"]) == 0
    out, err = capsys.readouterr()
    assert len(records(out)) == 2
    assert "more than these 2" in err
    for limit in ("3", "0"):
        assert run(["list", "--json", "--limit", limit]) == 0
        out, err = capsys.readouterr()
        assert (len(records(out)), err) == (3, "")


def test_a_shorter_window_lapses_sooner(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(db, announcement("a", age=8 * DAY))
    assert run(["list", "--json", "--window", "7d"]) == 0
    assert records(capsys.readouterr().out)[0]["lapsed"] is True


def test_a_reader_that_leaves_early_is_no_error(db: Path) -> None:
    fill(db, *(announcement(f"m{number}", caption="x" * 400) for number in range(300)))
    line = f"{' '.join(command('list'))} | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        env=environment(db),
        capture_output=True,
        text=True,
        timeout=15,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split()[0] == "DUE"


def test_a_full_disk_under_stdout_is_said(db: Path) -> None:
    fill(db, announcement("a"))
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            command("list"), env=environment(db), stdout=full, stderr=subprocess.PIPE, text=True, timeout=15
        )
    assert ended.returncode == 1
    assert ended.stderr == "media-console: The result could not be written: No space left on device.\n"


def test_an_encoding_that_lacks_a_letter_is_no_error(db: Path) -> None:
    fill(db, announcement("a", filename="später.pdf"))
    env = environment(db) | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command("list"), env=env, capture_output=True, text=True, timeout=15)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "sp?ter.pdf" in ended.stdout
