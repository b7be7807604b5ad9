"""What went wrong lately, as one list."""

from __future__ import annotations

from msgspec import structs

from console.domain.media import Millis
from console.domain.standing import Level, Notice, Trouble
from console.ui import troubles
from tests.ui import scene
from tests.ui.samples import media, of

FAILED = [of("file"), of("path"), of("gone")]
START = Millis(scene.NOW - scene.DAY)


def test_the_newest_failure_is_a_whole_sentence() -> None:
    event = troubles.newest(troubles.events_of(scene.NOTICES, FAILED), START, scene.NOW)
    assert event is not None
    assert event.key == of("file").key
    assert "1006" in event.text
    assert "Νίκος Παππάς" in event.text
    assert troubles.newest(troubles.events_of(scene.NOTICES, FAILED), scene.NOW, scene.NOW) is None


def test_information_is_no_trouble() -> None:
    assert troubles.newest(troubles.events_of(scene.NOTICES[:1], []), START, scene.NOW) is None
    newest = troubles.newest(troubles.events_of(scene.NOTICES, []), START, scene.NOW)
    assert newest is not None
    assert newest.level is Level.WARNING
    assert troubles.counted(troubles.events_of(scene.NOTICES[:1], []), START) == ""


def test_that_a_trouble_is_over_takes_its_place_for_a_while() -> None:
    begun = Notice(at=Millis(scene.NOW - 40_000), level=Level.ERROR, source="service", text="Gone.")
    ended = Notice(at=scene.NOW, level=Level.INFO, source="service", text="Back.")
    told = [ended, begun]

    def newest(seconds: int) -> str | None:
        event = troubles.newest(troubles.events_of(told, []), START, Millis(scene.NOW + seconds * 1000))
        return event.text if event is not None else None

    assert newest(0) == "Back."
    assert newest(59) == "Back."
    assert newest(61) is None, "the old error is no news again"
    told.insert(0, Notice(at=scene.NOW, level=Level.INFO, source="service", text="Back at once."))
    told.append(Notice(at=scene.NOW, level=Level.ERROR, source="service", text="Gone at once."))
    assert newest(0) == "Back at once."
    late = Notice(at=Millis(scene.NOW + 1), level=Level.WARNING, source="service", text="Odd.")
    told.insert(0, late)
    assert newest(61) == "Odd."


def test_equal_failures_are_one_line_with_a_count() -> None:
    events = troubles.all_of(scene.NOTICES, [*FAILED, of("gone")])
    assert [event.at for event in events] == sorted((event.at for event in events), reverse=True)
    assert (
        sum(event.text.startswith("2 times 400 Media download error, the newest: ") for event in events) == 1
    )
    assert len(events) == len(scene.NOTICES) + 3


def test_a_failure_that_the_service_told_is_not_told_again() -> None:
    failed = of("gone")
    told = Notice(
        at=Millis(scene.NOW), level=Level.ERROR, source="client", text="400 it: gone", key=failed.key
    )
    assert [event.text for event in troubles.all_of([told], [failed])] == ["400 it: gone"]
    assert troubles.counted(troubles.events_of([told], [failed]), START) == "1 error"


def test_errors_and_warnings_are_counted_since_a_moment() -> None:
    assert troubles.counted(troubles.events_of(scene.NOTICES, FAILED), START) == "3 errors, 1 warning"
    assert troubles.counted(troubles.events_of((), FAILED), Millis(scene.NOW - scene.HOUR)) == "1 error"
    assert troubles.counted(troubles.events_of((), ()), START) == ""


def test_a_media_that_did_not_fail_is_no_event() -> None:
    assert troubles.failure(media()) is None
    assert troubles.all_of((), [media()]) == []


def test_what_lasts_is_told_first_and_once_though_no_notice_of_it_could_be_stored() -> None:
    full = Trouble(id="cache", text="It is full.", remedy="Free some space.", since=START)
    standing = structs.replace(scene.STANDING, troubles=(full,), stopped=True)
    assert troubles.lasting(standing, here=False) == ()
    assert troubles.lasting(None, here=True) == ()
    lasts = troubles.lasting(standing, here=True)
    stored = [
        Notice(at=at, level=Level.ERROR, source="service", text="It is full.")
        for at in (START, Millis(START - 1))
    ]
    assert [event.text for event in troubles.all_of([], [], lasts)] == ["It is full. Free some space."]
    events = troubles.all_of([*scene.NOTICES, *stored], [], lasts)
    assert events[0].text == "It is full. Free some space."
    assert [event.at for event in events if event.text == "It is full."] == [START - 1]
    assert len(events) == len(scene.NOTICES) + 2
