"""`/v1/settings/application`: the settings with their published defaults, and how a PATCH changes them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from console.simulator.accounts import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.simulator.bodies import Json, JsonObject

DEFAULTS: JsonObject = {
    "callback_persist": True,
    "callback_backoff_delay_ms": 3000,
    "max_callback_backoff_delay_ms": 900_000,
    "media": {"auto_download": ["image", "video", "voice", "sticker", "audio", "document"]},
    "garbagecollector_enable": {"media": False, "messages": True},
    "webhooks": {
        "url": "",
        "max_concurrent_requests": 6,
        "message": {"sent": True, "delivered": True, "read": False},
    },
    "heartbeat_interval": 5,
    "unhealthy_interval": 30,
    "wa_id": "16505550100",
    "log_level": "info",
}
_RANGES = {
    "callback_backoff_delay_ms": (3000, 15_000),
    "max_callback_backoff_delay_ms": (600_000, 3_600_000),
}
_CHOICES: Mapping[str, tuple[Json, ...]] = {"max_concurrent_requests": (6, 12, 18, 24)}


class ApplicationSettings:
    """The application settings. Reading `tree` gives a copy.

    `backoff` (seconds) takes the place of the setting of that name, which cannot be set to less
    than three seconds; a test has no time for that.
    """

    def __init__(self, *, backoff: float | None = None) -> None:
        self._tree = copy.deepcopy(DEFAULTS)
        self._backoff = backoff

    @property
    def tree(self) -> JsonObject:
        """All of them."""
        return copy.deepcopy(self._tree)

    def patch(self, change: Json) -> None:
        """Changes the keys that are sent and no other.

        Raises:
            Refusal: 1025, 1010 or 1009; then nothing was changed.
        """
        if not isinstance(change, dict):
            raise Refusal(1025, "settings.application: an object was expected")
        merged = self.tree
        _merge(merged, change, "settings.application")
        self._tree = merged

    def reset(self) -> None:
        """Back to the defaults: without a webhook URL, so that callbacks are dropped."""
        self._tree = copy.deepcopy(DEFAULTS)

    @property
    def webhook_url(self) -> str:
        """Where callbacks go; empty: nowhere."""
        return str(_branch(self._tree, "webhooks")["url"])

    @property
    def callbacks_at_once(self) -> int:
        """How many callbacks run in parallel."""
        return _number(_branch(self._tree, "webhooks"), "max_concurrent_requests")

    @property
    def backoff(self) -> float:
        """Seconds by which the wait between two deliveries grows."""
        if self._backoff is not None:
            return self._backoff
        return _number(self._tree, "callback_backoff_delay_ms") / 1000

    @property
    def longest_backoff(self) -> float:
        """Seconds that the wait never exceeds."""
        return _number(self._tree, "max_callback_backoff_delay_ms") / 1000

    @property
    def auto_download(self) -> frozenset[str]:
        """The media types that the client stores by itself."""
        types = _branch(self._tree, "media")["auto_download"]
        return frozenset(str(one) for one in types) if isinstance(types, list) else frozenset()


def _branch(tree: JsonObject, key: str) -> JsonObject:
    branch = tree[key]
    return branch if isinstance(branch, dict) else {}


def _number(tree: JsonObject, key: str) -> int:
    value = tree[key]
    return value if isinstance(value, int) else 0


def _merge(tree: JsonObject, change: JsonObject, where: str) -> None:
    for key, value in change.items():
        place = f"{where}.{key}"
        if key not in tree:
            raise Refusal(1010, f"{place} is not a setting")
        held = tree[key]
        if isinstance(held, dict) and isinstance(value, dict):
            _merge(held, value, place)
            continue
        if type(held) is not type(value):
            raise Refusal(1009, f"{place} has the wrong type")
        _check(key, value, place)
        tree[key] = value


def _check(key: str, value: Json, place: str) -> None:
    low, high = _RANGES.get(key, (None, None))
    if isinstance(value, int) and low is not None and high is not None and not low <= value <= high:
        raise Refusal(1009, f"{place} must be from {low} to {high}")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise Refusal(1009, f"{place} must be one of {', '.join(map(str, _CHOICES[key]))}")
    if key == "url" and value and not str(value).startswith(("http://", "https://")):
        raise Refusal(1009, f"{place} must be an http or https URL")
    if key == "auto_download" and not _all_types(value):
        raise Refusal(1009, f"{place} must be a list of media types")


def _all_types(value: Json) -> bool:
    known = {"image", "video", "voice", "sticker", "audio", "document"}
    return isinstance(value, list) and all(isinstance(one, str) and one in known for one in value)
