"""The media volume: which media the simulated client knows and which files it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from console.domain.media import MediaId, MediaType
from console.simulator.behaviours import Behaviour, Script
from console.simulator.files import make_file

if TYPE_CHECKING:
    from collections.abc import Iterable

USUAL_MIME_TYPE = {
    MediaType.IMAGE: "image/jpeg",
    MediaType.DOCUMENT: "application/pdf",
    MediaType.AUDIO: "audio/mpeg",
    MediaType.VOICE: "audio/ogg; codecs=opus",
    MediaType.VIDEO: "video/mp4",
    MediaType.STICKER: "image/webp",
}


class HeldMedia:
    """One media: what it is, whether its file is stored, and how calls for it will go.

    The file is made when it is first asked for; equal ids and types make equal bytes.
    """

    def __init__(self, media_id: MediaId, media_type: MediaType, mime_type: str | None = None) -> None:
        self.id = media_id
        self.type = media_type
        self.mime_type = mime_type or USUAL_MIME_TYPE[media_type]
        self.stored = False
        self.script = Script()
        self.open_calls = 0

    @property
    def file(self) -> bytes:
        """The file's bytes."""
        return make_file(self.mime_type, self.id)

    @property
    def sha256(self) -> str:
        """The file's hash in lower-case hex."""
        return hashlib.sha256(self.file).hexdigest()

    def behave(self, behaviours: Iterable[Behaviour]) -> None:
        """Says how the coming store calls will go; see `Script`."""
        self.script = Script(behaviours)


class Volume:
    """All media of the simulated client, by id."""

    def __init__(self) -> None:
        self._held: dict[str, HeldMedia] = {}

    def find(self, media_id: str) -> HeldMedia | None:
        """The media of that id, if it is known."""
        return self._held.get(media_id)

    def put(self, media: HeldMedia) -> None:
        """Adds a media, or puts it in the place of the one with its id."""
        self._held[media.id] = media

    def all(self) -> list[HeldMedia]:
        """Every media, in the order in which they came."""
        return list(self._held.values())
