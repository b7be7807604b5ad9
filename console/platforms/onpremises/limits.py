"""How many characters are kept of each text in a webhook."""

from __future__ import annotations

from typing import Final

ID_LIMIT: Final = 512
"""A longer media id is not cut, for it names the row, but not understood."""
NAME_LIMIT: Final = 256
FILENAME_LIMIT: Final = 255
CAPTION_LIMIT: Final = 4096
MIME_LIMIT: Final = 255
HASH_LIMIT: Final = 128
STATUS_LIMIT: Final = 64
NOTICE_LIMIT: Final = 512
