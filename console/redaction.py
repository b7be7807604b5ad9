"""What no log line and no traceback may show: secrets, credentials, and phone numbers but for their end."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from console.config import Secret

DOTS: Final = "••••"

_SHORTEST_IN_BASE64: Final = 6
"""Bytes: what is shorter leaves too few letters in Base64 to be told from other text."""

_CREDENTIALS: Final = (
    # Authorization headers, whoever's they are: the token of a session is in no setting.
    (r"\b((?i:basic|bearer)\s+)(?=\S*[0-9A-Z=_.-])[^\s'\",;]{6,}", rf"\1{DOTS}"),
    (r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", DOTS),
    (r"(://)[^\s/@'\"]+@", rf"\1{DOTS}@"),
    (r"(?i)((?:password|token|secret)['\"]\s*:\s*b?['\"])[^'\"]+", rf"\1{DOTS}"),
    (r"(?i)((?:password|token|secret)=)[^\s&'\",;)]+", rf"\1{DOTS}"),
    (r"(/webhook/)[^\s'\"?#]+", rf"\1{DOTS}"),
)
_NUMBER: Final = re.compile(
    r"(?P<kept>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bpid \d{1,7}\b|\b\d+ bytes\b)"
    r"|\+\d[\d ().-]{5,}\d|\d{7,}",
    re.IGNORECASE,
)


class Redaction:
    """Masks text.

    Secrets are found as they are, percent-encoded, escaped in JSON or in a Python literal, and
    within Base64. Of seven digits in a row or more, and of a number that begins with a plus, the
    last four stay.

    Args:
        secrets: what must not be shown in any form; None stands for a setting that is not set.
        numbers: whether phone numbers may be shown in full.
    """

    def __init__(self, secrets: Iterable[Secret | None] = (), *, numbers: bool = False) -> None:
        forms = {form for secret in secrets if secret is not None for form in _forms(secret.reveal())}
        longest_first = sorted(forms, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if forms else None
        self._numbers = numbers

    def __call__(self, text: str) -> str:
        """The text without what must not be shown."""
        if self._secrets is not None:
            text = self._secrets.sub(DOTS, text)
        for pattern, instead in _CREDENTIALS:
            text = re.sub(pattern, instead, text)
        return text if self._numbers else _NUMBER.sub(_ending, text)


def _ending(number: re.Match[str]) -> str:
    return number["kept"] or DOTS + re.sub(r"\D", "", number[0])[-4:]


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode()
    yield secret
    yield from (quote(secret), quote(secret, safe=""), quote_plus(secret))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (repr(secret)[1:-1], repr(raw)[2:-1])
    if len(raw) >= _SHORTEST_IN_BASE64:
        for encoded in _in_base64(raw):
            yield from (encoded, encoded.translate(str.maketrans("+/", "-_")))


def _in_base64(raw: bytes) -> Iterator[str]:
    """What stands in Base64 for bytes in the middle of others, as in that of `user:password`.

    Three bytes become four letters, so that it begins at one of three places in such a group; the
    letters at both ends that hold bits of the neighbours are left out.
    """
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
