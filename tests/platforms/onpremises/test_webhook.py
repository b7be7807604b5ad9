"""Every shape of the webhook contract, one by one."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from console.domain.facts import Fact, MediaAnnounced, MediaStored, ResultNoted, StoreFailed
from console.domain.media import MediaId, MediaKey, MediaType, Millis, Origin, StoreError
from console.domain.reading import Reading, Unread
from console.domain.standing import Level, Notice
from console.platforms.onpremises.webhook import MOST_NOTICES, read_webhook
from tests.platforms.onpremises.bodies import (
    FAILURE,
    MEDIA_ID,
    MESSAGE_ID,
    MIME,
    RECEIVED_AT,
    SENDER,
    SENT,
    SHA256,
    announcement,
    item,
    media,
    message,
    result,
)

MEDIALESS = ["text", "location", "contacts", "button", "interactive", "order", "system", "reaction", "hsm"]
MEDIALESS += ["ephemeral"]

NOT_IN_DATASTORE = StoreError(
    code=400,
    title="Parameter not valid",
    details="Media not found in the datastore.",
    origin=Origin.WEBHOOK,
)


def read(body: object) -> Reading:
    return read_webhook(json.dumps(body).encode(), RECEIVED_AT)


def only(body: object) -> Fact:
    """The one fact of a body in which everything was understood."""
    reading = read(body)
    assert reading.unread == ()
    (fact,) = reading.facts
    return fact


def announced(body: object) -> MediaAnnounced:
    fact = only(body)
    assert isinstance(fact, MediaAnnounced)
    return fact


@pytest.mark.parametrize("kind", list(MIME))
def test_a_message_announces_its_media(kind: str) -> None:
    told = media(kind, caption="The meter", filename="meter.bin")
    assert only(announcement(message(kind, told))) == MediaAnnounced(
        key=MediaKey(MEDIA_ID),
        at=RECEIVED_AT,
        id=MediaId(MEDIA_ID),
        type=MediaType(kind),
        message_id=MESSAGE_ID,
        sent_at=Millis(SENT * 1000),
        sender=SENDER,
        sender_name="Kerry Fisher",
        filename="meter.bin",
        caption="The meter",
        mime_type=MIME[kind],
        sha256=SHA256,
    )


@pytest.mark.parametrize("kind", list(MIME))
def test_a_result_without_errors_is_a_stored_media(kind: str) -> None:
    assert only(result(item(kind))) == MediaStored(
        key=MediaKey(MEDIA_ID),
        at=RECEIVED_AT,
        id=MediaId(MEDIA_ID),
        type=MediaType(kind),
        mime_type=MIME[kind],
        sha256=SHA256,
        status="downloaded",
    )


@pytest.mark.parametrize("status", ["downloaded", "undownloaded", "", None, "whatever"])
def test_errors_decide_whatever_the_status_says(status: str | None) -> None:
    fact = only(result(item(told=media(status=status), errors=[FAILURE])))
    assert fact == StoreFailed(
        key=MediaKey(MEDIA_ID),
        at=RECEIVED_AT,
        id=MediaId(MEDIA_ID),
        type=MediaType.IMAGE,
        mime_type="image/jpeg",
        sha256=SHA256,
        status=status or None,
        error=NOT_IN_DATASTORE,
    )


@pytest.mark.parametrize("empty", [[], None, {}])
def test_empty_errors_are_no_errors(empty: object) -> None:
    assert isinstance(only({"media_items": [item() | {"errors": empty}]}), MediaStored)
    assert not announced(announcement(message() | {"errors": empty})).undownloaded


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (None, MediaStored),
        ("", MediaStored),
        ("downloaded", MediaStored),
        ("Downloaded", MediaStored),
        ("undownloaded", ResultNoted),
        ("pending", ResultNoted),
        ("downloaded ", ResultNoted),
    ],
)
def test_without_errors_only_downloaded_or_nothing_is_a_success(status: str | None, kind: type[Fact]) -> None:
    fact = only(result(item(told=media(status=status))))
    assert type(fact) is kind
    assert isinstance(fact, MediaStored | ResultNoted)
    assert fact.status == (status or None)


def test_a_result_names_its_type_by_its_key_where_the_type_is_missing_or_another() -> None:
    kinds: tuple[object, ...] = (None, "media", "image", 5, [])
    for kind in kinds:
        fact = only({"media_items": [item("voice") | {"type": kind}]})
        assert isinstance(fact, MediaStored)
        assert fact.type is MediaType.VOICE


def test_a_result_may_have_nothing_but_the_id() -> None:
    assert only({"media_items": [{"image": {"id": "short"}}]}) == MediaStored(
        key=MediaKey("short"), at=RECEIVED_AT, id=MediaId("short"), type=MediaType.IMAGE
    )


@pytest.mark.parametrize(
    ("errors", "error"),
    [
        ([{"code": "400", "title": "t"}], StoreError(code=400, title="t", origin=Origin.WEBHOOK)),
        ([{"code": 400}], StoreError(code=400, title="Error 400", origin=Origin.WEBHOOK)),
        ([{}, {"code": 1}], StoreError(code="unknown", title="Error unknown", origin=Origin.WEBHOOK)),
        ([None, {"code": 1, "title": "t"}], StoreError(code=1, title="t", origin=Origin.WEBHOOK)),
        ([FAILURE, {"code": 500, "title": "later"}], NOT_IN_DATASTORE),
        (
            [{"code": 500, "title": "", "details": "", "href": ""}],
            StoreError(code=500, title="Error 500", origin=Origin.WEBHOOK),
        ),
    ],
)
def test_the_first_error_is_kept_as_it_came(errors: object, error: StoreError) -> None:
    fact = only(result(item(errors=errors)))
    assert isinstance(fact, StoreFailed)
    assert fact.error == error


def test_errors_of_an_unknown_form_are_a_failure_and_are_noted() -> None:
    reading = read(result(item(errors=["boom"])))
    (fact,) = reading.facts
    assert isinstance(fact, StoreFailed)
    assert reading.unread == (Unread(where="media_items[0].errors", reason="no error in it can be read"),)


@pytest.mark.parametrize("status", ["undownloaded", "UNDOWNLOADED", "Undownloaded"])
def test_undownloaded_is_the_clients_word_for_a_file_it_does_not_hold(status: str) -> None:
    fact = announced(announcement(message(told=media(status=status))))
    assert (fact.undownloaded, fact.status, fact.error) == (True, status, None)


@pytest.mark.parametrize("status", ["downloaded", "pending", "", None])
def test_any_other_status_of_a_message_says_nothing(status: str | None) -> None:
    fact = announced(announcement(message(told=media(status=status))))
    assert (fact.undownloaded, fact.status) == (False, status or None)


def test_errors_on_a_message_announce_a_failed_download() -> None:
    fact = announced(announcement(message(errors=[FAILURE])))
    assert (fact.id, fact.undownloaded, fact.error) == (MEDIA_ID, True, NOT_IN_DATASTORE)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_failure_without_an_id_goes_by_its_message(absent: str | None) -> None:
    told = media(status="undownloaded") | {"id": absent}
    fact = announced(announcement(message(told=told)))
    assert (fact.key, fact.id, fact.undownloaded) == (f"message:{MESSAGE_ID}", None, True)


def test_a_media_without_an_id_needs_the_operator_whatever_its_status() -> None:
    assert announced(announcement(message(told=media(id=None)))).undownloaded


@pytest.mark.parametrize(
    ("spoilt", "kind"),
    [
        ({"image": None, "errors": [FAILURE]}, MediaType.IMAGE),
        ({"image": None, "type": "unknown", "errors": [FAILURE]}, MediaType.UNKNOWN),
        ({"image": None, "type": None, "errors": [{"code": 501}, FAILURE]}, MediaType.UNKNOWN),
    ],
)
def test_a_failed_download_without_any_media_object_is_announced(
    spoilt: dict[str, object], kind: MediaType
) -> None:
    fact = announced(announcement(message() | spoilt))
    assert (fact.key, fact.id, fact.type) == (f"message:{MESSAGE_ID}", None, kind)
    assert (fact.undownloaded, fact.error) == (True, NOT_IN_DATASTORE)
    assert (fact.sender, fact.sender_name, fact.sent_at) == (SENDER, "Kerry Fisher", SENT * 1000)


def test_without_media_id_and_message_id_there_is_nothing_to_show() -> None:
    reading = read(announcement(message(told=media(id=None), id=None)))
    assert reading.facts == ()
    assert reading.unread == (
        Unread(
            where="messages[0]", reason="it announces a media, but has neither a media id nor a message id"
        ),
    )


def test_optional_fields_may_be_missing() -> None:
    assert only({"messages": [{"type": "image", "image": {"id": "x"}}]}) == MediaAnnounced(
        key=MediaKey("x"), at=RECEIVED_AT, id=MediaId("x"), type=MediaType.IMAGE
    )


def test_unknown_fields_are_ignored() -> None:
    told = media(link="https://e.example/x", metadata={"pack": [1]}, animated=True, next={"a": {}})
    body = announcement(
        message(
            told=told,
            context={"from": "1", "id": "2", "forwarded": True, "mentions": ["3"]},
            group_id="1-2@g.us",
            referral={"image": {"id": "ad"}},
            identity={"hash": "x"},
            errors=[],
        )
    ) | {"meta": {"version": "3.0.1"}, "brand_new": [[]]}
    assert announced(body).key == MEDIA_ID


def test_the_object_leads_over_a_type_that_does_not_fit() -> None:
    for odd in ({"type": "unknown"}, {"type": "ephemeral"}, {"type": None}, {"type": "image"}, {"type": 7}):
        assert announced(announcement(message("video") | odd)).type is MediaType.VIDEO


@pytest.mark.parametrize("timestamp", [None, "", "17", "soon", "1_749_985_200", "\u0660", [], 7258118400])
def test_an_implausible_message_time_is_left_out(timestamp: object) -> None:
    assert announced(announcement(message() | {"timestamp": timestamp})).sent_at is None


def test_times_may_be_numbers_or_milliseconds() -> None:
    for timestamp in (SENT, str(SENT), SENT * 1000, str(SENT * 1000)):
        assert announced(announcement(message(timestamp=timestamp))).sent_at == SENT * 1000


def test_a_name_is_taken_from_the_senders_own_contact_only() -> None:
    other = {"contacts": [{"profile": {"name": "Someone else"}, "wa_id": "1"}], "messages": [message()]}
    assert announced(other).sender_name is None
    assert announced({"messages": [message()]}).sender_name is None
    bsuid = {"from": None, "from_bsuid": "US.1", "user_id": "US.1"}
    contacts = [{"profile": {"name": "@kerry"}, "user_id": "US.1"}]
    fact = announced({"contacts": contacts, "messages": [message() | bsuid]})
    assert (fact.sender, fact.sender_name) == ("US.1", "@kerry")


def test_texts_are_kept_as_they_came_and_cut_to_their_limits() -> None:
    wild = "\x1b]52;c;eA==\x07[@click=app.quit]x[/]\u202e../\n\x00😀"
    fact = announced(announcement(message(told=media(caption=wild, filename=wild))))
    assert (fact.caption, fact.filename) == (wild, wild)
    long = "ж" * 100_000
    told = media("document", caption=long, filename=long, mime_type=long, sha256=long, status=long)
    body = announcement(message("document", told, id=long, **{"from": long}))
    body["contacts"] = [{"wa_id": long, "profile": {"name": long}}]
    fact = announced(body)
    assert [
        len(text or "")
        for text in (fact.caption, fact.sender_name, fact.sender, fact.filename, fact.message_id)
    ] == [4096, 256, 256, 255, 512]
    assert [len(text or "") for text in (fact.mime_type, fact.sha256, fact.status)] == [255, 128, 64]


@pytest.mark.parametrize(
    "media_id",
    ["../../v1/users", "a/b", "a\nb", "x" * 512, " ", "%2e%2e", "\x00", "..", "\U0001d51e"],
)
def test_ids_are_opaque(media_id: str) -> None:
    fact = announced(announcement(message(told=media(id=media_id))))
    assert (fact.id, fact.key) == (media_id, media_id)
    stored = only(result(item(told=media(id=media_id))))
    assert isinstance(stored, MediaStored)
    assert stored.id == media_id


@pytest.mark.parametrize("media_id", ["message:" + MESSAGE_ID, "x" * 513])
def test_an_id_that_could_be_taken_for_anothers_is_quarantined(media_id: str) -> None:
    heard = read(
        {"messages": [message(told=media(id=media_id))], "media_items": [item(told=media(id=media_id))]}
    )
    assert heard.facts == ()
    assert [part.where for part in heard.unread] == ["messages[0].image.id", "media_items[0].image.id"]


def test_ids_may_be_numbers() -> None:
    fact = announced(announcement(message(told=media(id=17), id=18)))
    assert (fact.id, fact.message_id) == ("17", "18")


def test_lone_surrogates_are_replaced() -> None:
    body = json.dumps(announcement(message(told=media(caption="a\ud800b\udfff"))))
    fact = only(json.loads(body.replace("\\ud800", "\\ufffd").replace("\\udfff", "\\ufffd")))
    assert read_webhook(body.encode(), RECEIVED_AT).facts == (fact,)
    assert isinstance(fact, MediaAnnounced)
    assert fact.caption == "a\ufffdb\ufffd"


def test_one_body_may_bring_everything_at_once() -> None:
    body = announcement(*(message(kind, media(kind, id=f"id-{kind}")) for kind in MIME))
    body |= result(item("voice"), item(errors=[FAILURE]))
    body |= {"statuses": [{"id": "s", "status": "read"}], "errors": [{"code": 1016, "title": "Overloaded"}]}
    reading = read(body)
    assert [type(fact) for fact in reading.facts] == [MediaAnnounced] * 6 + [MediaStored, StoreFailed]
    assert [fact.key for fact in reading.facts[:6]] == [f"id-{kind}" for kind in MIME]
    assert len(reading.notices) == 1
    assert reading.unread == ()


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": None},
        {"contacts": []},
        {"statuses": [{"id": "s", "status": "failed", "errors": [FAILURE]}]},
        {"statuses": "read"},
        {"contacts": "not looked at without a sender to name", "messages": [{"type": "text"}]},
        *(
            {"messages": [{"from": "1", "id": "m", "timestamp": "1", "type": kind, kind: {"body": "x"}}]}
            for kind in MEDIALESS
        ),
        {"messages": [{"type": "text", "text": None}]},
        {"messages": [{"type": "contacts", "contacts": [{"name": {}}]}]},
        {"messages": [{"type": "system", "system": {"type": "customer_changed_number"}}]},
        {"messages": [{"type": "unknown"}]},
        {"messages": [{"type": "brand_new", "brand_new": {"a": 1}}]},
        {"messages": [{"id": "m"}]},
        {
            "messages": [
                {
                    "id": "m",
                    "type": "unknown",
                    "errors": [{"code": 501, "title": "Unknown message type", "details": "…"}],
                }
            ]
        },
    ],
)
def test_noise_gives_nothing(body: object) -> None:
    assert read(body) == Reading()


def test_trouble_of_the_client_is_a_notice() -> None:
    reading = read(
        {
            "errors": [
                {"code": 1016, "title": "System overloaded", "details": "Backlog is full"},
                {"code": "1014", "title": "Internal error"},
                {},
            ]
        }
    )
    assert reading.notices == tuple(
        Notice(at=RECEIVED_AT, level=Level.WARNING, source="client", text=text)
        for text in (
            "1016 System overloaded: Backlog is full",
            "1014 Internal error",
            "unknown Error unknown",
        )
    )
    assert (reading.facts, reading.unread) == ((), ())
    many = read({"errors": [{"code": 1, "title": "t", "details": "d" * 9999}] * 1000})
    assert len(many.notices) == MOST_NOTICES
    blank = {"errors": [{"code": " ", "title": "  ", "details": " "}, {"code": "x", "title": "x"}]}
    words = [notice.text for notice in read(blank).notices]
    assert words == ["The client told of an error (no words).", "x"]
    assert max(len(notice.text) for notice in many.notices) == 512


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ([], "body"),
        ("x", "body"),
        (5, "body"),
        (None, "body"),
        (True, "body"),
        ({}, "body"),
        ({"object": "whatsapp_business_account", "entry": []}, "body"),
        ({"messages": {}}, "messages"),
        ({"messages": "x"}, "messages"),
        ({"messages": 5}, "messages"),
        ({"media_items": {"id": "x"}}, "media_items"),
        ({"errors": "boom"}, "errors"),
        ({"errors": [5]}, "errors[0]"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [None]}, "messages[0]"),
        ({"messages": [[]]}, "messages[0]"),
        ({"messages": [{"id": "m", "type": 5}]}, "messages[0].type"),
        ({"messages": [{"id": "m", "type": ["image"]}]}, "messages[0].type"),
        ({"messages": [{"id": "m", "type": {"a": 1}}]}, "messages[0].type"),
        ({"messages": [{"id": "m", "type": "image"}]}, "messages[0].image"),
        ({"messages": [{"id": "m", "type": "image", "image": None}]}, "messages[0].image"),
        ({"messages": [{"id": "m", "type": "image", "image": "x"}]}, "messages[0].image"),
        ({"messages": [{"id": "m", "type": "image", "image": []}]}, "messages[0].image"),
        ({"messages": [{"id": "m", "type": "image", "image": {"id": []}}]}, "messages[0].image.id"),
        ({"messages": [{"id": "m", "type": "image", "image": {"id": 1.5}}]}, "messages[0].image.id"),
        ({"messages": [{"id": "m", "type": "image", "image": {"id": False}}]}, "messages[0].image.id"),
        (
            {"messages": [{"id": "m", "type": "gif", "gif": {"id": "x", "mime_type": "image/gif"}}]},
            "messages[0]",
        ),
        ({"messages": [{"id": "m", "media": {"mime_type": "image/gif"}}]}, "messages[0]"),
        ({"media_items": ["x"]}, "media_items[0]"),
        ({"media_items": [{}]}, "media_items[0]"),
        ({"media_items": [{"id": "x"}]}, "media_items[0]"),
        ({"media_items": [{"type": "image", "image": "x"}]}, "media_items[0].image"),
        ({"media_items": [{"type": "image", "image": {}}]}, "media_items[0].image.id"),
        ({"media_items": [{"type": "image", "image": {"id": ""}}]}, "media_items[0].image.id"),
        ({"media_items": [{"type": "image", "image": {"id": {}}}]}, "media_items[0].image.id"),
        ({"media_items": [{"image": {"id": "x", "status": {}}}]}, "media_items[0].image.status"),
        ({"media_items": [{"image": {"id": "x", "status": False}}]}, "media_items[0].image.status"),
    ],
)
def test_what_is_not_understood_is_named_and_gives_no_fact(body: object, where: str) -> None:
    reading = read(body)
    assert (reading.facts, reading.notices) == ((), ())
    assert [unread.where for unread in reading.unread] == [where]


@pytest.mark.parametrize("key", ["caption", "filename", "mime_type", "sha256", "status"])
@pytest.mark.parametrize("value", [[], {"a": 1}, True, 1.5])
def test_an_odd_field_costs_only_itself(key: str, value: object) -> None:
    reading = read(announcement(message(told=media(caption="c", filename="f", status="s") | {key: value})))
    (fact,) = reading.facts
    assert fact.key == MEDIA_ID
    assert getattr(fact, key) is None
    assert [unread.where for unread in reading.unread] == [f"messages[0].image.{key}"]


def test_a_bad_part_leaves_the_good_ones_as_they_are() -> None:
    body = announcement(5, message(), {"type": "image"}, message(told=media(id="other")))
    body |= result({}, item(), None)
    reading = read(body)
    assert [fact.key for fact in reading.facts] == [MEDIA_ID, "other", MEDIA_ID]
    assert [unread.where for unread in reading.unread] == [
        "messages[0]",
        "messages[2].image",
        "media_items[0]",
        "media_items[2]",
    ]


def test_of_a_key_that_comes_twice_the_last_one_counts() -> None:
    body = b'{"media_items":[{"errors":[{"code":400}],"errors":[],"image":{"id":"a","id":"b"}}]}'
    assert read_webhook(body, RECEIVED_AT).facts == (
        MediaStored(key=MediaKey("b"), at=RECEIVED_AT, id=MediaId("b"), type=MediaType.IMAGE),
    )


def test_reasons_never_repeat_what_a_stranger_wrote() -> None:
    mark = "zebra"
    bodies: list[object] = [
        mark,
        {mark: mark},
        {"messages": mark},
        {"messages": [mark, {"type": mark, mark: {"mime_type": mark}}, {"type": [mark]}]},
        {"messages": [{"type": "image", "image": mark}, {"type": "image", "image": {"id": [mark]}}]},
        {"media_items": [mark, {mark: mark}, {"image": {"id": "x", "status": [mark]}}]},
    ]
    for body in bodies:
        unread = read(body).unread
        assert unread
        assert not any(mark in part.where + part.reason for part in unread)


def test_the_reader_does_without_the_http_library() -> None:
    code = (
        "import sys, console.platforms.onpremises.webhook; print(sorted({'httpx', 'ssl'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "[]\n"
