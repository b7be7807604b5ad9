"""The error catalogue as data: what each code of the On-Premises API means and what to do.

Codes from 0 and from 1000 are the API's own, wherever they turn up. Codes from 400 to 501 in a
webhook are results of the client's work and have nothing to do with the HTTP statuses of the same
numbers, which stand in for a code where an answer had no body. Words are faults of the network or
of the answer's form. `console.domain.errors` chooses among them; nothing else reads this.

It is long because it is a table: an entry for every row of the API's own.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Retry(StrEnum):
    """Whether asking again makes sense."""

    YES = "yes"
    NO = "no"
    AFTER_FIX = "after-fix"
    """Only once something was changed first, as the remedy says."""


class Entry(Struct, frozen=True):
    """One error.

    `label` is what a list row says of it: at most seven letters that join a number, or stand alone
    for a word. Empty where the word itself says it.
    """

    title: str
    label: str
    meaning: str
    remedy: str
    retryable: Retry


_YES, _NO, _FIX = Retry.YES, Retry.NO, Retry.AFTER_FIX

_SENDING = "It concerns a message that was sent, not a received media: nothing to do here."
_GROUPS = "Group chats were taken out of the API: nothing to do here."
_RETRY_SOON = "Ask again in a few minutes."

ROUTE = "1006 path"
FILE = "1006 file"
LOGIN = "1005 login"
ROLE = "1005 role"
"""Keys of the cases of one code that the details tell apart."""

API: dict[str, Entry] = {
    "0": Entry(
        "Undefined error",
        "error",
        "The client met an internal error that it has no code for.",
        "Ask again once; if it comes back, note the details and look into the client's log.",
        _YES,
    ),
    "1000": Entry(
        "Generic error",
        "error",
        "Something failed inside the client and it does not say what.",
        f"{_RETRY_SOON} If it stays, look into the client's log.",
        _YES,
    ),
    "1001": Entry("Message too long", "sending", "An outgoing text was above 4096 bytes.", _SENDING, _NO),
    "1002": Entry(
        "Invalid recipient type",
        "sending",
        "An outgoing message named no usable kind of recipient.",
        _SENDING,
        _NO,
    ),
    "1003": Entry("Not a group participant", "group", "The business is not in the group.", _GROUPS, _NO),
    "1004": Entry(
        "Resource already exists",
        "exists",
        "The client already has something under this name or id.",
        "Ask again; an upload has to be repeated under a new id.",
        _YES,
    ),
    "1005": Entry(
        "Access denied",
        "auth",
        "The client does not accept the credentials, or the account's role is too low for this call.",
        "Check API_USERNAME and API_PASSWORD (or API_TOKEN) and the role of that account, then ask again.",
        _FIX,
    ),
    LOGIN: Entry(
        "Access denied",
        "auth",
        "The login is missing, wrong or expired: tokens live seven days.",
        "Check API_USERNAME and API_PASSWORD (or replace API_TOKEN), then ask again.",
        _FIX,
    ),
    ROLE: Entry(
        "Access denied",
        "role",
        "The login works, but the account's role does not allow this call.",
        "Use an account whose role may read media, then ask again.",
        _FIX,
    ),
    "1006": Entry(
        "Resource not found",
        "missing",
        "The client knows no such media or no such address.",
        "Read the details: if they name the path, check API_URL; if they name a file, ask again.",
        _FIX,
    ),
    ROUTE: Entry(
        "URL path not found",
        "path",
        "No route of the client matches this request: a wrong base address, a proxy that changes paths,"
        " a client too old for this call, or an id it cannot take.",
        "Check API_URL (without /v1), the client's version and the id before asking again.",
        _FIX,
    ),
    FILE: Entry(
        "File not found",
        "file",
        "The client knows the media, but its file is not on the media volume.",
        "Ask again, so that the client fetches the file from WhatsApp.",
        _YES,
    ),
    "1007": Entry("Recipient blocked", "sending", "The recipient may not be written to.", _SENDING, _NO),
    "1008": Entry(
        "Required parameter is missing",
        "request",
        "The client misses a field or header in the request.",
        "Check what stands between console and client (a proxy may drop headers), then ask again.",
        _FIX,
    ),
    "1009": Entry(
        "Parameter value is not valid",
        "request",
        "The client rejects a value in the request.",
        "Read the details, correct the value they name, then ask again.",
        _FIX,
    ),
    "1010": Entry(
        "Parameter is not required",
        "request",
        "The request holds a field that does not belong there.",
        "Check what stands between console and client, then ask again.",
        _FIX,
    ),
    "1011": Entry(
        "Service not ready",
        "start",
        "The client is still starting, or its number is not registered.",
        "Wait until its health reads connected, then ask again.",
        _YES,
    ),
    "1012": Entry("Group is unknown", "group", "The client does not know this group.", _GROUPS, _NO),
    "1013": Entry(
        "User is not valid",
        "user",
        "The number or user cannot be used.",
        "Check the number, then ask again.",
        _FIX,
    ),
    "1014": Entry(
        "Internal error",
        "client",
        "A part of the client (core process or database) does not answer.",
        f"Check the client's health and its database. {_RETRY_SOON}",
        _YES,
    ),
    "1015": Entry(
        "Too many requests",
        "slow",
        "The client's limit of calls is reached, or too many logins from this address failed.",
        "Wait a little: the queue slows down by itself. If logins fail, correct the password first.",
        _YES,
    ),
    "1016": Entry(
        "System overloaded",
        "busy",
        "The client has more work waiting than it can hold.",
        "Wait some minutes; if it stays, check that the client's webhooks are being accepted.",
        _YES,
    ),
    "1017": Entry(
        "Not a primary master",
        "node",
        "The request reached a node of the cluster that does not lead it.",
        "Ask again; if it stays, check the roles of the cluster's nodes.",
        _YES,
    ),
    "1018": Entry(
        "Not a primary coreapp",
        "node",
        "The request reached a node of the cluster that does not serve this number.",
        "Ask again; if it stays, check the roles of the cluster's nodes.",
        _YES,
    ),
    "1019": Entry("Not a group admin", "group", "The business does not administer the group.", _GROUPS, _NO),
    "1020": Entry("Bad group", "group", "The group cannot be used.", _GROUPS, _NO),
    "1021": Entry(
        "Bad user",
        "user",
        "The number is malformed or the business's own.",
        "Nothing can be asked for under this number; correct it where it came from.",
        _NO,
    ),
    "1022": Entry(
        "Webhooks URL is not configured",
        "no hook",
        "The client has no webhook address, so the result of a request could never arrive.",
        "Set webhooks.url in the client's application settings to this console's address, then ask again.",
        _FIX,
    ),
    "1023": Entry(
        "Database error occurred",
        "client",
        "The client has trouble with its database.",
        f"Check that database. {_RETRY_SOON}",
        _YES,
    ),
    "1024": Entry(
        "Password change required",
        "login",
        "The account still has its factory password, which only serves to set a new one.",
        "Log in once by hand with new_password, put the new one into API_PASSWORD, then ask again.",
        _FIX,
    ),
    "1025": Entry(
        "Request is not valid",
        "request",
        "The client could not read the request's JSON.",
        "Check what stands between console and client, then ask again.",
        _FIX,
    ),
    "1026": Entry(
        "Receiver is incapable",
        "sending",
        "The recipient's app is too old for an outgoing message.",
        _SENDING,
        _NO,
    ),
    "1028": Entry(
        "Identity change unacknowledged",
        "user",
        "A contact's identity changed and the client waits for that to be acknowledged before it sends.",
        "Acknowledge the identity with the client's contacts call; received media are not concerned.",
        _FIX,
    ),
    "1031": Entry(
        "Account has been locked",
        "locked",
        "WhatsApp has locked this business account.",
        "Contact Meta or the provider; no request will get through until they lift it.",
        _NO,
    ),
}

TEMPLATES = Entry(
    "Template error", "sending", "A message template or a catalogue has a fault.", _SENDING, Retry.NO
)
"""Codes 2000 to 2062."""

WEBHOOK: dict[str, Entry] = {
    "400": Entry(
        "Media download error",
        "gone",
        "The client could not fetch the file from WhatsApp.",
        "Before the deadline ask a few times more, some minutes apart; after it one more try may still"
        " work, then ask the sender to send it again.",
        _FIX,
    ),
    "402": Entry("Payment issue", "sending", "Sending is blocked because a payment is open.", _SENDING, _FIX),
    "408": Entry(
        "Message is not valid", "sending", "An outgoing message was not taken in time.", _SENDING, _NO
    ),
    "410": Entry("Message expired", "sending", "An outgoing message outlived its time.", _SENDING, _NO),
    "429": Entry(
        "Rate limit hit",
        "slow",
        "The number has reached its limit of messages.",
        "Slow down what sends over this number; ask again later.",
        _YES,
    ),
    "430": Entry(
        "Unsigned certificate",
        "cert",
        "The certificate of the number's name is not signed.",
        "Register the number again with a fresh certificate.",
        _FIX,
    ),
    "432": Entry(
        "Certificate ID mismatch",
        "cert",
        "The certificate of the number's name belongs to another one.",
        "Register the number again with the certificate of this name.",
        _FIX,
    ),
    "433": Entry(
        "Certificate signature invalid",
        "cert",
        "The certificate of the number's name is damaged.",
        "Fetch the certificate once more and register the number again.",
        _FIX,
    ),
    "470": Entry(
        "Re-engagement message",
        "sending",
        "More than 24 hours passed since the customer wrote.",
        _SENDING,
        _NO,
    ),
    "471": Entry(
        "Spam rate limit hit", "sending", "The number is restricted for its quality.", _SENDING, _NO
    ),
    "472": Entry(
        "User in an experiment", "sending", "An experiment keeps messages from this user.", _SENDING, _NO
    ),
    "480": Entry(
        "User potentially changed",
        "user",
        "The contact's identity no longer is the one the client knows.",
        "Confirm the contact's identity; received media are not concerned.",
        _FIX,
    ),
    "500": Entry(
        "Generic error",
        "error",
        "The client's work on this media failed and it does not say why.",
        f"{_RETRY_SOON} If it stays, look into the client's log.",
        _YES,
    ),
    "501": Entry(
        "Message type not supported",
        "type",
        "The sender used a kind of message that the API cannot carry.",
        "Ask the sender to send it in another form, for example as a document.",
        _NO,
    ),
    "undownloaded": Entry(
        "Media not downloaded",
        "absent",
        "The client announced the media without storing its file.",
        "Ask for it; if it came without a media id, ask the sender to send it again.",
        _FIX,
    ),
}

ANSWER: dict[str, Entry] = {
    "400": Entry(
        "Bad request",
        "request",
        "The client or a proxy rejected the request.",
        "Check API_URL, then ask again.",
        _FIX,
    ),
    "401": API[LOGIN],
    "403": API[ROLE],
    "404": Entry(
        "Not found",
        "missing",
        "There is nothing at this address, and no word whether the file or the address is meant.",
        "Check API_URL (without /v1) and the id; if others get through, ask again.",
        _FIX,
    ),
    "408": Entry("Request time-out", "timeout", "The client or a proxy waited too long.", _RETRY_SOON, _YES),
    "410": Entry(
        "Gone",
        "gone",
        "The client says that this media is gone for good.",
        "Ask the sender to send it again.",
        _NO,
    ),
    "412": API["1022"],
    "429": API["1015"],
    "500": API["1014"],
    "501": Entry(
        "Not implemented", "old", "The client does not know this call.", "Check the client's version.", _FIX
    ),
    "502": Entry(
        "Bad gateway",
        "proxy",
        "The proxy in front of the client got no sound answer from it.",
        "Check that the client runs and that the proxy reaches it.",
        _YES,
    ),
    "503": Entry(
        "Service unavailable",
        "busy",
        "The client is overloaded, or the proxy in front of it finds no client.",
        "Check the client's health; the queue waits and tries again by itself.",
        _YES,
    ),
    "504": Entry(
        "Gateway time-out",
        "timeout",
        "The proxy in front of the client waited too long for it.",
        f"Check the client's health. {_RETRY_SOON}",
        _YES,
    ),
}
"""HTTP statuses of answers that carried no error of the API's own."""

