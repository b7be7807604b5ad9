"""Each exception of the HTTP library has its name; the raw sockets are in `test_exchange`."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from console.domain.media import Origin
from console.platforms.onpremises.faults import Patience, fault_of, lost

URL = httpx.URL("https://wa.example:9090/v1/health")


def raised(error: Exception, *causes: BaseException) -> Exception:
    """The error with a chain of causes under it."""
    link: BaseException = error
    for cause in causes:
        link.__cause__ = cause
        link = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "asked"),
    [
        (httpx.ConnectTimeout("x"), "connect-timeout", False),
        (httpx.ReadTimeout("x"), "timeout", True),
        (httpx.WriteTimeout("x"), "timeout", True),
        (httpx.ConnectError("x"), "unreachable", False),
        (raised(httpx.ConnectError("x"), socket.gaierror(-2, "unknown")), "dns", False),
        (raised(httpx.ConnectError("x"), OSError(113, "no route")), "unreachable", False),
        (raised(httpx.ConnectError("x"), ssl.SSLEOFError(8, "EOF")), "tls", False),
        (httpx.ProxyError("407"), "unreachable", False),
        (httpx.ReadError("x"), "reset", True),
        (raised(httpx.ReadError("x"), ssl.SSLEOFError(8, "EOF")), "reset", True),
        (httpx.WriteError("x"), "reset", True),
        (httpx.CloseError("x"), "reset", True),
        (httpx.RemoteProtocolError("x"), "reset", True),
        (httpx.LocalProtocolError("x"), "reset", True),
        (ConnectionResetError(104, "reset"), "reset", True),
    ],
)
def test_every_exception_has_a_name(error: Exception, code: str, asked: bool) -> None:
    fault = fault_of(error, URL, Patience(connect=5, read=30))
    assert (fault.error.code, fault.asked) == (code, asked)
    assert fault.error.origin is Origin.NETWORK
    assert fault.error.title
    assert fault.remedy


def test_reasons_are_found_under_the_libraries_wrappings() -> None:
    group = ExceptionGroup("all attempts failed", [OSError("no number"), ConnectionRefusedError(111, "odd")])
    fault = fault_of(raised(httpx.ConnectError("x"), OSError("wrapped"), group), URL, Patience(5, 30))
    assert fault.error.details == "Connection refused."
    assert fault_of(httpx.ConnectError("x"), URL, Patience(5, 30)).error.details is None


def test_an_alert_after_the_handshake_is_a_fault_of_tls() -> None:
    alert = ssl.SSLError(1, "alert")
    alert.reason = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    fault = fault_of(raised(httpx.ReadError("x"), alert), URL, Patience(5, 30))
    assert (fault.error.code, fault.asked) == ("tls", False)
    assert fault.error.details == "tlsv13 alert certificate required"


def test_a_chain_that_bites_its_tail_comes_to_an_end() -> None:
    error = httpx.ConnectError("x")
    error.__cause__ = error.__context__ = cause = OSError("y")
    cause.__context__ = error
    assert fault_of(error, URL, Patience(5, 30)).error.code == "unreachable"


def test_what_may_have_been_heard_is_lost() -> None:
    fault = lost("timeout", "No answer")
    assert (fault.error.code, fault.error.title, fault.asked) == ("timeout", "No answer", True)
