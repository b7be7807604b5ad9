"""What the API answers, by the simulated client over HTTP, through a whole service, into its rows."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from console.clock import wall
from console.domain import errors
from console.domain.media import Origin, State
from console.domain.standing import Health
from tests.cli.world import announcement
from tests.faults.calling import api_at, asked, failed, posted, service_moments
from tests.service.world import FastTime, announced, api_of, running, until
from tests.ui.harness import opened

if TYPE_CHECKING:
    from pathlib import Path

    from console.simulator import Simulator


# -- T26: duplicates


async def test_t26_one_body_fifty_times_at_once_is_one_row(tmp_path: Path) -> None:
    async with running(tmp_path / "c.db", None) as world:
        statuses = await posted(world.webhook_url, *[announcement("m-1", caption="once")] * 50)
        assert statuses == [200] * 50
        assert world.words("m-1") == ["MediaAnnounced"]
        assert world.media("m-1").caption == "once"
        assert world.standing.quarantined == 0


async def test_t26_three_times_in_one_body_is_one_row(tmp_path: Path) -> None:
    once = json.loads(announcement("m-1"))
    item = {"type": "image", "image": {"id": "m-1", "status": "downloaded", "mime_type": "image/jpeg"}}
    thrice = json.dumps(
        {"contacts": once["contacts"] * 3, "messages": once["messages"] * 3, "media_items": [item] * 3}
    )
    async with running(tmp_path / "c.db", None) as world:
        assert await posted(world.webhook_url, thrice.encode()) == [200]
        assert world.words("m-1") == ["MediaAnnounced", "MediaStored"]
        assert world.media("m-1").state is State.DOWNLOADED


async def test_t26_a_result_that_is_delivered_three_times_is_one_result(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await asked(world, simulator, "duplicate")
        await world.state(key, State.DOWNLOADED)
        await until(lambda: sum(each.taken for each in simulator.deliveries) == 4)
        assert world.words(key).count("MediaStored") == 1
        assert len(simulator.store_calls(key)) == 1


# -- T27: out of order


async def test_t27_a_result_before_the_answer_that_it_belongs_to(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        key = await asked(world, simulator, "callback-first")
        await until(lambda: "StoreAccepted" in world.words(key))
        words = world.words(key)
        assert words.index("MediaStored") < words.index("StoreAccepted")
        assert world.media(key).state is State.DOWNLOADED


async def test_t27_a_result_before_its_message_and_one_for_an_unknown_id(
    tmp_path: Path, simulator: Simulator
) -> None:
    def result(name: str, **more: object) -> dict[str, object]:
        return {"media_items": [{"type": "image", "image": {"id": name, "status": "downloaded"}, **more}]}

    gone = [{"code": 400, "title": "Parameter not valid", "details": "Media not found in the datastore."}]
    async with running(tmp_path / "c.db", None, simulator=simulator) as world:
        bodies = [result("early"), result("stranger"), result("lost", errors=gone)]
        for body in bodies:
            await posted(world.webhook_url, json.dumps(body).encode())
        for name in ("early", "lost"):
            await simulator.announce(media_id=name, undownloaded=True, caption="late")
        early, stranger, lost = (world.media(name) for name in ("early", "stranger", "lost"))
    assert (early.state, early.caption) == (State.DOWNLOADED, "late")
    assert (stranger.state, stranger.announced_at) == (State.DOWNLOADED, None)
    assert (lost.state, lost.caption) == (State.FAILED, "late")


# -- T28: errors beside `downloaded`


async def test_t28_errors_beat_the_word_downloaded_and_are_shown_as_they_came(
    tmp_path: Path, simulator: Simulator
) -> None:
    db = tmp_path / "c.db"
    async with running(db, api_of(simulator), simulator=simulator) as world:
        key = await asked(world, simulator, "failed-400")
        _, error = await failed(world, key)
        [item] = [
            json.loads(each.body)["media_items"][0]
            for each in simulator.deliveries
            if b"media_items" in each.body
        ]
        assert item["image"]["status"] == "downloaded"
        assert (error.code, error.origin) == (400, Origin.WEBHOOK)
        assert (error.title, error.details) == (item["errors"][0]["title"], item["errors"][0]["details"])
        async with opened(db, now=wall) as console:
            await console.press("enter")
            await console.shows("Media not found in the datastore.")


# -- T29: no callback


async def test_t29_without_a_callback_the_outcome_is_unknown_and_can_be_asked_for_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    clocks = FastTime(1500)
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=clocks, callback_timeout=600
    ) as world:
        key = await asked(world, simulator, "silent", "ok")
        media = await world.state(key, State.UNCONFIRMED)
        [call] = service_moments(clocks, simulator.store_calls(key))
        assert 600 <= clocks.uptime() - call <= 600 + 2 * clocks.speed
        assert media.error is None
        assert world.words(key)[-1] == "StoreUnanswered"
        world.order(key)
        await world.state(key, State.DOWNLOADED)


# -- T30: 401


async def test_t30_an_expired_token_costs_one_login_and_one_call_more(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(tmp_path / "c.db", api_of(simulator), simulator=simulator) as world:
        await until(lambda: world.standing.health is Health.CONNECTED)
        key = await asked(world, simulator, "401", "ok")
        await world.state(key, State.DOWNLOADED)
        assert [call.status for call in simulator.store_calls(key)] == [401, 200]
        assert len([call for call in simulator.calls if call.path.endswith("/login")]) == 2
        assert world.words(key).count("StoreDeferred") == 0


async def test_t30_a_new_token_that_is_refused_as_well_holds_the_queue(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with running(
        tmp_path / "c.db", api_of(simulator), simulator=simulator, time=FastTime(20), calls=1
    ) as world:
        await until(lambda: world.standing.health is Health.CONNECTED)
        key = await asked(world, simulator, "401")
        others = [await asked(world, simulator, "ok") for _ in range(3)]
        await until(lambda: "login" in world.troubles())
        await asyncio.sleep(0.5)  # ten seconds of the service's
        assert {world.media(each).state for each in (key, *others)} == {State.QUEUED}
        assert len(simulator.store_calls()) == 2
        [told] = [one for one in world.standing.troubles if one.id == "login"]
        assert "refuses the login" in told.text


@pytest.mark.parametrize("calls", [1, 4])
async def test_t30_a_given_token_that_is_refused_stops_everything_after_two_calls(
    tmp_path: Path, simulator: Simulator, calls: int
) -> None:
    async with running(
        tmp_path / "c.db", api_at(simulator.url, token="an-old-token"), simulator=simulator, calls=calls
    ) as world:
        keys = [await announced(simulator, ["ok"]) for _ in range(5)]
        world.order(*keys)
        for key in keys:
            media = await world.explained(key)
            assert (media.state, errors.short(media.error) if media.error else "") == (State.QUEUED, "auth")
        await asyncio.sleep(0.4)  # 20 seconds of the service's
        assert world.troubles() == {"login"}
        assert [call.status for call in simulator.calls] == [401] * len(simulator.calls)
        assert len(simulator.calls) <= 2, "one for the health, one for a media"


# -- T31: refused for good

FINAL = {
    "403": (1005, "The role of this user does not allow the call"),
    "404-empty": (404, "The answer has no body."),
    "refused-1006-path": (1006, "URL path not found."),
    "refused-1006-file": (1006, "File with id {id} not found"),
    "410": (410, "The answer has no body."),
}


async def test_t31_what_is_refused_for_good_is_asked_for_once_and_says_its_details(
    tmp_path: Path, simulator: Simulator
) -> None:
    db = tmp_path / "c.db"
    async with running(db, api_of(simulator), simulator=simulator) as world:
        keys = {word: await asked(world, simulator, word, "ok") for word in FINAL}
        for word, (code, details) in FINAL.items():
            _, error = await failed(world, keys[word])
            assert (error.code, error.details) == (code, details.replace("{id}", keys[word])), word
        await asyncio.sleep(0.4)  # 20 seconds of the service's
        assert [len(simulator.store_calls(key)) for key in keys.values()] == [1] * len(FINAL)
        assert world.troubles() == set()
        path, file = (world.media(keys[f"refused-1006-{word}"]).error for word in ("path", "file"))
        assert path is not None
        assert file is not None
        assert errors.explain(path).meaning != errors.explain(file).meaning
        assert (errors.short(path), errors.short(file)) == ("1006 path", "1006 file")
        async with opened(db, size=(140, 40), now=wall) as console:
            for word in ("path", "file"):
                await console.shows(errors.short(path if word == "path" else file))
