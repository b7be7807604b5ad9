"""TLS handshakes that fail, in words: nobody but the operator can tell the sender's what is wrong."""

from __future__ import annotations

import ssl
from typing import Final

from console.domain.display import line
from console.listener.answers import TurnedAway

_OTHER_CERTIFICATE: Final = "The sender does not trust this listener's certificate (--tls-cert)."
_OLD: Final = "The sender speaks a version of TLS before 1.2, which is not taken here."
_WORDS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "The sender brought no certificate; --tls-client-ca asks for one.",
    "HTTP_REQUEST": "The sender speaks plain HTTP; this listener takes https only.",
    "HTTPS_PROXY_REQUEST": "The sender speaks plain HTTP; this listener takes https only.",
    "WRONG_VERSION_NUMBER": "The sender speaks no TLS; this listener takes https only.",
    "UNSUPPORTED_PROTOCOL": _OLD,
    "VERSION_TOO_LOW": _OLD,
    "TLSV1_ALERT_UNKNOWN_CA": _OTHER_CERTIFICATE,
    "SSLV3_ALERT_BAD_CERTIFICATE": _OTHER_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _OTHER_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _OTHER_CERTIFICATE,
}
"""By OpenSSL's names of the errors."""


def why(error: OSError) -> TurnedAway | None:
    """Why a handshake failed; None for a sender that only came and went, as a probe of the port does."""
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"The sender's certificate does not hold against --tls-client-ca: {error.verify_message}."
    elif isinstance(error, ssl.SSLEOFError | ConnectionResetError | BrokenPipeError):
        return None
    elif isinstance(error, ssl.SSLError):
        name = error.reason or "unknown"
        what = _WORDS.get(name, f"The TLS handshake failed ({name.lower().replace('_', ' ')}).")
    elif isinstance(error, ConnectionAbortedError):
        what = "The TLS handshake was not complete in time."
    else:
        return None
    return TurnedAway("tls", line(what), "in the TLS handshake")
