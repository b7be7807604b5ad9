from __future__ import annotations

import msgspec

from console.domain.media import Millis
from console.simulator import bodies


def test_an_accepted_request_is_answered_in_the_published_shape() -> None:
    assert bodies.accepted("4b5bf27b") == {
        "media_items": [{"id": "4b5bf27b"}],
        "meta": {"api_status": "stable", "version": "3.0.0.0"},
    }


def test_the_failure_callback_says_downloaded_too() -> None:
    failed = bodies.error(400, "Parameter not valid", "Media not found in the datastore.")
    assert bodies.result("4b5bf27b", "image", "image/jpeg", "fa9e", errors=[failed]) == {
        "media_items": [
            {
                "errors": [
                    {
                        "code": 400,
                        "title": "Parameter not valid",
                        "details": "Media not found in the datastore.",
                    }
                ],
                "image": {
                    "id": "4b5bf27b",
                    "mime_type": "image/jpeg",
                    "sha256": "fa9e",
                    "status": "downloaded",
                },
                "type": "image",
            }
        ]
    }


def test_the_success_callback_has_no_errors() -> None:
    (item,) = msgspec.convert(
        bodies.result("1", "voice", "audio/ogg; codecs=opus", "ab")["media_items"], list[dict[str, object]]
    )
    assert set(item) == {"voice", "type"}


def test_empty_details_are_left_out() -> None:
    assert bodies.error(1022, "Webhooks URL is not configured") == {
        "code": 1022,
        "title": "Webhooks URL is not configured",
    }


def test_a_login_writes_its_moment_with_a_space() -> None:
    (user,) = msgspec.convert(bodies.login("x.y.z", Millis(1_519_918_166_000))["users"], list[dict[str, str]])
    assert user == {"token": "x.y.z", "expires_after": "2018-03-01 15:29:26+00:00"}


def test_a_message_names_its_sender() -> None:
    media = bodies.media_object("4b5b", "image/jpeg", "fa9e", caption="Look", filename=None)
    told = bodies.message(
        "image", media, message_id="ABGG", sender="12025550143", timestamp="1518694235", name="Kerry Fisher"
    )
    assert told == {
        "contacts": [{"profile": {"name": "Kerry Fisher"}, "wa_id": "12025550143"}],
        "messages": [
            {
                "from": "12025550143",
                "id": "ABGG",
                "timestamp": "1518694235",
                "type": "image",
                "image": {
                    "caption": "Look",
                    "file": "/usr/local/wamedia/shared/4b5b",
                    "id": "4b5b",
                    "mime_type": "image/jpeg",
                    "sha256": "fa9e",
                },
            }
        ],
    }


def test_a_nameless_sender_comes_without_contacts() -> None:
    told = bodies.message("image", None, message_id="A", sender="1", timestamp="1")
    assert "contacts" not in told


def test_what_is_not_stored_has_no_file() -> None:
    assert bodies.media_object(None, "image/jpeg", None, status="undownloaded") == {
        "mime_type": "image/jpeg",
        "status": "undownloaded",
    }


def test_every_code_has_a_title_and_a_status() -> None:
    assert set(bodies.TITLES) == set(bodies.STATUSES)
