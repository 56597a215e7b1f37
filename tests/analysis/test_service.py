"""The service over a real Mosquitto and a real SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from analysis import batch, schema, service
from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.errors import PostureError
from analysis.io.journal import samples_entry
from analysis.io.mqtt import Connection, MqttAddress, Received, request
from analysis.io.notify import Delivery, Means, Notifier
from analysis.io.notify.answers import answer
from analysis.io.reader import Reader, Session
from analysis.io.store import Batch, Store
from analysis.model import Segment, Stance
from analysis.pipeline import PipelineSettings
from analysis.schema import Command, FrameMessage, Reply, Samples, Status, Stored
from analysis.service import Service
from tests.analysis.breaks.simple import standing_after
from tests.analysis.made_samples import message_of

SETTINGS = PipelineSettings()
Condition = Callable[[], bool]


class World:
    """What a bridge and a dashboard would hear, and a way to speak as the bridge."""

    def __init__(self, connection: Connection, wearer: str = "me") -> None:
        self.heard: list[Received] = []
        self._connection = connection
        self._wearer = wearer

    def send(self, messages: Iterable[Samples]) -> None:
        for message in messages:
            topic = schema.topic(self._wearer, "samples", message.segment)
            self._connection.publish(topic, schema.encode(message), qos=1)

    def send_raw(self, payload: bytes, *parts: str) -> None:
        self._connection.publish(schema.topic(self._wearer, *parts), payload, qos=1)

    def confirmed(self) -> dict[str, int]:
        stored = [schema.decode(one.payload, Stored) for one in self.heard if "/stored/" in one.topic]
        return {one.segment.value: one.seq for one in stored}

    def status(self) -> Status | None:
        said = [one for one in self.heard if one.topic.endswith("status/service")]
        return schema.decode(said[-1].payload, Status) if said else None

    def note(self) -> str:
        status = self.status()
        return status.note if status else ""

    def replies(self) -> list[Reply]:
        return [schema.decode(one.payload, Reply) for one in self.heard if "/replies/" in one.topic]

    def frames(self) -> list[FrameMessage]:
        return [schema.decode(one.payload, FrameMessage) for one in self.heard if one.topic.endswith("/frames")]

    async def until(self, condition: Condition, timeout_s: float = 90.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                self.heard += await self._connection.receive(timeout_s=0.05)

    async def until_confirmed(self, seq: int) -> None:
        await self.until(lambda: all(self.confirmed().get(segment, -1) >= seq for segment in Segment))

    async def sit_down(self) -> None:
        """Simulated blocks 0 to 2, and a calibration seated."""
        self.send(blocks(0, 3, source="simulated"))
        await self.until(lambda: len(self.confirmed()) == 2)
        command = Command(id="c", action="calibrate", stance=Stance.SITTING, duration_s=2.0)
        self.send_raw(schema.encode(command), "commands", "service")
        await self.until(lambda: len(self.replies()) == 1)


@asynccontextmanager
async def world(address: MqttAddress, wearer: str = "me") -> AsyncIterator[World]:
    async with Connection(address, "world") as connection:
        await connection.wait_connected(30)
        await connection.subscribe(schema.topic("+", "#"))
        yield World(connection, wearer)


@asynccontextmanager
async def running(
    address: MqttAddress,
    url: str,
    notifiers: Mapping[str, Notifier] | None = None,
    settings: PipelineSettings = SETTINGS,
) -> AsyncIterator[Service]:
    stop = asyncio.Event()
    with Store.open(url) as store:
        connection = service.connect(address, "me")
        made = Service(store, connection, settings, notifiers or {}, wearer="me")
        task = asyncio.create_task(made.run(stop))
        try:
            await connection.wait_connected(60)
            yield made
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'store' / 'upstand.sqlite').as_posix()}"


def blocks(first: int, end: int, **more: Any) -> list[Samples]:
    return [message_of(segment, seq, **more) for seq in range(first, end) for segment in Segment]


def newest(reader: Reader, wearer: str = "me") -> Session:
    session = reader.newest_session(wearer)
    assert session is not None
    return session


async def test_blocks_are_stored_confirmed_and_told(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send(blocks(0, 50))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 49, "lumbar": 49})
        await seen.until(lambda: len(seen.frames()) > 5)
        await seen.until(lambda: (seen.status() or Status(part="", online=False, at=0)).session_id == "s")
        status = seen.status()
        assert status is not None
        assert (status.online, status.source, status.note) == (True, "radio", "")
    with Reader(url) as reader:
        session = newest(reader)
        assert session.last_s == pytest.approx(9.98)
        assert reader.sample_count(session, Segment.LUMBAR) == 500
        frame = reader.frames(session, 0, float("inf"))
        assert len(frame.t) > 80
        told = {message.t: message for message in seen.frames()}
        for row, t in enumerate(frame.t.tolist()):
            if t in told:
                for name, column in frame.values.items():
                    assert told[t].values[name] == (None if column[row] != column[row] else column[row])
        said = reader.statuses("me")["service"]
        assert not said.online
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""


async def test_a_restart_in_the_middle_changes_nothing(broker: Any, url: str) -> None:
    async with world(broker.address) as seen:
        async with running(broker.address, url):
            seen.send(blocks(0, 40))
            await seen.until(lambda: seen.confirmed() == {"pelvis": 39, "lumbar": 39})
        await seen.until(lambda: (status := seen.status()) is not None and not status.online)
        async with running(broker.address, url):
            await seen.until(lambda: (status := seen.status()) is not None and status.online)
            seen.heard.clear()
            seen.send(blocks(30, 80))  # the bridge had not heard of the last ones
            await seen.until(lambda: seen.confirmed() == {"pelvis": 79, "lumbar": 79})
    comparison = batch.reanalyze(url, "s", SETTINGS)
    assert comparison.first_difference == ""
    assert comparison.ticks[0] > 140
    with Reader(url) as reader:
        assert reader.sample_count(newest(reader), Segment.PELVIS) == 800


async def test_a_session_that_was_cut_off_is_closed_when_the_next_one_runs(broker: Any, url: str) -> None:
    calibrate = Command(id="c", action="calibrate", session_id="s", stance=Stance.SITTING, duration_s=4.0)
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send(blocks(0, 40))
        await seen.until_confirmed(39)
        seen.send_raw(schema.encode(calibrate), "commands", "service")
        await seen.until(lambda: bool(seen.replies()))
        seen.send(blocks(40, 200))
        await seen.until_confirmed(199)
        with Reader(url) as reader:
            assert [bout.end_s for bout in reader.events(newest(reader), "sitting")] == [None]
        seen.send(blocks(0, 10, session_id="s2", started_at=4600.0))
        with Reader(url) as reader:
            first = reader.session("s")
            assert first is not None
            await seen.until(lambda: [e.end_s for e in reader.events(first, "sitting")] != [None])
            [bout] = reader.events(first, "sitting")
            assert bout.end_s == pytest.approx(first.last_s, abs=0.2)
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""


async def test_a_block_before_its_turn_is_neither_stored_nor_confirmed(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send(blocks(0, 3))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 2, "lumbar": 2})
        seen.send(blocks(4, 6))
        seen.heard.clear()
        await seen.until(lambda: len(seen.confirmed()) == 2)  # the answer to a block too early: what is safe
        assert seen.confirmed() == {"pelvis": 2, "lumbar": 2}
        seen.send(blocks(3, 6))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 5, "lumbar": 5})


async def test_nothing_is_confirmed_while_the_store_is_locked(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send(blocks(0, 5))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 4, "lumbar": 4})
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        seen.send(blocks(5, 10))
        await seen.until(lambda: "in use by another program" in seen.note())
        assert seen.confirmed() == {"pelvis": 4, "lumbar": 4}
        other.rollback()
        other.close()
        await seen.until(lambda: seen.confirmed() == {"pelvis": 9, "lumbar": 9})
        await seen.until(lambda: seen.note() == "")


async def test_foreign_messages_are_counted_and_harmless(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url) as made:
        await seen.until(lambda: seen.status() is not None)
        good = message_of(Segment.PELVIS, 0)
        seen.send_raw(b"\x00garbage", "samples", "pelvis")
        seen.send_raw(schema.encode(good), "samples", "lumbar")  # of the other segment
        seen.send_raw(b"{}", "commands", "service")
        seen.send_raw(b'{"v": 2}', "status", "bridge")
        seen.send_raw(schema.encode(good).replace(b"\xa1v\x01", b"\xa1v\x07"), "samples", "pelvis")
        bad: list[dict[str, Any]] = [
            {"seq": -1},
            {"started_at": float("nan")},
            {"session_id": ""},
            {"source": "x" * 99},
            {"counts": b"x"},
        ]
        for wrong in bad:
            seen.send([msgspec.structs.replace(good, **wrong)])
        seen.send_raw(schema.encode(Command(id="a/+/#", action="end")), "commands", "service")
        for number in range(50):
            noise = np.random.default_rng(number).bytes(number)
            seen.send_raw(noise, "samples", "pelvis")
            seen.send_raw(noise, "status", "bridge")
        expected = 5 + len(bad) + 1 + 100
        await seen.until(lambda: (status := seen.status()) is not None and status.bad_messages == expected)
        seen.send([good])
        await seen.until(lambda: seen.confirmed() == {"pelvis": 0})
        assert made.bad_messages == expected


async def test_commands_are_carried_out_and_answered(broker: Any, url: str) -> None:
    def ask(wearer: str = "me", **wanted: Any) -> Reply:
        return request(broker.address, wearer, "service", Command(**wanted), 5.0)

    async with world(broker.address) as seen, running(broker.address, url):
        await seen.until(lambda: seen.status() is not None)
        reply = await asyncio.to_thread(ask, id="c0", action="calibrate", stance=Stance.STANDING)
        assert (reply.ok, "no measurements" in reply.message) == (False, True)
        early = asyncio.create_task(
            asyncio.to_thread(ask, id="c1", action="label", session_id="s", text="before", start_s=0.0, end_s=1.0)
        )
        await seen.until(lambda: any("commands" in one.topic and b"c1" in one.payload for one in seen.heard))
        seen.send(blocks(0, 20))
        assert (await early).ok
        reply = await asyncio.to_thread(ask, id="c2", action="calibrate", stance=Stance.STANDING, duration_s=3.0)
        assert reply == Reply(id="c2", ok=True, message="Stand upright and still for 3 s.")
        assert not (await asyncio.to_thread(ask, id="c3", action="calibrate")).ok
        assert not (await asyncio.to_thread(ask, id="c4", action="dance")).ok
        seen.send(blocks(20, 60))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 59, "lumbar": 59})
        assert (await asyncio.to_thread(ask, id="c5", action="end")).ok
        await seen.until(lambda: len(seen.replies()) == 6)
    with Reader(url) as reader:
        session = newest(reader)
        kinds = {event.kind for event in reader.events(session)}
        assert {"label", "calibrated"} <= kinds
        assert len(reader.calibrations(session)) == 2
        assert reader.frames(session, 0, float("inf")).t[-1] == pytest.approx(11.9, abs=0.11)
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""


async def test_a_calibration_is_carried_over_to_the_next_session(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send(blocks(0, 5))
        await seen.until(lambda: len(seen.confirmed()) == 2)
        seen.send_raw(
            schema.encode(Command(id="c", action="calibrate", stance=Stance.SITTING, duration_s=2.0)),
            "commands",
            "service",
        )
        await seen.until(lambda: len(seen.replies()) == 1)
        seen.send(blocks(5, 40))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 39, "lumbar": 39})
        seen.heard.clear()
        seen.send(blocks(0, 40, session_id="next", started_at=2000.0))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 39, "lumbar": 39})
    with Reader(url) as reader:
        first, second = reader.sessions("me")
        assert second.session_id == "next"
        before = reader.frames(first, 0, 1.0).values["pelvic_tilt"]
        after = reader.frames(second, 4.0, float("inf")).values["pelvic_tilt"]
        assert (before != before).all()
        assert (after == after).any()
    assert batch.reanalyze(url, "next", SETTINGS).first_difference == ""


async def test_fast_data_are_thinned_out_on_mqtt_and_whole_in_the_store(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        began = asyncio.get_running_loop().time()
        seen.send(blocks(0, 1500, source="simulated"))  # five minutes
        await seen.until(lambda: seen.confirmed() == {"pelvis": 1499, "lumbar": 1499}, 40)
        took_s = asyncio.get_running_loop().time() - began
        assert len(seen.frames()) <= 20 * (took_s + 2)
    with Reader(url) as reader:
        assert len(reader.frames(newest(reader), 0, float("inf")).t) > 2980
        assert len(reader.minutes(newest(reader)).t0) == 5
    comparison = batch.reanalyze(url, "s", SETTINGS)
    assert comparison.first_difference == ""


async def test_bridge_statuses_are_kept_for_the_dashboard(broker: Any, url: str) -> None:
    link = schema.LinkStatus(
        segment=Segment.PELVIS, sensor_id="a", name="Upstand", family="upstand", state="streaming", battery_percent=80
    )
    status = Status(part="bridge", online=True, at=5.0, source="radio", links=[link])
    async with world(broker.address) as seen, running(broker.address, url):
        seen.send_raw(schema.encode(status), "status", "bridge")
        with Reader(url) as reader:
            await seen.until(lambda: reader.statuses("me").get("bridge") == status)


async def test_prompts_are_told_and_how_that_went_is_kept(broker: Any, url: str) -> None:
    told: list[Prompt] = []

    async def reach(prompt: Prompt, means: Means) -> Delivery:
        told.append(prompt)
        return Delivery(True)

    async def miss(prompt: Prompt, means: Means) -> Delivery:
        return Delivery(False, "Nobody there.")

    named = {
        "reach": Notifier("Reach", reach, lambda _: True, is_worn=True),
        "miss": Notifier("Miss", miss, lambda _: True, is_worn=True),
    }
    settings = PipelineSettings(standing_after(3.0))
    async with world(broker.address) as seen, running(broker.address, url, named, settings):
        await seen.sit_down()
        seen.send(blocks(3, 400, source="simulated"))
        await seen.until(lambda: seen.confirmed() == {"pelvis": 399, "lumbar": 399})
        await seen.until(lambda: any(one.topic.endswith("/prompts") for one in seen.heard))
    with Reader(url) as reader:
        (prompt, *_) = reader.prompts(newest(reader))
        kept = {one.notifier: (one.delivered, one.reason) for one in reader.deliveries(newest(reader))}
    assert told[0].prompt_id == prompt.prompt_id
    assert kept == {"reach": (True, ""), "miss": (False, "Nobody there.")}


async def test_an_answer_on_a_notification_is_carried_out(broker: Any, url: str) -> None:
    """Pressed twice at once, and again when it is over: only the first changes anything, and each is told so."""

    async def press(prompt: Prompt, means: Means) -> Delivery:
        if prompt.state in (PromptState.OPEN, PromptState.POSTPONED):
            means.act(answer(prompt, means.session_id, BreakAct.POSTPONE))
        if prompt.state is PromptState.OPEN:
            means.act(answer(prompt, means.session_id, BreakAct.SKIP))
        return Delivery(True)

    named = {"press": Notifier("Press", press, lambda _: True, is_worn=True)}
    settings = PipelineSettings(standing_after(3.0))
    async with world(broker.address) as seen, running(broker.address, url, named, settings):
        await seen.sit_down()
        seen.send(blocks(3, 100, source="simulated"))
        await seen.until(lambda: len(seen.replies()) == 3)
        seen.send(blocks(100, 200, source="simulated"))  # the answer holds from the present on
        await seen.until(lambda: len(seen.replies()) == 4)
    with Reader(url) as reader:
        (prompt, *_) = reader.prompts(newest(reader))
    assert prompt.state is PromptState.POSTPONED
    assert [reply.message for reply in seen.replies()[1:4]] == [
        "Postponed by 5 min.",
        "You have answered that prompt already, and nothing was changed: Postponed by 5 min.",
        "That prompt is over; nothing was changed.",
    ]


_ALONE = """
import asyncio, sys
from analysis.io.mqtt import MqttAddress
from analysis.io.store import Store
from analysis.pipeline import PipelineSettings
from analysis.service import Service, connect
address = MqttAddress("127.0.0.1", int(sys.argv[2]), sys.argv[3], sys.argv[4])
with Store.open(sys.argv[1]) as store:
    asyncio.run(Service(store, connect(address, "me"), PipelineSettings(), {}).run(asyncio.Event()))
