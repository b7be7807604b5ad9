"""What is judged before a body is read, and the reading of bodies."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from console.listener.answers import Refusal
from console.listener.requests import HEAD_LIMIT, Bodies, SenderGone, headers_of, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.listener.answers import Message
    from console.listener.requests import Body


def scope(raw_path: bytes = b"/webhook", headers: Sequence[tuple[bytes, bytes]] = ()) -> dict[str, Any]:
    path = raw_path.decode("ascii")
    target = {"path": path, "raw_path": raw_path, "query_string": b""}
    return {**target, "http_version": "1.1", "headers": list(headers)}


CHUNKED = scope(headers=[(b"transfer-encoding", b"chunked")])


class Parts:
    """A body that comes in these parts."""

    def __init__(self, *parts: bytes, ends: bool = True) -> None:
        self.messages: list[Message] = [
            {"type": "http.request", "body": part, "more_body": not ends or number < len(parts) - 1}
            for number, part in enumerate(parts)
        ]

    async def __call__(self) -> Message:
        if not self.messages:
            await asyncio.sleep(60)
        return self.messages.pop(0)


async def refusal(bodies: Bodies, receive: Parts) -> tuple[Refusal, Body]:
    with pytest.raises(Refusal) as caught, bodies.held(CHUNKED) as body:
        await bodies.read(receive, body)
    return caught.value, body


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/webhook", "/webhook"),
        (b"http://console.example/webhook", "/webhook"),
        (b"HTTPS://u:p@[::1]:8085/web%68ook", "/webhook"),
        (b"http://console.example", "http://console.example"),
        (b"ftp://console.example/webhook", "ftp://console.example/webhook"),
        (b"*", "*"),
        (b"//webhook", "//webhook"),
    ],
)
def test_the_path_of_a_request(target: bytes, path: str) -> None:
    assert path_of(scope(target)) == path


def test_a_head_is_measured_whole() -> None:
    room = HEAD_LIMIT - len(b"/webhook") - len(b"x") - 4
    assert headers_of(scope(headers=[(b"x", b"y" * room)])) == {b"x": b"y" * room}
    for too_much in (
        scope(headers=[(b"x", b"y" * (room + 1))]),
        scope(headers=[(b"x", b"")] * 4000),
        scope(b"/" + b"a" * HEAD_LIMIT),
        {**scope(), "query_string": b"a" * HEAD_LIMIT},
    ):
        with pytest.raises(Refusal) as caught:
            headers_of(too_much)
        assert caught.value.status == 431


def test_a_body_with_two_ends_is_refused() -> None:
    """A proxy in front may believe the other one (RFC 9112 section 6.3)."""
    with pytest.raises(Refusal) as caught:
        headers_of(scope(headers=[(b"content-length", b"5"), (b"transfer-encoding", b"chunked")]))
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("headers", "whole"),
    [
        ([], True),
        ([(b"content-length", b"0")], True),
        ([(b"content-length", b"1")], False),
        ([(b"transfer-encoding", b"chunked")], False),
    ],
)
def test_whether_a_body_follows(headers: list[tuple[bytes, bytes]], whole: bool) -> None:
    assert Bodies(1, 1.0).held(scope(headers=headers)).whole is whole


async def test_a_body_is_the_sum_of_its_parts() -> None:
    bodies = Bodies(10, 1)
    with bodies.held(CHUNKED) as body:
        assert await bodies.read(Parts(b"12345", b"", b"67890"), body) == b"1234567890"
    assert body.whole


async def test_a_body_over_the_limit_is_refused_with_the_part_that_is_too_much() -> None:
    receive = Parts(b"12345", b"678901", b"never read")
    told, body = await refusal(Bodies(10, 1), receive)
    assert (told.status, body.whole, len(receive.messages)) == (413, False, 1)
    told, body = await refusal(Bodies(10, 1), Parts(b"12345678901"))
    assert (told.status, body.whole) == (413, True)


async def test_a_slow_body_is_refused() -> None:
    told, body = await refusal(Bodies(10, 0.05), Parts(b"1", ends=False))
    assert (told.status, body.whole) == (408, False)


async def test_a_sender_that_goes_is_no_refusal() -> None:
    bodies, receive = Bodies(10, 1), Parts(b"1", ends=False)
    receive.messages.append({"type": "http.disconnect"})
    with pytest.raises(SenderGone), bodies.held(CHUNKED) as body:
        await bodies.read(receive, body)


async def test_all_bodies_together_have_a_room() -> None:
    bodies = Bodies(10, 1, room=15)
    with bodies.held(CHUNKED) as first:
        await bodies.read(Parts(b"1234567890"), first)
        told, _ = await refusal(bodies, Parts(b"12345", b"6"))
        assert (told.status, told.headers) == (503, ((b"retry-after", b"5"),))
        with bodies.held(CHUNKED) as fits:
            assert await bodies.read(Parts(b"12345"), fits) == b"12345"
    with bodies.held(CHUNKED) as later:
        assert await bodies.read(Parts(b"1234567890"), later) == b"1234567890"
