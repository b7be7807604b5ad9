"""Canaries: secrets that must be in no file and no words, people that must be in no log; settings files."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pexpect
import pytest

from console.cache.paths import log_path
from console.cache.permissions import share_with
from console.cli.program import run
from console.cli.wiring import log_beside_cache
from console.config import load
from console.simulator import Simulator
from tests.cli.world import announcement, command, environment, fill, free_port, running, until
from tests.faults.users import Box, box

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASSWORD = "canary/Pass word+1="
TOKEN = "canary.api-token_1"
PATH = "canary-path-secret-0123456789"
HOOK = "canary-hook-token-0123456789"
BASIC = "canary-hook-password-0123456789"
SIGNING = "canary-signing-0123456789"
PROXY = "canary-proxy-password"
SECRETS = (PASSWORD, TOKEN, PATH, HOOK, BASIC, SIGNING, PROXY)
USERS = ("admin", "web", "hook")
"""Before a secret they bring it to each of the three places that it can have in Base64."""
SESSION = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
"""How every token of a session of the simulated client begins."""
NUMBER = "16315550199"


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache with one media, that commands in this process use."""
    path = tmp_path / "home" / "media.db"
    fill(path, announcement("a").replace(b"16315551234", NUMBER.encode()))
    for name, value in environment(path).items():
        if name.startswith(("MEDIA_CONSOLE_", "HOME")):
            monkeypatch.setenv(name, value)
    yield path
    share_with(None)


@pytest.fixture
def several() -> Iterator[Box]:
    with box() as made:
        yield made


def forms(secret: str) -> list[bytes]:
    """How a secret may be written."""
    logins = (base64.b64encode(f"{user}:{secret}".encode()) for user in USERS)
    return [secret.encode(), quote(secret).encode(), quote(secret, safe="").encode(), *logins]


def parts(secret: str) -> list[bytes]:
    """What is found of it in a file, with whatever user it stands in Base64."""
    told = forms(secret)
    return told[: -len(USERS)] + [login[8:-4] for login in told[-len(USERS) :]]


def leaks(place: Path) -> list[str]:
    """Where below a folder a secret is, and where a number or what a sender wrote is in words or in a log."""
    told = []
    for path in place.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        told += [f"{secret} in {path.name}" for secret in SECRETS if any(p in content for p in parts(secret))]
        if SESSION.encode() in content:
            told.append(f"a session's token in {path.name}")
        if path.name.endswith((".log", ".err")) and (NUMBER.encode() in content or b"Kerry" in content):
            told.append(f"a person in {path.name}")
    return told


def command_lines() -> str:
    """Those of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue  # it has ended
    return "\n".join(found)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer."""
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


def signed(body: bytes) -> dict[str, str]:
    """The header that signs a body."""
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(SIGNING.encode(), body, hashlib.sha256).hexdigest()}


# -- T53


