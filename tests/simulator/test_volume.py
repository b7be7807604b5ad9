from __future__ import annotations

import hashlib

import pytest

from console.domain.media import MediaId, MediaType
from console.simulator.behaviours import OK, Behaviour, Kind
from console.simulator.volume import USUAL_MIME_TYPE, HeldMedia, Volume


@pytest.mark.parametrize("media_type", USUAL_MIME_TYPE)
def test_every_type_has_a_usual_mime_type_and_a_file(media_type: MediaType) -> None:
    media = HeldMedia(MediaId("a"), media_type)
    assert media.mime_type == USUAL_MIME_TYPE[media_type]
    assert media.sha256 == hashlib.sha256(media.file).hexdigest()
    assert not media.stored


def test_two_media_have_two_files() -> None:
    one, two = (HeldMedia(MediaId(name), MediaType.IMAGE) for name in "ab")
    assert one.sha256 != two.sha256


def test_a_media_is_well_behaved_until_told_otherwise() -> None:
    media = HeldMedia(MediaId("a"), MediaType.IMAGE, "image/png")
    assert media.script.next() == OK
    media.behave([Behaviour(Kind.SILENT)])
    assert media.script.next() == Behaviour(Kind.SILENT)


def test_the_volume_finds_by_id_and_keeps_the_order() -> None:
    volume = Volume()
    media = [HeldMedia(MediaId(name), MediaType.IMAGE) for name in "cab"]
    for one in media:
        volume.put(one)
    assert volume.find("a") is media[1]
    assert volume.find("d") is None
    assert volume.all() == media
