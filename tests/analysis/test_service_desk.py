"""Breaks by the clock and the keyboard where no sensor is worn: the real service over a real Mosquitto and SQLite."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from analysis import batch, schema, service
from analysis.break_flow import BreakAct, BreakMemory, PromptState
from analysis.desk import Desk, DeskState
from analysis.io.desk import Probe, Seen
from analysis.io.journal import input_of
from analysis.io.mqtt import MqttAddress, request
from analysis.io.reader import Reader, Session
from analysis.io.settings import DeskSettings
from analysis.io.sources import DESK
from analysis.io.store import Store
from analysis.io.watching import Clocks, DeskWatch, Watching
from analysis.model import Input, SessionEnd, Stance
from analysis.pipeline import PipelineSettings
from analysis.schema import Command
from analysis.service import Service
from tests.analysis.breaks.simple import standing_after
from tests.analysis.test_service import World, blocks, world

UTC_S = 1_790_000_000.0
SETTINGS = PipelineSettings(standing_after(1800.0))


@dataclass
class Desktop:
    """A computer whose clocks go at will: real time, and what the test adds to it."""

    idle_s: float | None = 0.0
    passed_s: float = 0.0

    def watching(self) -> Watching:
        clocks = Clocks(utc=self.utc_s, monotonic=self._now_s, slept=lambda: 0.0, offset=lambda _: 3600.0)
        return Watching(
            DeskWatch({"keys": Probe("Keys", 0.0, self._look)}, DeskSettings()), is_here=True, clocks=clocks
        )

    def utc_s(self) -> float:
        return UTC_S + self._now_s()

    def _now_s(self) -> float:
        return time.monotonic() + self.passed_s

    async def _look(self, _settings: DeskSettings) -> Seen:
        return Seen(Desk.CAMERA, Desk.NOTHING, self.idle_s)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'store' / 'upstand.sqlite').as_posix()}"


@asynccontextmanager
async def at_desk(
    address: MqttAddress, url: str, desktop: Desktop, settings: PipelineSettings = SETTINGS, *, alone: bool = True
) -> AsyncIterator[Service]:
    stop = asyncio.Event()
    with Store.open(url) as store:
        connection = service.connect(address, "me")
        watching = desktop.watching()
        made = Service(store, connection, settings, {}, watching=watching, alone=alone, now=desktop.utc_s)
        task = asyncio.create_task(made.run(stop))
        try:
            await connection.wait_connected(10)
            yield made
        finally:
            stop.set()
            await asyncio.wait_for(task, 15)


async def until_at_desk(seen: World, url: str, after: int = 0) -> None:
    """Until there are more than `after` sessions of the desk, and the newest knows how it is."""
    await seen.until(lambda: len(desks(url)) > after and told_of_desk(url, desks(url)[-1].session_id) > 0)


def told_of_desk(url: str, session_id: str) -> int:
    return len([one for one in inputs(url, session_id) if isinstance(one, DeskState)])


def desks(url: str) -> list[Session]:
    with Reader(url) as reader:
        return [session for session in reader.sessions("me") if session.source == DESK]


def last_s(url: str) -> float:
    return max([session.last_s or 0.0 for session in desks(url)[-1:]], default=0.0)


async def pass_time(seen: World, desktop: Desktop, url: str, span_s: float) -> None:
    """So much time at the desk, of which the service has spoken."""
    before_s = last_s(url)
    desktop.passed_s += span_s + 31.0
    await seen.until(lambda: last_s(url) >= before_s + span_s)


def inputs(url: str, session_id: str) -> list[Input]:
    with Store.open(url) as store:
        stored = store.find(session_id)
        assert stored is not None
        return [input_of(entry) for entry in store.journal(stored)]


async def test_without_a_bridge_the_keyboard_tells_when_a_break_is_due(broker: Any, url: str) -> None:
    desktop = Desktop()
    async with world(broker.address) as seen, at_desk(broker.address, url, desktop):
        await until_at_desk(seen, url)
        await pass_time(seen, desktop, url, 1860.0)
        with Reader(url) as reader:
            [prompt] = reader.prompts(desks(url)[0])
        assert prompt.reason.startswith(
            "No sensor is worn; by the clock and the keyboard you have been at the desk for 3"
        )
        refused = await asyncio.to_thread(
            request, broker.address, "me", "service", Command(id="c", action="calibrate", stance=Stance.STANDING), 5.0
        )
        assert refused.message.startswith("No sensor is worn")
        desktop.idle_s = 120.0
        await pass_time(seen, desktop, url, 40.0)
    [session] = desks(url)
    with Reader(url) as reader:
        [prompt] = reader.prompts(session)
        [tally] = reader.break_tallies(session)
        assert reader.newest_session("me") == session
    assert prompt.state is PromptState.DONE
    assert (tally.prompted, tally.taken) == (1, 1)
    assert batch.reanalyze(url, session.session_id, PipelineSettings()).first_difference == ""  # the rules are kept


async def test_sensors_take_over_and_leave_without_a_doubled_clock_or_a_second_prompt(broker: Any, url: str) -> None:
    desktop = Desktop()
    async with world(broker.address) as seen, at_desk(broker.address, url, desktop):
        await until_at_desk(seen, url)
        await pass_time(seen, desktop, url, 1200.0)
        seen.send(blocks(0, 60, started_at=desktop.utc_s()))
        await seen.until_confirmed(59)
        [desk] = desks(url)
        assert isinstance(inputs(url, desk.session_id)[-1], SessionEnd)
        given = [one for one in inputs(url, "s") if isinstance(one, BreakMemory)]
        assert 1231.0 <= given[-1].clocks_s["stand"] < 1331.0
        with Reader(url) as reader:
            radio = reader.newest_session("me")
            assert radio is not None
            assert radio.session_id == "s"
        seen.send_raw(schema.encode(Command(id="e", action="end", session_id="s")), "commands", "service")
        await until_at_desk(seen, url, after=1)
        await pass_time(seen, desktop, url, 300.0)
        carried = next(one for one in inputs(url, desks(url)[1].session_id) if isinstance(one, BreakMemory))
        assert given[-1].clocks_s["stand"] <= carried.clocks_s["stand"] < 1331.0
        with Reader(url) as reader:
            assert [reader.prompts(session) for session in reader.sessions("me")] == [[], [], []]
        await pass_time(seen, desktop, url, 330.0)
    with Reader(url) as reader:
        first, second, third = reader.sessions("me")
        [prompt] = reader.prompts(third)
        told_at = third.started_at + prompt.asked_s
        assert 1799.0 <= told_at - first.started_at < 1900.0
        for session in (first, second, third):
            assert batch.reanalyze(url, session.session_id, SETTINGS).first_difference == ""


async def test_a_restart_goes_on_with_the_clock_the_pause_and_the_time_between(broker: Any, url: str) -> None:
    desktop = Desktop()
    async with world(broker.address) as seen:
        async with at_desk(broker.address, url, desktop):
            await until_at_desk(seen, url)
            await pass_time(seen, desktop, url, 1500.0)
            pause = Command(id="p", action="break", act=BreakAct.PAUSE, duration_s=600.0)
            seen.send_raw(schema.encode(pause), "commands", "service")
            await seen.until(lambda: bool(seen.replies()))
            [session] = desks(url)
        desktop.passed_s += 40.0
        told = told_of_desk(url, session.session_id)
        async with at_desk(broker.address, url, desktop):
            await seen.until(lambda: told_of_desk(url, session.session_id) > told)
            await pass_time(seen, desktop, url, 400.0)
            with Reader(url) as reader:
                assert reader.prompts(desks(url)[0]) == []  # due, and paused
                assert reader.break_spans(desks(url)[0])[-1].why == "paused"
            await pass_time(seen, desktop, url, 300.0)
        [session] = desks(url)
        with Reader(url) as reader:
            [prompt] = reader.prompts(session)
        assert 2131.0 <= prompt.asked_s < 2231.0  # when the pause was over
        desktop.passed_s += 7200.0  # long gone: nobody was seen for so long
        async with at_desk(broker.address, url, desktop):
            await until_at_desk(seen, url, after=1)
            await pass_time(seen, desktop, url, 600.0)
    with Reader(url) as reader:
        first, second = desks(url)
        [prompt] = reader.prompts(first)
        assert prompt.state is PromptState.UNSEEN
        assert reader.prompts(second) == []
    assert batch.reanalyze(url, first.session_id, SETTINGS).first_difference == ""


@pytest.mark.parametrize(("idle_s", "alone"), [(None, True), (50.0, True), (0.0, False)])
async def test_nothing_is_begun_where_nobody_is_seen_or_wanted(
    broker: Any, url: str, idle_s: float | None, alone: bool
) -> None:
    desktop = Desktop(idle_s)
    async with world(broker.address) as seen, at_desk(broker.address, url, desktop, alone=alone):
        seen.send(blocks(0, 5, source="simulated"))
        await seen.until_confirmed(4)
        statuses = len([one for one in seen.heard if one.topic.endswith("status/service")])
        await seen.until(
            lambda: len([one for one in seen.heard if one.topic.endswith("status/service")]) >= statuses + 3
        )
        assert desks(url) == []


async def test_sensors_that_come_back_after_a_restart_take_over_where_the_desk_has_counted_to(
    broker: Any, url: str
) -> None:
    """Their session began before that of the desk, and saw nothing of the time between."""
    desktop = Desktop()
    begun = desktop.utc_s()
    async with world(broker.address) as seen:
        async with at_desk(broker.address, url, desktop):
            seen.send(blocks(0, 30, started_at=begun))
            await seen.until_confirmed(29)
        async with at_desk(broker.address, url, desktop):
            await until_at_desk(seen, url)
            await pass_time(seen, desktop, url, 1500.0)
            seen.heard.clear()
            away_s = desktop.utc_s() - begun
            late = [msgspec.structs.replace(one, t0=one.t0 + away_s) for one in blocks(30, 60, started_at=begun)]
            seen.send(late)
            await seen.until_confirmed(59)
            with Reader(url) as reader:
                await seen.until(lambda: (now := reader.newest_session("me")) is not None and now.session_id == "s")
    [desk] = desks(url)
    assert isinstance(inputs(url, desk.session_id)[-1], SessionEnd)
    [given] = [one for one in inputs(url, "s") if isinstance(one, BreakMemory)]
    assert given.at_s > 0
    assert 1531.0 <= given.clocks_s["stand"] < 1631.0
    for session_id in ("s", desk.session_id):
        assert batch.reanalyze(url, session_id, SETTINGS).first_difference == ""


async def test_what_sensors_have_measured_while_the_service_was_away_is_not_counted_by_the_desk_as_well(
    broker: Any, url: str
) -> None:
    desktop = Desktop()
    begun = desktop.utc_s()
    async with world(broker.address) as seen:
        async with at_desk(broker.address, url, desktop):
            seen.send(blocks(0, 30, started_at=begun))
            await seen.until_confirmed(29)
        desktop.passed_s += 60.0
        async with at_desk(broker.address, url, desktop):
            await until_at_desk(seen, url)
            seen.heard.clear()
            seen.send(blocks(30, 60, started_at=begun))
            await seen.until_confirmed(59)
    [desk] = desks(url)
    assert isinstance(inputs(url, desk.session_id)[-1], SessionEnd)
    assert not [one for one in inputs(url, "s") if isinstance(one, BreakMemory)]
    for session_id in ("s", desk.session_id):
        assert batch.reanalyze(url, session_id, SETTINGS).first_difference == ""
