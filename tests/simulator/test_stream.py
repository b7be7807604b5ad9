from __future__ import annotations

from console.platforms.onpremises.webhook import read_webhook
from console.simulator import Simulator
from console.simulator.content import Correspondence
from console.simulator.dice import Dice
from console.simulator.stream import announce_one
from tests.simulator.hook import Hook, until


async def test_new_media_come_by_themselves() -> None:
    with Hook() as hook:
        async with Simulator(webhook_url=hook.url, every=0.01):
            await until(lambda: sum("messages" in body for body in hook.read) >= 8)


async def test_chatter_comes_between_them() -> None:
    with Hook() as hook:
        async with Simulator(webhook_url=hook.url, every=0.003) as simulator:
            now = simulator.client.now()
            await until(lambda: any(not read_webhook(body, now).facts for body in hook.bodies))


async def test_they_are_of_every_kind(simulator: Simulator, hook: Hook) -> None:
    correspondence, dice = Correspondence(Dice(1)), Dice(2)
    for _ in range(120):
        await announce_one(simulator, correspondence, dice)
    messages = [body["messages"][0] for body in hook.read]
    media = [message[message["type"]] for message in messages]
    assert len(messages) == 120
    undownloaded = [one for one in media if one.get("status") == "undownloaded"]
    assert 25 < len(undownloaded) < 75
    assert any("id" not in one for one in undownloaded)
    assert any("errors" in message for message in messages)
    assert len({message["type"] for message in messages}) == 6
    facts = [fact for body in hook.bodies for fact in read_webhook(body, simulator.client.now()).facts]
    assert len(facts) == 120


async def test_a_seed_streams_the_same() -> None:
    drawn = []
    for _ in range(2):
        with Hook() as hook:
            async with Simulator(webhook_url=hook.url, seed=9) as simulator:
                correspondence, dice = Correspondence(Dice(1)), Dice(2)
                for _ in range(5):
                    await announce_one(simulator, correspondence, dice)
            drawn.append([body["messages"][0]["type"] for body in hook.read])
    assert drawn[0] == drawn[1]