@pytest.mark.parametrize("login", ["right", "wrong"])
def test_t53_no_secret_is_written_anywhere(tmp_path: Path, db: Path, login: str) -> None:
    port = free_port()
    with Simulator(password=PASSWORD if login == "right" else "another") as client:
        env = environment(
            db,
            listen=f"127.0.0.1:{port}",
            log_level="debug",
            api_url=client.url,
            api_username="admin",
            api_password=PASSWORD,
            webhook_secret=PATH,
            webhook_token=HOOK,
            webhook_hmac=SIGNING,
        )
        with (tmp_path / "listen.err").open("wb") as err:
            service = subprocess.Popen(command("listen"), env=env, stderr=err)
        try:
            until(lambda: "Waiting for webhooks" in (tmp_path / "listen.err").read_text())
            url, body = f"http://127.0.0.1:{port}/webhook/{PATH}", announcement("b")
            body = body.replace(b"16315551234", NUMBER.encode())
            bearer = {"Authorization": f"Bearer {HOOK}"}
            assert post(url, body, bearer | signed(body)) == 200
            assert post(url, body, bearer) in (401, 403)
            assert post(url + "x", body, bearer | signed(body)) in (401, 403, 404)
            assert post(url, b"{" + body, bearer | signed(b"{" + body)) == 400
            if login == "wrong":  # which is known before the command's second is over
                until(lambda: "The API refuses the login" in (tmp_path / "listen.err").read_text())
            with (tmp_path / "download.err").open("wb") as err:
                line = command("download", "a", "b", "--wait", "1")
                done = subprocess.run(line, env=env, stderr=err, timeout=15)
            assert done.returncode == (3 if login == "wrong" else 0)
            assert not any(secret in command_lines() for secret in SECRETS)
            assert leaks(tmp_path) == []
            with (
                (tmp_path / "screen.pty").open("wb") as seen,
                closing(
                    pexpect.spawn(
                        *(sys.executable, ["-m", "console"]),
                        env={**env, "TERM": "xterm-256color"},
                        dimensions=(40, 140),
                        timeout=12,
                    )
                ) as screen,
            ):
                screen.logfile_read = seen
                screen.expect("viewing")
                service.kill()
                screen.expect("listening")
                screen.send("eJ")
                assert post(url, b"{" + body, bearer | signed(b"{" + body)) == 400
                until(lambda: "refused" in log_path(db).read_text())
                screen.send("Q")
                screen.expect(pexpect.EOF)
        finally:
            service.kill()
            service.wait()
    assert leaks(tmp_path) == []


@pytest.mark.slow
def test_t53_nor_those_of_the_other_ways_to_log_in(tmp_path: Path, db: Path) -> None:
    env = environment(
        db,
        log_level="debug",
        api_url="http://127.0.0.1:1",
        api_token=TOKEN,
        api_proxy=f"http://proxy:{PROXY}@127.0.0.1:1",
        webhook_basic=f"hook:{BASIC}",
    )
    with running(["listen"], env, r"(http://\S+/webhook)") as (service, url):
        login = base64.b64encode(f"hook:{BASIC}".encode()).decode()
        assert post(url, announcement("b"), {"Authorization": f"Basic {login}"}) == 200
        assert post(url, announcement("c"), {"Authorization": f"Basic {login[:-4]}"}) in (401, 403)
        done = subprocess.run(
            command("download", "a", "--wait", "2"), env=env, capture_output=True, timeout=15
        )
        (tmp_path / "download.err").write_bytes(done.stderr)
        (tmp_path / "download.out").write_bytes(done.stdout)
        service.terminate()
        assert service.stderr is not None
        (tmp_path / "listen.err").write_text(service.stderr.read())
    assert done.returncode == 3
    assert leaks(tmp_path) == []


def test_t53_a_crash_with_all_of_them_in_its_traceback_is_logged_without(tmp_path: Path, db: Path) -> None:
    settings = load(
        {},
        environment(
            db,
            api_username="admin",
            api_password=PASSWORD,
            api_token=TOKEN,
            api_proxy=f"http://proxy:{PROXY}@127.0.0.1:1",
            webhook_secret=PATH,
            webhook_basic=f"hook:{BASIC}",
            webhook_hmac=SIGNING,
        ),
    )

    def fail() -> None:
        given = [form.decode() for secret in SECRETS if secret != HOOK for form in forms(secret)]
        raise RuntimeError(f"{given} {NUMBER} Authorization: Bearer {HOOK} {SESSION}e30eyJ1c2VyIjoi.x")

    with log_beside_cache(settings) as path:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert "RuntimeError: [" in path.read_text()
    assert "••••0199" in path.read_text()
    assert leaks(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        ["--help"],
        ["listen", "--help"],
        ["show", "a"],
        ["list", "--json"],
        ["list", "--filter", "state:nowhere"],
        ["listen", "--listen", "nowhere"],
        ["listen", "--api-url", f"https://admin:{PASSWORD.replace(' ', '')}@x"],
        ["listen", f"--api-password={PASSWORD}"],
        ["listen", "--api-password", PASSWORD],
        ["listen", "--shared-group", "nobody's group"],
    ],
)
def test_t53_no_words_repeat_a_secret(
    db: Path, line: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"api_username": "admin", "api_password": PASSWORD, "api_token": TOKEN, "webhook_secret": PATH}
    given |= {"webhook_token": HOOK, "webhook_hmac": SIGNING, "api_proxy": f"http://u:{PROXY}@x"}
    for name, value in given.items():
        monkeypatch.setenv(f"MEDIA_CONSOLE_{name.upper()}", value)
    run(line)
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert "canary" not in shown.out + shown.err


