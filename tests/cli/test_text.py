from __future__ import annotations

from msgspec.structs import replace

from console.cli import text
from console.domain.media import Media, MediaId, MediaKey, MediaType, Millis, Origin, StoreError
from console.domain.retention import DAY_MS, DEFAULT_WINDOW_MS

NOW = Millis(1_749_988_800_000)
SENT = Millis(NOW - DAY_MS)
PLAIN = Media(key=MediaKey("a"), id=MediaId("a"), heard_at=SENT, sent_at=SENT, type=MediaType.IMAGE)


def row(media: Media) -> str:
    return text.row(media, DEFAULT_WINDOW_MS, NOW)


def page(media: Media) -> list[str]:
    return list(text.page(media, [], DEFAULT_WINDOW_MS, NOW))


def test_columns_stand_under_their_names() -> None:
    heading, line = text.heading(), row(replace(PLAIN, filename="x.jpg", sender_name="Kerry"))
    for name, value in (
        ("STATE", "received"),
        ("TYPE", "image"),
        ("FROM", "Kerry"),
        ("ID", "a"),
        ("NAME", "x.jpg"),
    ):
        assert line[heading.index(name) :].startswith(value)
    assert line[: heading.index("STATE")].rstrip().endswith("13d 00h")


def test_the_id_is_never_cut() -> None:
    assert "x" * 300 in row(replace(PLAIN, key=MediaKey("x" * 300)))


def test_an_error_is_named_beside_the_state() -> None:
    error = StoreError(code=400, title="x", origin=Origin.WEBHOOK)
    assert " undownloaded 400 gone " in row(replace(PLAIN, undownloaded=True, announced_error=error))


def test_the_name_is_the_file_name_else_the_caption_else_said_to_be_missing() -> None:
    assert row(replace(PLAIN, filename="f", caption="c")).endswith("  f")
    assert row(replace(PLAIN, caption="c")).endswith('  "c"')
    assert row(PLAIN).endswith("  (no name)")


def test_the_sender_is_the_name_else_the_number_else_unknown() -> None:
    assert " Kerry " in row(replace(PLAIN, sender="123", sender_name="Kerry"))
    assert " 123 " in row(replace(PLAIN, sender="123"))
    assert " (unknown) " in row(PLAIN)


def test_an_assumed_time_is_said_to_be_one() -> None:
    assert "sent          2025-06-14T12:00:00Z" in page(PLAIN)
    assert "sent          2025-06-14T12:00:00Z (time of receipt)" in page(replace(PLAIN, sent_at=None))
    early = page(replace(PLAIN, sent_at=Millis(SENT + 7_200_000)))
    said = "(time of receipt: the message says 2025-06-14T14:00:00Z, which is later)"
    assert f"sent          2025-06-14T12:00:00Z {said}" in early


def test_a_conflict_and_the_next_try_are_told() -> None:
    assert any(line.startswith("conflict ") for line in page(replace(PLAIN, conflict=True)))
    assert not any(line.startswith("conflict ") for line in page(PLAIN))


def test_history_is_told_in_words() -> None:
    entry = {"at": "2025-06-14T12:00:00Z", "fact": "StoreRefused", "source": "response", "attempt": 1}
    error = {"code": 1006, "title": "Resource not found", "details": None}
    (line,) = [
        line
        for line in text.page(PLAIN, [{**entry, "error": error}], DEFAULT_WINDOW_MS, NOW)
        if line.startswith("2025-06-14T12:00:00Z ")
    ]
    assert "store refused" in line
    assert line.endswith("source response, attempt 1, error 1006 Resource not found")
