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

__all__ = ["Explanation", "Retry", "explain", "sentence", "short"]


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
    title = error.title if entry is catalogue.UNKNOWN and error.title else entry.title
    return Explanation(
        code=line(str(error.code), 40),
        title=line(title),
        meaning=entry.meaning,
        remedy=entry.remedy,
        retryable=entry.retryable,
    )


def short(error: StoreError) -> Shown:
    """Two words for a list row, at most 15 characters: `1006 path`, `400 gone`, `auth`, `timeout`."""
    label = _entry(error).label
    code = _word(error)
    if label == "auth" or not label:
        return line(label or code, 15)
    return line(f"{line(code, 7)} {label}")


def sentence(error: StoreError, subject: str) -> Shown:
    """The line about an error: what failed, on what, why, and what to do.

    `subject` names the media for a person (sender and type, say); it may be a stranger's text.
    """
    told = explain(error)
    head = f"{told.code} {told.title}" if _is_number(told.code) else told.title
    return line(f"{head}: {line(subject)}. {told.meaning} {told.remedy}", 1000)


def _entry(error: StoreError) -> Entry:
    code = _word(error)
    if case := _case_of_details(code, (error.details or "").casefold()):
        return catalogue.API[case]
    if error.origin is Origin.WEBHOOK and code in catalogue.WEBHOOK:
        return catalogue.WEBHOOK[code]
    if error.origin is not Origin.WEBHOOK and code in catalogue.ANSWER:
        return catalogue.ANSWER[code]
    if (known := catalogue.API.get(code) or catalogue.NETWORK.get(code)) is not None:
        return known
    if not _is_number(code):
        return catalogue.UNKNOWN
    if 2000 <= int(code) <= 2062:
        return catalogue.TEMPLATES
    if error.origin is not Origin.WEBHOOK and len(code) == 3:
        return catalogue.OTHER_ANSWER.get(code[0], catalogue.UNKNOWN)
    return catalogue.UNKNOWN


def _case_of_details(code: str, details: str) -> str | None:
    """The case that the details tell apart; None where they tell nothing."""
    if code == "1006" and "url path" in details:
        return catalogue.ROUTE
    if code == "1006" and "file with id" in details:
        return catalogue.FILE
    if code == "1005" and any(
        word in details for word in ("credential", "authentication", "token", "expired")
    ):
        return catalogue.LOGIN
    if code == "1005" and any(word in details for word in ("role", "permission", "not allowed", "forbidden")):
        return catalogue.ROLE
    return None


def _is_number(code: str) -> bool:
    return code.isascii() and code.isdigit()


def _word(error: StoreError) -> str:
    """The code as text, one way for numbers and for numbers written as strings."""
    return str(error.code).strip().casefold()[:40]