"""


async def test_a_service_that_is_killed_loses_nothing_that_it_confirmed(broker: Any, url: str) -> None:
    """Killed outright while blocks pour in; its last will tells that it is gone."""
    address, confirmed = broker.address, {"pelvis": -1, "lumbar": -1}
    arguments = (sys.executable, "-c", _ALONE, url, str(address.port), address.username, address.password)
    async with world(address) as seen:
        for goal in (100, 400, 699):
            process = await asyncio.create_subprocess_exec(*arguments)
            try:
                await seen.until(lambda: (status := seen.status()) is not None and status.online)
                for segment in Segment:  # as the bridge does: again from what was confirmed last
                    seen.send(message_of(segment, seq) for seq in range(confirmed[segment] + 1, 700))
                await seen.until_confirmed(goal)
            finally:
                process.kill()
                await process.wait()
            await seen.until(lambda: (status := seen.status()) is not None and not status.online)
            confirmed |= seen.confirmed()
            with Store.open(url) as store:
                found = store.find("s")
                assert found is not None
                for segment in Segment:
                    assert found.next_seq.get(segment, 0) > confirmed[segment]
    assert batch.reanalyze(url, "s", PipelineSettings()).first_difference == ""


async def test_two_services_on_one_store_are_found_out(broker: Any, url: str) -> None:
    connection = service.connect(broker.address, "me")
    with Store.open(url) as store:
        task = asyncio.create_task(Service(store, connection, SETTINGS, {}, wearer="me").run(asyncio.Event()))
        async with world(broker.address) as seen:
            await connection.wait_connected(60)
            seen.send(blocks(0, 2))
            await seen.until(lambda: len(seen.confirmed()) == 2)
            message = message_of(Segment.PELVIS, 2)
            entry = samples_entry(schema.block_of(message), schema.encode(message))
            store.write([Batch(store.session("s", "me", "radio", 1000.0), [entry])])
            seen.send([message])
            with pytest.raises(PostureError, match="Another service"):
                await asyncio.wait_for(task, 60)