OTHER_ANSWER = {
    "3": Entry(
        "Redirect",
        "moved",
        "Something sends the request elsewhere; it is not followed, so that no secret leaves its origin.",
        "Set API_URL to the final address.",
        _FIX,
    ),
    "4": Entry(
        "Request refused",
        "refused",
        "The client or a proxy refused the request.",
        "Read the details; check API_URL and what stands between console and client.",
        _FIX,
    ),
    "5": Entry("Server error", "client", "The client or a proxy failed.", _RETRY_SOON, _YES),
}
"""The same by the first digit, for statuses that are not listed."""

NETWORK: dict[str, Entry] = {
    "timeout": Entry(
        "Time-out",
        "",
        "The client took the request and sent no answer in time; it may have started all the same.",
        f"Check the client's health. {_RETRY_SOON}",
        _YES,
    ),
    "reset": Entry(
        "Connection lost",
        "",
        "The connection ended before the answer was whole; the client may have started all the same.",
        _RETRY_SOON,
        _YES,
    ),
    "unreachable": Entry(
        "API unreachable",
        "",
        "No connection to the client could be made, so nothing was asked.",
        "Check that the client runs and that API_URL names its host and port.",
        _YES,
    ),
    "connect-timeout": Entry(
        "No connection in time",
        "no host",
        "The client's host does not answer a connection, so nothing was asked.",
        "Check API_URL, the route to that host and the firewalls on it.",
        _YES,
    ),
    "dns": Entry(
        "Host name unknown",
        "",
        "The host name in API_URL has no address, so nothing was asked.",
        "Check the spelling in API_URL and this machine's name service.",
        _FIX,
    ),
    "tls": Entry(
        "TLS not trusted",
        "",
        "The client's certificate is not trusted or TLS failed, so nothing was asked.",
        "Name the client's certificate authority in API_CA.",
        _FIX,
    ),
    "redirect": OTHER_ANSWER["3"],
    "not-retrievable": Entry(
        "Id cannot be asked for",
        "bad id",
        "The id does not read like a media id and could lead a request astray, so nothing was asked.",
        "Ask the sender to send it again.",
        _NO,
    ),
    "unknown": Entry(
        "Unreadable error",
        "error",
        "The client reported an error without a code that can be read.",
        "Look at the raw webhook; ask again once.",
        _YES,
    ),
    "too-large": Entry(
        "Answer too large",
        "",
        "The answer was larger than any answer of the API: API_URL may lead to something else.",
        "Check API_URL and the proxies on the way.",
        _FIX,
    ),
    "not-json": Entry(
        "Answer not JSON",
        "",
        "The answer was not the JSON that the API documents: API_URL may lead to something else.",
        "Check API_URL and the proxies on the way.",
        _FIX,
    ),
    "html": Entry(
        "Answer is a web page",
        "",
        "A web page came in place of the API's answer: a proxy or a login page stands in between.",
        "Check API_URL and the proxies on the way.",
        _FIX,
    ),
    "wrong-answer": Entry(
        "Unexpected answer",
        "",
        "The answer was JSON, but not what the API documents for this request.",
        "Check API_URL, the proxies on the way and the client's version.",
        _FIX,
    ),
}
"""Faults of the network and of the form of an answer; a list row shows the word itself."""

UNKNOWN = Entry(
    "Unknown error",
    "error",
    "The code is in no table of the API that this version knows.",
    "Read the details; ask again once, and report the code if it comes back.",
    Retry.AFTER_FIX,
)