# -- T54


@pytest.mark.parametrize(
    ("mode", "told"),
    [(0o644, "Run: chmod 600 "), (0o640, "Run: chmod 600 "), (0o606, "may be changed by every user")],
)
def test_t54_a_settings_file_that_others_can_get_at_is_refused(
    db: Path, mode: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = db.with_name("config.toml")
    path.write_text("api_token = 'hunter2-canary'\n")
    path.chmod(mode)
    assert run(["list", "--config", str(path)]) == 2
    shown = capsys.readouterr().err
    assert told in shown
    assert "canary" not in shown


def test_t54_another_users_settings_file_is_refused(several: Box) -> None:
    path = several.folder / "config.toml"
    path.write_text("theme = 'light'\n")
    path.chmod(0o644)
    env = environment(several.folder / "cache.db")
    if several.stranger is not None:
        os.chown(path, 61002, -1)
        refused = several.owner.run(env, "list", "--config", str(path))
        assert refused.returncode == 2
        assert "belongs to another user (number 61002)" in refused.stderr
        os.chown(path, 0, -1)  # root's is as good as one's own
    assert several.owner.run(env, "list", "--config", str(path)).returncode == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"api_token = 'hunter2\ncanary'\n", "is not TOML"),
        (b'api_token = "hunter2-canary\\n"', "Give a token in one line"),
        (b"\xef\xbb\xbfapi_token = 'hunter2-canary'\n", None),
        (b"\xff\xfea\x00", "it is not UTF-8 text"),
        (b"api_token = hunter2-canary\n", "is not TOML"),
        (b"api_token = ['hunter2-canary']\n", "API_TOKEN in line 1"),
        (b"api_pasword = 'hunter2-canary'\n", "Did you mean api_password?"),
        (b"", None),
    ],
)
def test_t54_what_is_wrong_in_it_is_said_without_the_secret(
    db: Path, content: bytes, told: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    path = db.with_name("config.toml")
    path.write_bytes(content)
    assert run(["list", "--config", str(path)]) == (0 if told is None else 2)
    shown = capsys.readouterr().err
    assert (told or "") in shown
    assert "canary" not in shown


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("missing", "There is no settings file"),
        ("link", "and is a symbolic link"),
        ("folder", "Is a directory"),
        ("pipe", "it is not a regular file"),
    ],
)
def test_t54_what_is_no_file_of_ones_own_is_said(
    db: Path, what: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = db.with_name("config.toml")
    if what == "link":
        db.with_name("kept").write_text("api_token = 'hunter2-canary'\n")
        path.symlink_to(db.with_name("kept"))
    elif what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    assert run(["list", "--config", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_t54_a_secret_with_a_line_end_in_the_environment_is_refused_unseen(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MEDIA_CONSOLE_API_USERNAME", "u")
    monkeypatch.setenv("MEDIA_CONSOLE_API_PASSWORD", "hunter2-canary\n")
    assert run(["list"]) == 2
    told = capsys.readouterr().err
    assert "API_PASSWORD in MEDIA_CONSOLE_API_PASSWORD is not right. Give text of one line" in told
    assert "canary" not in told
