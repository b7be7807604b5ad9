"""Hostile requests as raw bytes: what no HTTP library would send."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.faults.hostile import announcing, message

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSED = 0
"""No answer, or one that was lost when the connection was closed with bytes still unread."""
BAD = frozenset({400})
TOO_LONG = frozenset({400, 404, 414, 431, CLOSED})


class Request(NamedTuple):
    """One request and the answers that it may get; 200 must leave a row called `name`, all else none."""

    name: str
    sent: bytes
    statuses: frozenset[int] = BAD


def post(
    name: str,
    *headers: str,
    statuses: frozenset[int] | set[int] = BAD,
    line: str = "POST /webhook HTTP/1.1",
    host: str = "Host: console",
    body: bytes | None = None,
) -> Request:
    """A POST with headers of its own; a `Content-Length` that fits unless one of them speaks of lengths."""
    told = announcing(message(name)) if body is None else body
    lengths = any(header.lower().startswith(("content-length", "transfer-")) for header in headers)
    fitting = [] if lengths else [f"Content-Length: {len(told)}"]
    last = [] if any("keep-alive" in header for header in headers) else ["Connection: close"]
    head = "\r\n".join([line, *filter(None, [host]), *headers, *fitting, *last, "", ""])
    return Request(name, head.encode("latin-1") + told, frozenset(statuses))


def _chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def _lines() -> Iterator[Request]:
    for method in (
        "GET",
        "HEAD",
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "post",
        "POSTPOST",
        "X-Y",
    ):
        yield post(f"method {method}", line=f"{method} /webhook HTTP/1.1", statuses={405})
    for path in (
        "/",
        "/webhook/",
        "//webhook",
        "/webhook/..",
        "/../webhook",
        "/webhook%00",
        "/webhook%0d%0a",
        "/WEBHOOK",
    ):
        yield post(f"path {path}", line=f"POST {path} HTTP/1.1", statuses={404})
    yield post("absolute form", line="POST http://evil.example/webhook HTTP/1.1", statuses={200, 400, 404})
    yield post("a query", line="POST /webhook?../x=%1b[2J HTTP/1.1", statuses={200})
    yield post("a long target", line=f"POST /{'a' * 300_000} HTTP/1.1", statuses=TOO_LONG)
    for number, line in enumerate(
        (
            *("POST /webhook", "POST", "", " ", "POST /webhook HTTP/1.1 x", "POST  /webhook HTTP/1.1"),
            *(
                "POST /webhook HTTP/9.9",
                "POST /webhook HTTP/2",
                "POST /web hook HTTP/1.1",
                "\x1b[2J /webhook HTTP/1.1",
            ),
            *(
                "POST /webhook\x00 HTTP/1.1",
                "POST\t/webhook\tHTTP/1.1",
                "POST /webhook http/1.1",
                "PRI * HTTP/2.0",
            ),
        )
    ):
        yield post(f"request line {number}", line=line, statuses=frozenset({200, 400, 404, 405, 505}))


def _headers() -> Iterator[Request]:
    yield post("no host", host="", statuses=BAD)
    yield post("two hosts", "Host: evil.example", statuses=BAD)
    for number, header in enumerate(
        (
            *(
                "X: a\x00b",
                "X\x00: a",
                "X Y: a",
                ": a",
                "no colon",
                "X: a\rb",
                "X\x1b[2J: a",
                " folded: at once",
            ),
            *("Content-Length: -1", "Content-Length: +5", "Content-Length: 5x", "Content-Length: 1e3"),
            *("Content-Length: \xb2", "Content-Length: 5\r\nContent-Length: 6", "Content-Length: 0x10"),
            *(
                "Content-Length: 99999999999999999999999999999",
                "Content-Length: " + "9" * 5000,
                "Transfer-Encoding: \x0bchunked",
            ),
            *("Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked"),
        )
    ):
        yield post(
            f"bad header {number}",
            header,
            statuses=frozenset({200, 400, 413, 501}) if "folded" in header else frozenset({400, 413, 501}),
        )
    yield post("long headers", f"X: {'a' * 300_000}", statuses=TOO_LONG)
    yield post("many headers", *(f"X-{n}: {'a' * 100}" for n in range(3000)), statuses=TOO_LONG)
    for media_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "\x80",
        "*/*",
    ):
        yield post(f"as {media_type}", f"Content-Type: {media_type}", statuses={415})
    for media_type in (
        "application/json",
        "APPLICATION/JSON; charset=UTF-8",
        "application/vnd.x+json",
        "text/json",
    ):
        yield post(f"as {media_type}", f"Content-Type: {media_type}", statuses={200})
    for coding in ("gzip", "deflate", "br", "identity, gzip", "\x80"):
        yield post(f"coded {coding}", f"Content-Encoding: {coding}", statuses={415})
    for header in ("Upgrade: websocket", "Expect: 100-continue", "Range: bytes=0-1", "Cookie: \x80\xff"):
        yield post(f"with {header}", header, statuses={200, 400})


def _bodies() -> Iterator[Request]:
    for length in (3_000_001, 100_000_000_000):
        yield post(f"announced {length}", f"Content-Length: {length}", statuses={413}, body=b"{}")
    coding = "Transfer-Encoding: chunked"
    for name, body in {
        "size no number": b"zz\r\n{}\r\n0\r\n\r\n",
        "negative size": b"-2\r\n{}\r\n0\r\n\r\n",
        "huge size": b"F" * 30 + b"\r\n{}\r\n0\r\n\r\n",
        "size too small": b"1\r\n{}\r\n0\r\n\r\n",
        "long extension": b"2;" + b"x" * 300_000 + b"\r\n{}\r\n0\r\n\r\n",
    }.items():
        yield post(f"chunk with {name}", coding, body=body, statuses={400, CLOSED})
    told = announcing(message("in chunks"))
    single = _chunked(*(told[at : at + 1] for at in range(len(told))))
    yield post("in chunks", coding, body=single, statuses={200})
    yield post("chunks of 4 MB", coding, body=_chunked(*([b"x" * 400_000] * 10)), statuses={413})
    both = f"{coding}\r\nContent-Length: 4"
    smuggled = b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    yield post("both lengths", both, body=smuggled, statuses=BAD)


def _garbage() -> Iterator[Request]:
    for name, sent in {
        "client hello": bytes.fromhex("16030100c8010000c40303") + b"\x00" * 190 + b"\r\n\r\n",
        "zeros": b"\x00" * 5000 + b"\r\n\r\n",
        "escapes": b"\x1b[2J\x1b]0;OWNED\x07\r\n\r\n",
        "all bytes": bytes(range(256)) * 20 + b"\r\n\r\n",
        "line feeds": b"\n" * 30_000,
        "no end": b"A" * 40_000,
        "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
        "ssh": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "smb": b"\x00\x00\x00\x85\xffSMBr\x00\x00\x00\x00\r\n\r\n",
        "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    }.items():
        yield Request(name, sent, frozenset({400, 404, 405, 431, 505, CLOSED}))


def every_request() -> list[Request]:
    """All of them."""
    return [request for kind in (_lines(), _headers(), _bodies(), _garbage()) for request in kind]
