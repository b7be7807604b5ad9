"""What an error means and what to do about it: the one wording for screen, shell and log.

The code decides, together with where it was learnt and, for the two codes that cover several
cases, the details. Titles from the wire are unreliable (the same failure comes as `Parameter not
valid` and as `Media download error`), so a known code keeps its title from the catalogue.
"""

from __future__ import annotations

from msgspec import Struct

from console.domain import catalogue
from console.domain.catalogue import Entry, Retry
from console.domain.display import Shown, line
from console.domain.media import Origin, StoreError

__all__ = ["NOT_STORED", "Explanation", "Retry", "explain", "sentence", "short"]

NOT_STORED = StoreError(code="undownloaded", title="Media not downloaded", origin=Origin.WEBHOOK)
"""Stands in for the error of a media that was announced without its file and without a reason."""


_ROOM_FOR_LABEL = 7
"""Characters of a code beside which a label has room."""


class Explanation(Struct, frozen=True, kw_only=True):
    """An error explained; every text may be shown as it is.

    `code` is the platform's, `meaning` and `remedy` are whole sentences. The wire's details are
    not in here: show them word for word beside it.
    """

    code: Shown
    title: Shown
    meaning: str
    remedy: str
    retryable: Retry


def explain(error: StoreError) -> Explanation:
    """Always gives an explanation; for an unknown code the wire's own title is kept."""
    entry = _entry(error)
    code, title = line(str(error.code), 40).strip(), line(entry.title)
    if entry is catalogue.UNKNOWN and (own := line(error.title).strip()) and own != code:
        title = line(own)
    return Explanation(
        code=line(code or "(no code)"),
        title=title,
        meaning=entry.meaning,
        remedy=entry.remedy,
        retryable=entry.retryable,
    )


def short(error: StoreError) -> Shown:
    """Two words for a list row, at most 15 characters: `1006 path`, `400 gone`, `auth`, `timeout`.

    A code that leaves no room for a second word stands alone.
    """
    entry, code = _entry(error), _word(error)
    named = not _is_number(code) and entry is not catalogue.UNKNOWN
    if named or entry.label == "auth":
        return line(entry.label or code, 15)
    return line(code if len(code) > _ROOM_FOR_LABEL else f"{code} {entry.label}".strip(), 15)


def sentence(error: StoreError, subject: str) -> Shown:
    """The line about an error: what failed, on what, why, and what to do.

    `subject` names the media for a person (sender and type, say); it may be a stranger's text.
    """
    told = explain(error)
    head = f"{told.code} {told.title}" if _is_number(told.code) else told.title
    return line(f"{head}: {line(subject)}. {told.meaning} {told.remedy}", 1000)


def _entry(error: StoreError) -> Entry:
    code = _word(error)
    if (case := _case_of_details(code, (error.details or "").casefold())) is not None:
        return case
    by_status = catalogue.WEBHOOK if error.origin is Origin.WEBHOOK else catalogue.ANSWER
    for table in (by_status, catalogue.API, catalogue.NETWORK):
        if (entry := table.get(code)) is not None:
            return entry
    if not _is_number(code):
        return catalogue.UNKNOWN
    if 2000 <= int(code) <= 2062:
        return catalogue.TEMPLATES
    if error.origin is not Origin.WEBHOOK and len(code) == 3:
        return catalogue.OTHER_ANSWER.get(code[0], catalogue.UNKNOWN)
    return catalogue.UNKNOWN


def _case_of_details(code: str, details: str) -> Entry | None:
    """The case of a code that the (casefolded) details tell apart; None where they tell nothing."""
    for wanted, words, entry in _CASES:
        if code == wanted and any(word in details for word in words):
            return entry
    return None


_CASES = (
    # The router's words for any route it does not know, and the words for a missing file [S-WEB].
    ("1006", ("url path",), catalogue.API[catalogue.ROUTE]),
    ("1006", ("file with id",), catalogue.API[catalogue.FILE]),
    ("1005", ("credential", "authentication", "token", "expired"), catalogue.API[catalogue.LOGIN]),
    ("1005", ("role", "permission", "not allowed", "forbidden"), catalogue.API[catalogue.ROLE]),
    # The result of the client's own download, should an answer carry it instead of a webhook.
    ("400", ("media not found",), catalogue.WEBHOOK["400"]),
)


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit()


def _word(error: StoreError) -> str:
    """The code as text, one way for numbers and for numbers written as strings."""
    return str(error.code).strip().casefold()[:40]
