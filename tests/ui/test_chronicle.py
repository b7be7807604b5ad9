"""Facts in words."""

from __future__ import annotations

import pytest

from console.domain.facts import Fact, MediaStored, ResultNoted, StoreUnanswered
from console.domain.media import MediaId, MediaKey
from console.ui import chronicle
from tests.ui import scene
from tests.ui.samples import announced

KEY, ID = MediaKey("m-1"), MediaId("m-1")


@pytest.mark.parametrize("story", sorted({line.story for line in scene.LINES}))
def test_every_fact_of_a_story_is_told_in_a_sentence(story: str) -> None:
    for fact in scene.steps(1, story):
        told, _, _ = chronicle.tell(fact)
        assert told


@pytest.mark.parametrize(
    ("fact", "told", "more"),
    [
        (announced(), "webhook: image announced", ""),
        (announced(undownloaded=True), "webhook: image announced, not downloaded", ""),
        (
            announced(undownloaded=True, error=scene.GONE),
            "webhook: image announced, not downloaded: 400 Parameter not valid",
            "Media not found in the datastore.",
        ),
        (StoreUnanswered(key=KEY, at=scene.NOW, attempt=1), "no callback came in time", ""),
        (MediaStored(key=KEY, id=ID, at=scene.NOW), "callback: stored, the client holds the file", ""),
        (
            ResultNoted(key=KEY, id=ID, at=scene.NOW, status="queued"),
            "callback with status queued: changes nothing",
            "",
        ),
    ],
)
def test_a_fact_is_told_with_the_senders_words_below(fact: Fact, told: str, more: str) -> None:
    assert (chronicle.tell(fact)[0], chronicle.tell(fact)[2]) == (told, more)
