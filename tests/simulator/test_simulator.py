from __future__ import annotations

import asyncio
import re
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from console.domain.exceptions import FixSetting
from console.domain.media import MediaId, MediaType
from console.simulator import Behaviour, Kind, Simulator
from console.simulator.story import Story
from console.simulator.volume import HeldMedia
from tests.simulator.hook import Hook, until

if TYPE_CHECKING:
    from tests.conftest import Clock


def test_it_works_without_a_loop_of_its_user() -> None:
    with Simulator() as simulator:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", simulator.url)
        assert httpx.get(f"{simulator.url}/v1/health", trust_env=False).status_code == 401
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{simulator.url}/v1/health", trust_env=False)


def test_a_port_in_use_is_refused_in_words() -> None:
    with Simulator() as first:
        port = int(first.url.rsplit(":", 1)[1])
        with pytest.raises(FixSetting, match=f"127.0.0.1:{port}"):
            Simulator(port=port).start()


def test_it_listens_on_the_other_protocol_as_well() -> None:
    with Simulator(host="::1") as simulator:
        assert simulator.url.startswith("http://[::1]:")
        assert httpx.get(f"{simulator.url}/v1/health", trust_env=False).status_code == 401


async def test_an_announcement_is_a_message(clock: Clock) -> None:
    with Hook() as hook:
        async with Simulator(webhook_url=hook.url, now=clock) as simulator:
            media_id = await simulator.announce(
                "voice", sender="447700900142", name="Tom", caption=None, message_id="ABGG1"
            )
            media = simulator.client.known(media_id)
    assert hook.read == [
        {
            "contacts": [{"profile": {"name": "Tom"}, "wa_id": "447700900142"}],
            "messages": [
                {
                    "from": "447700900142",
                    "id": "ABGG1",
                    "timestamp": str(clock() // 1000),
                    "type": "voice",
                    "voice": {
                        "file": f"/usr/local/wamedia/shared/{media_id}",
                        "id": media_id,
                        "mime_type": "audio/ogg; codecs=opus",
                        "sha256": media.sha256,
                    },
                }
            ],
        }
    ]
    assert media.stored


async def test_equal_seeds_announce_equally(clock: Clock) -> None:
    heard = []
    for _ in range(2):
        with Hook() as hook:
            async with Simulator(webhook_url=hook.url, seed=5, now=clock) as simulator:
                await simulator.announce("image")
                await simulator.announce_lost("video")
            heard.append(hook.bodies)
    assert heard[0] == heard[1]
    assert len(heard[0]) == 2


async def test_undownloaded_says_so(simulator: Simulator, hook: Hook) -> None:
    media_id = await simulator.announce(undownloaded=True)
    image = hook.read[0]["messages"][0]["image"]
    assert (image["id"], image["status"]) == (media_id, "undownloaded")
    assert "file" not in image
    assert not simulator.client.known(media_id).stored


async def test_a_type_that_is_not_fetched_by_itself_is_announced_so(simulator: Simulator, hook: Hook) -> None:
    simulator.client.settings.patch({"media": {"auto_download": ["image"]}})
    await simulator.announce("image")
    await simulator.announce("video")
    one, two = (body["messages"][0] for body in hook.read)
    assert "status" not in one["image"]
    assert two["video"]["status"] == "undownloaded"


async def test_a_failed_fetch_of_its_own_is_in_the_errors(simulator: Simulator, hook: Hook) -> None:
    media_id = await simulator.announce(own_failure=True)
    message = hook.read[0]["messages"][0]
    assert message["errors"][0]["code"] == 400
    assert "status" not in message["image"]
    assert not simulator.client.known(media_id).stored


async def test_a_lost_media_has_no_id(simulator: Simulator, hook: Hook) -> None:
    message_id = await simulator.announce_lost("image", caption="gone")
    message = hook.read[0]["messages"][0]
    assert message["id"] == message_id
    assert message["image"] == {"caption": "gone", "mime_type": "image/jpeg", "status": "undownloaded"}
    assert simulator.client.volume.all() == []


async def test_it_goes_on_when_the_webhook_is_away(simulator: Simulator) -> None:
    with Hook(503) as hook:
        simulator.webhook_url = hook.url
        await simulator.announce()
        (delivery,) = simulator.deliveries
        await until(lambda: delivery.taken)
        assert delivery.answers == [503, 200]


async def test_without_a_webhook_callbacks_are_dropped(simulator: Simulator) -> None:
    await simulator.announce()
    assert [one.dropped for one in simulator.deliveries] == [True]


async def test_undelivered_callbacks_do_not_hold_up_the_end() -> None:
    with Hook(*[500] * 100) as hook:
        async with Simulator(webhook_url=hook.url, backoff=60) as simulator:
            async with asyncio.timeout(2):
                await simulator.announce()


async def test_nothing_is_sent_before_the_start() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        await Simulator().announce()


def test_a_wrong_behaviour_is_refused_in_words() -> None:
    simulator = Simulator()
    with pytest.raises(FixSetting, match="no behaviour 'x'"):
        simulator.behave("abc", "x")
    with pytest.raises(FixSetting, match="no call 'x'"):
        simulator.behave_call("x", "ok")


def test_check_raises_what_went_wrong_inside() -> None:
    broken = Story((), HeldMedia(MediaId("abc"), MediaType.IMAGE), Behaviour(Kind.OK, "soon"))
    with Simulator() as well:
        well.check()
    simulator = Simulator(stories=[broken])
    simulator.start()

    def watch() -> None:
        for _ in range(500):
            simulator.check()
            threading.Event().wait(0.01)

    with pytest.raises(ExceptionGroup) as caught:
        watch()
    (fault,) = caught.value.exceptions
    assert isinstance(fault, ValueError)
    assert "soon" in str(fault)
    simulator.stop()
