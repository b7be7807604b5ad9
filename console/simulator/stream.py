"""New media, one now and then: what goes on while somebody looks at the screen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from console.simulator import bodies
from console.simulator.content import Correspondence
from console.simulator.dice import Dice

if TYPE_CHECKING:
    from console.simulator.simulator import Simulator

_KINDS = {"stored": 11.0, "undownloaded": 8.0, "failed": 1.0, "lost": 0.5}


async def stream(simulator: Simulator, every: float, seed: int) -> None:
    """Announces a media about every `every` seconds, with other people's messages between them."""
    dice = Dice(seed, "stream")
    correspondence = Correspondence(dice)
    while True:
        await asyncio.sleep(every * dice.between(0.5, 1.5))
        await announce_one(simulator, correspondence, dice)
        if dice.fraction() < 0.25:
            await simulator.send(_chatter(simulator, dice))


async def announce_one(simulator: Simulator, correspondence: Correspondence, dice: Dice) -> None:
    """Announces one media, drawn from what people send."""
    sender, item = correspondence.draw(simulator.client.now())
    kind = dice.pick_weighted(_KINDS)
    if kind == "lost":
        await simulator.announce_lost(
            item.type.value, sender=sender.number, name=sender.name, caption=item.caption
        )
        return
    await simulator.announce(
        item.type.value,
        undownloaded=kind == "undownloaded",
        own_failure=kind == "failed",
        sender=sender.number,
        name=sender.name,
        caption=item.caption,
        filename=item.filename,
        mime_type=item.mime,
    )


def _chatter(simulator: Simulator, dice: Dice) -> bodies.JsonObject:
    """A webhook without any media: a text, or the fate of a message that was sent."""
    moment = str(simulator.client.now() // 1000)
    message_id = f"gBEG{dice.bits(9).hex()}"
    if dice.fraction() < 0.5:
        return bodies.delivery_status(message_id, "12025550143", moment)
    text: bodies.JsonObject = {"body": "Thank you!"}
    return bodies.message("text", text, message_id=message_id, sender="12025550143", timestamp=moment)
