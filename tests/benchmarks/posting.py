"""Posts webhooks to a listener as fast as it takes them, over keep-alive connections.

`.venv/bin/python -m tests.benchmarks.posting HOST:PORT [--connections N] [--webhooks N] [--media N]
[--seed TEXT] [--pace N]` prints one JSON object: webhooks and media a second, and how long an answer
took (p50, p99 and the longest, in milliseconds). All requests are made before the first is sent, each with
media ids of its own; a bare loop over epoll sends them, so that the sender costs little beside the server.
With `--pace` so many webhooks a second are sent, evenly; without it each answer brings the next one.
"""

from __future__ import annotations

import argparse
import json
import random
import select
import socket
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from console.clock import wall

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KINDS = ("image", "document", "audio", "video", "voice", "sticker")
PEOPLE = 5000
SPAN = 10 * 86_400
"""Seconds over which the messages' own times are spread."""


class Outcome(NamedTuple):
    """How long it took, and each answer's time, in seconds; `others` are the answers that were no 200."""

    seconds: float
    answered: list[float]
    others: int


class _Line(NamedTuple):
    """One connection and the request on its way."""

    socket: socket.socket
    sent_at: list[float]


def bodies(count: int, media: int, seed: str, now: float) -> Iterator[bytes]:
    """Webhooks that announce so many media each; the same seed gives the same ids."""
    dice = random.Random(seed)
    for _ in range(count):
        messages = [_message(dice, now) for _ in range(media)]
        people = {message["from"]: f"Sender {message['from'][-4:]}" for message in messages}
        contacts = [{"profile": {"name": name}, "wa_id": number} for number, name in people.items()]
        yield json.dumps({"contacts": contacts, "messages": messages}).encode()


def _message(dice: random.Random, now: float) -> dict[str, Any]:
    kind = dice.choice(KINDS)
    media = {
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "mime_type": "image/jpeg",
        "sha256": f"{dice.getrandbits(256):064x}",
        "status": "undownloaded" if dice.random() < 0.2 else "downloaded",
    }
    if kind == "document":
        media["filename"] = f"invoice-{dice.randrange(10_000)}.pdf"
    if dice.random() < 0.5:
        media["caption"] = f"Order {dice.randrange(100_000)}, as agreed on the phone"
    return {
        "from": f"49151{dice.randrange(PEOPLE):07d}",
        "id": f"gBEGkYiEB1VXAglK{dice.getrandbits(64):016X}",
        "timestamp": str(int(now - dice.random() * SPAN)),
        "type": kind,
        kind: media,
    }


def requests(all_bodies: Iterator[bytes], host: str) -> list[bytes]:
    """The bodies as HTTP requests."""
    head = f"POST /webhook HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: "
    return [head.encode() + b"%d\r\n\r\n" % len(body) + body for body in all_bodies]


def drive(address: tuple[str, int], told: Sequence[bytes], connections: int, pace: float = 0) -> Outcome:
    """Sends all requests and waits for their answers."""
    poll = select.epoll()
    lines: dict[int, _Line] = {}
    for _ in range(min(connections, len(told))):
        connected = socket.create_connection(address)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setblocking(False)
        lines[connected.fileno()] = _Line(connected, [0.0])
        poll.register(connected, select.EPOLLIN)
    try:
        return _exchange(poll, lines, told, 1 / pace if pace else 0)
    finally:
        poll.close()
        for line in lines.values():
            line.socket.close()


def _exchange(poll: select.epoll, lines: dict[int, _Line], told: Sequence[bytes], gap: float) -> Outcome:
    clock, count = time.perf_counter, len(told)
    began = clock()
    free, sent, others = list(lines), 0, 0
    answered: list[float] = []
    while len(answered) < count:
        now = clock()
        while free and sent < count and (not gap or now >= began + sent * gap):
            line = lines[free.pop(0)]
            # With a pace an answer's time counts from when its request was due, not from when there was room.
            line.sent_at[0] = began + sent * gap if gap else now
            _send(line.socket, told[sent])
            sent += 1
        ahead = max(0.0, began + sent * gap - clock()) if gap and free and sent < count else 1.0
        for number, _ in poll.poll(ahead):
            line = lines[number]
            answer = line.socket.recv(4096)
            if not answer:
                raise ConnectionError("the listener closed a connection")
            if not answer.endswith(b"}") and not answer.endswith(b"ok"):
                continue  # the head came alone
            others += not answer.startswith((b"HTTP/1.1 200", b"{"))
            answered.append(clock() - line.sent_at[0])
            free.append(number)
    return Outcome(clock() - began, answered, others)


def _send(line: socket.socket, request: bytes) -> None:
    sent = line.send(request)
    if sent < len(request):
        line.setblocking(True)
        line.sendall(request[sent:])
        line.setblocking(False)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--webhooks", type=int, default=20_000)
    parser.add_argument("--media", type=int, default=1)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--pace", type=float, default=0)
    given = parser.parse_args()
    host, _, port = given.address.rpartition(":")
    told = requests(bodies(given.webhooks, given.media, given.seed, wall() / 1000), given.address)
    outcome = drive((host, int(port)), told, given.connections, given.pace)
    times = sorted(outcome.answered)
    found = {
        "webhooks_a_second": round(len(told) / outcome.seconds),
        "media_a_second": round(len(told) * given.media / outcome.seconds),
        "p50_ms": round(times[len(times) // 2] * 1000, 2),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 2),
        "longest_ms": round(times[-1] * 1000, 2),
        "not_200": outcome.others,
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
