"""Hostile webhooks over a real listener: the answers, the rows, and what the shell prints of them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from rich.cells import cell_len

from console.cache import queries
from console.cache.reader import CacheReader
from console.cache.records import history_record
from console.cli import program
from console.cli.text import page
from console.clock import wall
from console.domain.media import MediaKey
from console.domain.retention import DAY_MS
from tests.cache.samples import keys_in
from tests.cli.world import command, environment
from tests.faults.asking import ask, status_of
from tests.faults.hostile import every_case, whole
from tests.faults.hostile_raw import every_request
from tests.faults.hostile_texts import TEXTS
from tests.faults.processes import serving
from tests.faults.screens import invisible

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.hostile import Case

pytestmark = pytest.mark.timeout(60)  # the first of them posts the whole corpus

CASES = {case.name: case for case in every_case()}
WINDOW = 14 * DAY_MS


class Posted(NamedTuple):
    """What came of the corpus: the cache, the log, and the answer to each body and raw request."""

    db: Path
    log: str
    statuses: dict[str, int]
    requests: dict[str, int]


@pytest.fixture(scope="module")
def posted(tmp_path_factory: pytest.TempPathFactory) -> Posted:
    """The whole corpus, posted to a listener that has ended since."""
    db = tmp_path_factory.mktemp("hostile") / "media.db"
    with serving(db) as running:
        statuses, requests = asyncio.run(_post_all(running.url))
        running.process.terminate()
        assert running.process.wait(10) == 0
        return Posted(db, running.words.read_text("utf-8", "surrogateescape"), statuses, requests)


async def _post_all(url: str) -> tuple[dict[str, int], dict[str, int]]:
    """Posts everything, a few at a time, as the client does."""
    headers = {"Content-Type": "application/json"}
    gate = asyncio.Semaphore(8)
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:

        async def post(case: Case) -> int:
            async with gate:
                return (await client.post(url, content=case.body, headers=headers)).status_code

        answered = await asyncio.gather(*map(post, CASES.values()))

    async def send(sent: bytes) -> int:
        async with gate:
            return status_of(await ask(url, sent))

    asked = every_request()
    heard = await asyncio.gather(*(send(request.sent) for request in asked))
    return (
        dict(zip(CASES, answered, strict=True)),
        {request.name: status for request, status in zip(asked, heard, strict=True)},
    )


def rows_of(db: Path) -> list[str]:
    """The keys of all rows."""
    with CacheReader(db) as reader:
        return [str(key) for key in keys_in(reader, now=wall())]


def run(posted: Posted, *arguments: str) -> str:
    """What a command prints into a pipe about the corpus."""
    done = subprocess.run(command(*arguments), env=environment(posted.db), capture_output=True, timeout=15)
    assert done.stderr == b""
    return done.stdout.decode()


def test_t21_the_corpus_has_enough_of_each_kind() -> None:
    counts = Counter(case.status for case in CASES.values())
    assert counts.keys() == {200, 400, 413}
    assert min(counts[200], counts[400]) > 80
    assert len(every_request()) > 80


def test_t21_each_hostile_body_is_answered_as_the_rules_say(posted: Posted) -> None:
    assert {name: s for name, s in posted.statuses.items() if s != CASES[name].status} == {}


def test_t21_exactly_the_expected_rows_are_there(posted: Posted) -> None:
    raw = {request.name for request in every_request() if posted.requests[request.name] == 200}
    rows = rows_of(posted.db)
    assert len(rows) == len(set(rows))
    assert set(rows) - raw == {key for case in CASES.values() for key in case.keys}
    assert raw - set(rows) == set()


def test_t21_exactly_the_odd_bodies_are_in_quarantine(posted: Posted) -> None:
    with CacheReader(posted.db) as reader:
        kept = {body for _, _, body in reader.run(queries.quarantine())}
    assert {case.name for case in CASES.values() if (case.body in kept) != case.unread} == set()


def test_t21_each_raw_request_has_an_answer_that_fits_it(posted: Posted) -> None:
    asked = {request.name: request for request in every_request()}
    wrong = {name: status for name, status in posted.requests.items() if status not in asked[name].statuses}
    assert wrong == {}


def test_t21_text_is_stored_as_it_came_and_cut_to_its_length(posted: Posted) -> None:
    with CacheReader(posted.db) as reader:
        for name, text in TEXTS.items():
            media = reader.run(queries.media(MediaKey(f"message-{name}")))
            assert media is not None
            told = whole(text)
            assert (media.caption, media.filename) == (told[:4096], told[:255])
            assert (media.mime_type, media.sha256) == (told[:255], told[:128])
            assert (media.sender, media.sender_name) == (told[:256], told[:256])
            failed = reader.run(queries.media(MediaKey(f"result-{name}")))
            assert failed is not None
            assert failed.error is not None
            assert (failed.error.title, failed.error.details) == (told[:256], told[:2048])


def test_t23_the_log_of_the_listener_holds_clean_lines_and_no_traceback(posted: Posted) -> None:
    assert invisible(posted.log) - {"\n"} == set()
    assert "OWNED" not in posted.log
    assert "Traceback" not in posted.log
    for line in posted.log.splitlines():
        assert line.startswith(("media-console: ", "20")), line


def test_t23_list_prints_one_clean_line_for_each_media_into_a_pipe(posted: Posted) -> None:
    heading, *lines = run(posted, "list", "--limit", "0").removesuffix("\n").split("\n")
    assert invisible("".join(lines)) == set()
    assert len(lines) == len(rows_of(posted.db))
    told = [line for line in lines if "message-" in line]
    assert len(told) == len(TEXTS)
    for line in told:
        # The id begins in its own column, whatever stands in those before it.
        assert cell_len(line[: line.rindex("message-")]) == heading.index("ID"), line


def test_t23_show_prints_clean_lines(posted: Posted) -> None:
    with CacheReader(posted.db) as reader:
        for key in rows_of(posted.db):
            media = reader.run(queries.media(MediaKey(key)))
            assert media is not None
            history = [history_record(fact) for fact in reader.run(queries.history(media.key))]
            printed = list(page(media, history, WINDOW, wall()))
            assert invisible("".join(printed)) == set()
            assert not any("\n" in line for line in printed)


@pytest.mark.slow
def test_t23_show_into_a_pipe_is_clean_too(posted: Posted) -> None:
    key = "x\r\nX-Evil: 1\r\n\r\nGET /v1/health HTTP/1.1"
    printed = run(posted, "show", key)
    assert invisible(printed) - {"\n"} == set()
    assert printed.startswith("id ")
    assert json.loads(run(posted, "show", key, "--json"))["id"] == key


@pytest.mark.parametrize(
    "arguments",
    [
        ("EVIL",),
        ("--EVIL",),
        ("list", "EVIL"),
        ("list", "--limit", "EVIL"),
        ("list", "--filter", "EVIL"),
        ("list", "--filter", "state:EVIL"),
        ("list", "--filter", '"EVIL'),
        ("list", "--window", "EVIL"),
        ("list", "--config", "/EVIL"),
        ("list", "--db", "/EVIL"),
        ("show", "EVIL"),
        ("download", "EVIL"),
        ("listen", "--listen", "EVIL"),
        ("listen", "--api-url", "EVIL"),
        ("--theme", "EVIL"),
    ],
    ids=" ".join,
)
def test_t23_words_about_a_wrong_command_line_are_clean(
    posted: Posted,
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment(posted.db).items():
        monkeypatch.setenv(name, value)
    evil = "x\x1b[2J\x9b31m\x07\u202e\u200b\u2028\r\nOWNED"
    assert program.run([argument.replace("EVIL", evil) for argument in arguments]) in (0, 1, 2)
    out, words = capsys.readouterr()
    assert out == ""
    assert words
    assert invisible(words) - {"\n"} == set()
    assert not any(line.startswith("OWNED") for line in words.splitlines())


def test_t23_json_is_pure_ascii_and_says_what_came(posted: Posted) -> None:
    printed = run(posted, "list", "--limit", "0", "--json")
    assert printed.isascii()
    assert {char for char in printed if not char.isprintable()} == {"\n"}
    records = {record["key"]: record for record in map(json.loads, printed.splitlines())}
    assert records.keys() == set(rows_of(posted.db))
    assert records["message-clear-screen"]["caption"] == TEXTS["clear-screen"]
    assert records["message-lone-surrogates"]["filename"] == whole(TEXTS["lone-surrogates"])
