"""What the API's HTTP answers mean: pure functions from a reply to a typed answer."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from console.domain.media import MediaId, Millis, Origin, StoreError
from console.platforms.base import (
    Accepted,
    BadBody,
    LoginRefused,
    Passing,
    Refused,
    StoreAnswer,
    Unreachable,
)
from console.platforms.onpremises import wire
from console.platforms.onpremises.dates import moment_of
from console.platforms.onpremises.exchange import MAX_ANSWER, Reply
from console.platforms.onpremises.faults import Fault

if TYPE_CHECKING:
    from console.platforms.onpremises.session import NoLogin

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses that may pass by themselves; every other failure is final for the media."""

LONGEST_PAUSE = 600.0
"""Seconds that a `Retry-After` may hold us at most."""

PASSWORD_CHANGE_REQUIRED = 1024
TOO_MANY_REQUESTS = 1015

_SLOW_DOWN = frozenset({429, 503})
_SECONDS = re.compile(r"[0-9]{1,9}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)
_LOCATION_LIMIT = 200

_CREDENTIALS = "Check API_USERNAME and API_PASSWORD, or API_TOKEN."
_FIRST_LOGIN = "Log in once by hand with new_password, then set API_PASSWORD to the new one."
_TOO_MANY_LOGINS = "Set the right API_PASSWORD first, then wait until the client forgets the bad logins."
_ADDRESS = "Check that API_URL is the address of a WhatsApp Business API client."


def store_answer(reply: Reply, media_id: MediaId, now: Millis) -> StoreAnswer:
    """The answer to a store request; a 401 is the caller's, who may log in once more."""
    if 200 <= reply.status < 300:
        error = _not_accepted(reply, media_id)
        return Accepted() if error is None else Refused(error=error)
    if 300 <= reply.status < 400:
        return Refused(error=_redirect(reply))
    if reply.status in PASSING:
        return Passing(
            error=error_of(reply),
            retry_after=pause(reply.retry_after, moment_of(reply.date) or now),
            everyone=reply.status in _SLOW_DOWN,
        )
    return Refused(error=error_of(reply))


def network_answer(fault: Fault) -> Passing | Unreachable:
    """A fault of the network: it may have been heard, or surely was not."""
    if fault.asked:
        return Passing(error=fault.error)
    return Unreachable(error=fault.error, remedy=fault.remedy)


def login_answer(reply: Reply | Fault) -> str | NoLogin:
    """The token of `{"users":[{"token", "expires_after"}]}` [S-OAS, S-WEB], or why there is none."""
    if isinstance(reply, Fault):
        return Unreachable(error=reply.error, remedy=reply.remedy)
    if 200 <= reply.status < 300:
        return _token(reply)
    if 300 <= reply.status < 400:
        return LoginRefused(error=_redirect(reply), remedy=_ADDRESS)
    error = error_of(reply)
    if reply.status in {401, 403} or error.code in {PASSWORD_CHANGE_REQUIRED, TOO_MANY_REQUESTS}:
        return refused(error, for_good=True)
    if reply.status in PASSING:
        remedy = "The client answers, but lets nobody log in at present; its logs say why."
        return Unreachable(error=error, remedy=remedy)
    return LoginRefused(error=error, remedy=_ADDRESS)


def refused(error: StoreError, *, for_good: bool) -> LoginRefused:
    """A refusal of our credentials with the remedy for its code."""
    remedies = {PASSWORD_CHANGE_REQUIRED: _FIRST_LOGIN, TOO_MANY_REQUESTS: _TOO_MANY_LOGINS}
    remedy = remedies.get(error.code, _CREDENTIALS) if isinstance(error.code, int) else _CREDENTIALS
    return LoginRefused(error=error, remedy=remedy, for_good=for_good)


def error_of(reply: Reply) -> StoreError:
    """The error that a failed answer carries, or one made of its status where it carries none.

    Of several errors it is the last, because the HTTP status follows that one [S-WEB].
    """
    errors = _errors(json_of(reply))
    if errors:
        return wire.store_error(errors[-1], Origin.RESPONSE)
    return StoreError(
        code=reply.status, title=_phrase(reply.status), origin=Origin.RESPONSE, details=_what_came(reply)
    )


def json_of(reply: Reply) -> object:
    """The JSON value of the answer; None where it is none, or is null."""
    try:
        return wire.decode(reply.body)
    except BadBody:
        return None


def _is_json(reply: Reply) -> bool:
    return json_of(reply) is not None or reply.body.strip() == b"null"


def not_documented(reply: Reply, details: str) -> StoreError:
    """A successful status over something that is not the documented JSON: names what came.

    The code is `too-large`, `html`, `not-json` or, for JSON of another content, `wrong-answer`.
    """
    if reply.oversized:
        return _odd("too-large", "The answer is too large", f"More than {MAX_ANSWER} bytes came.")
    if reply.encoded is not None:
        return _odd("wrong-answer", "Not the documented answer", f"It is encoded as {reply.encoded[:32]}.")
    if _is_html(reply):
        return _odd("html", "A web page came instead of JSON", _what_came(reply))
    if not _is_json(reply):
        return _odd("not-json", "The answer is not JSON", _what_came(reply))
    return _odd("wrong-answer", "Not the documented answer", details)


def pause(retry_after: str | None, now: Millis) -> float | None:
    """Seconds that a `Retry-After` asks for, at most `LONGEST_PAUSE`; None if it says nothing usable.

    `now` is the moment of the answer, best by the clock of who gave it: one that names a date means
    its own.
    """
    if retry_after is None:
        return None
    words = retry_after.strip()
    if _SECONDS.fullmatch(words):
        return min(float(words), LONGEST_PAUSE)
    moment = moment_of(words)
    seconds = 0.0 if moment is None else (moment - now) / 1000
    return min(seconds, LONGEST_PAUSE) if seconds > 0 else None


def _not_accepted(reply: Reply, media_id: MediaId) -> StoreError | None:
    """None where the answer is `{"media_items":[{"id": <ours>}], "meta": …}` [S-SEED]."""
    value = json_of(reply)
    if not isinstance(value, dict):
        return not_documented(reply, f"{wire.name_of(value).capitalize()} came instead of an object.")
    errors = _errors(value)
    if errors:
        return wire.store_error(errors[-1], Origin.RESPONSE)
    if value.get("errors"):
        return not_documented(reply, "It has errors that cannot be read.")
    items = value.get("media_items")
    named = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if media_id in named:
        return None
    other = next((name for name in named if isinstance(name, str)), None)
    return not_documented(
        reply,
        "It names no media." if other is None else f"It names another media: {other[: wire.CODE_LIMIT]}",
    )


def _token(reply: Reply) -> str | NoLogin:
    value = json_of(reply)
    errors = _errors(value)
    if errors:
        error = wire.store_error(errors[-1], Origin.RESPONSE)
        return refused(error, for_good=error.code in {PASSWORD_CHANGE_REQUIRED, TOO_MANY_REQUESTS})
    users = value.get("users") if isinstance(value, dict) else None
    for user in users if isinstance(users, list) else []:
        token = user.get("token") if isinstance(user, dict) else None
        # It goes into a header, so that nothing but visible ASCII may pass.
        if isinstance(token, str) and _TOKEN.fullmatch(token):
            return token
    error = not_documented(reply, "The answer to the login holds no token that could be used.")
    return LoginRefused(error=error, remedy=_ADDRESS)


def _errors(value: object) -> list[dict[str, object]]:
    errors = value.get("errors") if isinstance(value, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _redirect(reply: Reply) -> StoreError:
    to = f" to {reply.location[:_LOCATION_LIMIT]}" if reply.location else ""
    return _odd("redirect", "Redirect refused", f"HTTP {reply.status}{to}")


def _what_came(reply: Reply) -> str | None:
    """A word on a body that is no documented JSON; None where there is nothing to add."""
    if reply.oversized:
        return f"More than {MAX_ANSWER} bytes came."
    if reply.encoded is not None:
        return f"The answer is encoded as {reply.encoded[:32]}."
    if _is_html(reply):
        title = _TITLE.search(reply.body[:8192])
        words = " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
        return f"An HTML page came: {words}" if words else "An HTML page came."
    if not reply.body.strip():
        return "The answer has no body."
    return None if _is_json(reply) else "The answer is not JSON."


def _is_html(reply: Reply) -> bool:
    return "html" in reply.content_type.lower() or reply.body[:64].lstrip().startswith(b"<")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP {status}"


def _odd(code: str, title: str, details: str | None) -> StoreError:
    return StoreError(code=code, title=title, origin=Origin.RESPONSE, details=details)
