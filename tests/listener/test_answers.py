from __future__ import annotations

import asyncio
import json

from console.listener.answers import LINGER_SECONDS, OK, Message, Refusal, busy, respond, respond_and_drain


class Wire:
    """Takes what is sent and gives what is still to come."""

    def __init__(self, *parts: bytes) -> None:
        self.sent: list[Message] = []
        self.parts = list(parts)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def receive(self) -> Message:
        part = self.parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(self.parts)}


async def test_an_answer_is_json_with_its_length() -> None:
    wire = Wire()
    await respond(wire.send, OK)
    start, body = wire.sent
    assert start["status"] == 200
    assert dict(start["headers"]) == {b"content-type": b"application/json", b"content-length": b"15"}
    assert (body["body"], body["more_body"]) == (b'{"status":"ok"}', False)


async def test_the_rest_of_a_refused_body_is_read_before_the_connection_closes() -> None:
    wire = Wire(b"a" * 100, b"b", b"")
    await respond_and_drain(wire.send, wire.receive, OK)
    assert wire.parts == []
    assert dict(wire.sent[0]["headers"])[b"connection"] == b"close"
    assert [message.get("more_body") for message in wire.sent] == [None, True, False]


class SlowWire(Wire):
    """One whose parts take a while each."""

    async def receive(self) -> Message:
        await asyncio.sleep(LINGER_SECONDS / 2)
        return await super().receive()


async def test_who_goes_on_sending_is_read_to_the_end_or_until_the_time_for_a_body_is_over() -> None:
    patient, hurried = SlowWire(b"a", b"b", b"c", b""), SlowWire(b"a", b"b", b"c", b"")
    await asyncio.gather(
        respond_and_drain(patient.send, patient.receive, OK, 10),
        respond_and_drain(hurried.send, hurried.receive, OK),
    )
    assert patient.parts == []
    assert hurried.parts != []
    for wire in (patient, hurried):
        assert [message.get("more_body") for message in wire.sent] == [None, True, False]


def test_an_answer_on_the_wire() -> None:
    head, _, body = busy().answer().raw().partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert line == b"HTTP/1.1 503 Service Unavailable"
    assert set(headers) >= {b"retry-after: 5", b"connection: close", b"content-type: application/json"}
    assert b"content-length: %d" % len(body) in headers
    assert json.loads(body)["error"]["status"] == 503


def test_a_refusal_says_its_reason() -> None:
    refusal = Refusal(405, "method", "Only POST may be used here.", ((b"allow", b"POST"),), counted=False)
    answer = refusal.answer()
    assert (answer.status, answer.headers) == (405, ((b"allow", b"POST"),))
    assert json.loads(answer.body) == {
        "error": {"status": 405, "reason": "method", "message": "Only POST may be used here."}
    }
