"""Parts are taken one by one; what is of the wrong kind is noted, not lost and not fatal."""

from __future__ import annotations

from console.domain.media import Origin, StoreError
from console.domain.reading import Unread
from console.platforms.onpremises.parts import MOST_UNREAD, Parts


def test_arrays_are_taken_where_they_are_arrays() -> None:
    parts = Parts({"messages": [1], "errors": None, "media_items": {}})
    assert parts.array("messages") == [1]
    assert parts.array("errors") == []
    assert parts.array("contacts") == []
    assert parts.listed() == ()
    assert parts.array("media_items") == []
    assert parts.listed() == (Unread(where="media_items", reason="expected an array, got an object"),)


def test_texts_are_taken_where_they_are_texts() -> None:
    parts = Parts({})
    told: dict[str, object] = {"a": "abc", "b": 5, "c": "", "d": None, "e": ["x"]}
    assert [parts.text(told, key, 2, "m") for key in "abcdef"] == ["ab", "5", None, None, None, None]
    assert parts.listed() == (Unread(where="m.e", reason="expected a text, got an array"),)


def test_what_was_not_understood_is_bounded_and_counted() -> None:
    parts = Parts({})
    for index in range(MOST_UNREAD + 3):
        parts.odd(f"messages[{index}]", "an object", 1)
    listed = parts.listed()
    assert len(listed) == MOST_UNREAD + 1
    assert listed[-1] == Unread(where="body", reason="3 more parts were not understood")


def test_the_first_error_that_can_be_read_is_taken() -> None:
    parts = Parts({})
    error = StoreError(code=400, title="t", origin=Origin.WEBHOOK)
    assert parts.error({"errors": [None, {"code": 400, "title": "t"}]}, {}, "m") == error
    assert parts.error({}, {"errors": [{"code": 400, "title": "t"}]}, "m") == error
    assert parts.error({"errors": {"code": 400, "title": "t"}}, {}, "m") == error
    empty: tuple[object, ...] = (None, [], {}, "", 0, False)
    for nothing in empty:
        assert parts.error({"errors": nothing}, {}, "m") is None
    assert parts.listed() == ()


def test_errors_that_cannot_be_read_are_errors_all_the_same() -> None:
    parts = Parts({})
    for odd in (["boom"], "boom", 7, True, [None]):
        error = parts.error({"errors": odd}, {}, "m")
        assert error == StoreError(code="unknown", title="Unreadable error", origin=Origin.WEBHOOK)
    assert parts.listed() == (Unread(where="m.errors", reason="no error in it can be read"),) * 5


def test_a_sender_is_the_number_or_what_stands_in_for_it() -> None:
    parts = Parts({})
    assert parts.sender({"from": "1", "from_bsuid": "2", "user_id": "3"}, "m") == "1"
    assert parts.sender({"from_bsuid": "2", "user_id": "3"}, "m") == "2"
    assert parts.sender({"from": None, "user_id": "3"}, "m") == "3"
    assert parts.sender({"from": 16315551234}, "m") == "16315551234"
    assert parts.sender({}, "m") is None


def test_names_belong_to_those_whose_contact_it_is() -> None:
    contacts = [
        {"profile": {"name": "Ada"}, "wa_id": "1"},
        {"profile": {"name": "Bo"}, "wa_id": "2", "user_id": "b"},
        {"profile": {"name": "not Ada"}, "wa_id": "1"},
        {"profile": {}, "wa_id": "3"},
        {"wa_id": "4"},
        {"profile": {"name": "nobody"}},
    ]
    parts = Parts({"contacts": contacts})
    assert [parts.name(sender) for sender in ("1", "2", "b", "3", "4", "5")] == [
        "Ada",
        "Bo",
        "Bo",
        *[None] * 3,
    ]
    assert parts.listed() == ()


def test_odd_contacts_cost_nothing_but_their_names() -> None:
    parts = Parts(
        {
            "contacts": [
                "x",
                {"profile": []},
                {"profile": {"name": []}},
                {"profile": {"name": "A"}, "wa_id": {}},
            ]
        }
    )
    assert parts.name("1") is None
    assert [unread.where for unread in parts.listed()] == [
        "contacts[0]",
        "contacts[1].profile",
        "contacts[2].profile.name",
        "contacts[3].wa_id",
    ]
