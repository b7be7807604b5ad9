from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.simulator.accounts import Refusal
from console.simulator.settings import DEFAULTS, ApplicationSettings

if TYPE_CHECKING:
    from console.simulator.bodies import Json


def test_the_defaults_are_the_published_ones() -> None:
    settings = ApplicationSettings()
    assert settings.tree == DEFAULTS
    assert settings.webhook_url == ""
    assert settings.callbacks_at_once == 6
    assert settings.backoff == 3
    assert settings.longest_backoff == 900
    assert len(settings.auto_download) == 6


def test_a_patch_changes_only_what_it_names() -> None:
    settings = ApplicationSettings()
    settings.patch({"webhooks": {"url": "https://example.org/hook"}})
    settings.patch({"webhooks": {"max_concurrent_requests": 12}, "media": {"auto_download": ["image"]}})
    assert settings.webhook_url == "https://example.org/hook"
    assert settings.callbacks_at_once == 12
    assert settings.auto_download == {"image"}
    assert settings.tree["callback_persist"] is True


def test_a_reset_forgets_the_url() -> None:
    settings = ApplicationSettings()
    settings.patch({"webhooks": {"url": "https://example.org/hook"}})
    settings.reset()
    assert settings.webhook_url == ""


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (None, 1025, "an object was expected"),
        ([], 1025, "an object was expected"),
        ({"webhook": {}}, 1010, "settings.application.webhook is not a setting"),
        ({"webhooks": {"uri": ""}}, 1010, "settings.application.webhooks.uri is not a setting"),
        ({"webhooks": "https://example.org"}, 1009, "settings.application.webhooks has the wrong type"),
        ({"webhooks": {"url": "ftp://example.org"}}, 1009, "must be an http or https URL"),
        ({"webhooks": {"max_concurrent_requests": 7}}, 1009, "must be one of 6, 12, 18, 24"),
        ({"callback_backoff_delay_ms": 100}, 1009, "must be from 3000 to 15000"),
        ({"callback_backoff_delay_ms": True}, 1009, "has the wrong type"),
        ({"media": {"auto_download": ["films"]}}, 1009, "must be a list of media types"),
        ({"media": {"auto_download": [["image"]]}}, 1009, "must be a list of media types"),
    ],
)
def test_a_wrong_patch_is_refused_and_changes_nothing(change: Json, code: int, said: str) -> None:
    settings = ApplicationSettings()
    with pytest.raises(Refusal, match=said) as caught:
        settings.patch(change)
    assert caught.value.code == code
    assert settings.tree == DEFAULTS


def test_half_a_wrong_patch_changes_nothing() -> None:
    settings = ApplicationSettings()
    with pytest.raises(Refusal):
        settings.patch({"webhooks": {"url": "https://example.org", "nothing": 1}})
    assert settings.webhook_url == ""


def test_the_tree_is_a_copy() -> None:
    settings = ApplicationSettings()
    settings.tree["log_level"] = "debug"
    assert settings.tree["log_level"] == "info"


def test_the_back_off_can_be_shorter_than_the_setting_allows() -> None:
    assert ApplicationSettings(backoff=0.01).backoff == 0.01
