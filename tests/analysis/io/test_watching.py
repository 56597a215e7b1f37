"""What a session is told of the desk, of sleep and of the clock on the wall, and what it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from analysis import schema
from analysis.break_flow import Prompt, PromptState
from analysis.desk import ClockAnchor, Desk, DeskState, Slept
from analysis.io.desk import UNKNOWN, Probe, Seen
from analysis.io.live_session import LiveSession
from analysis.io.settings import DeskSettings
from analysis.io.store import StoredSession
from analysis.io.watching import Clocks, DeskWatch, Watching
from analysis.journal_records import decode_input, encode_input
from analysis.model import Input, Output, Segment, SessionEnd
from analysis.pipeline import PipelineSettings
from tests.analysis.made_samples import message_of

BEGUN_S = 1000.0  # real time at which the session's samples stop
UTC_S = 1_790_000_000.0


@dataclass
class Room:
    """A desk, and the clocks of the computer on it."""

    idle_s: float | None = 0.0
    desk: Desk = Desk.NOTHING
    known: Desk = Desk.DO_NOT_DISTURB | Desk.CAMERA
    now_s: float = BEGUN_S
    set_s: float = 0.0  # by how much somebody has set the clock on the wall
    slept_s: float = 0.0
    offset_s: float = 3600.0
    live: LiveSession = field(default_factory=lambda: session())
    looks: int = 0
    outputs: Sequence[Output] = ()  # of the last second

    def watching(self, *, is_here: bool = True, every_s: float = 1.0, watch: bool = True) -> Watching:
        probe = Probe("Room", every_s, self._look)
        clocks = Clocks(
            utc=lambda: UTC_S + self.now_s + self.slept_s + self.set_s,
            monotonic=lambda: self.now_s,
            slept=lambda: self.slept_s,
            offset=lambda _: self.offset_s,
        )
        return Watching(DeskWatch({"room": probe}, DeskSettings(watch=watch)), is_here=is_here, clocks=clocks)

    async def _look(self, _settings: DeskSettings) -> Seen:
        self.looks += 1
        if self.idle_s is None and not self.known:
            return UNKNOWN
        return Seen(self.known, self.desk, self.idle_s)

    async def pass_time(self, watching: Watching, seconds: int, do: Callable[[], None] = lambda: None) -> list[Input]:
        """What the session was told in so many seconds."""
        told: list[Input] = []
        for _ in range(seconds):
            self.now_s += 1.0
            do()
            await watching.step(lambda: self.live)
            batch = self.live.take()
            self.outputs = batch.outputs
            told += [decode_input(entry.payload) for entry in batch.entries]
        return told


def session(source: str = "radio") -> LiveSession:
    """One with two seconds of samples, at BEGUN_S of real time."""
    live = LiveSession(StoredSession(1, "s", "me", source, UTC_S, 1, {}, None, is_new=True), PipelineSettings())
    for seq in range(10):
        message = message_of(Segment.PELVIS, seq)
        live.judge(Segment.PELVIS, seq, BEGUN_S)
        live.add_block(schema.block_of(message), schema.encode(message))
    live.take()
    live.committed()
    return live


async def test_only_what_changes_is_told() -> None:
    room = Room()
    watching = room.watching()
    [first] = await room.pass_time(watching, 20)
    assert isinstance(first, DeskState)
    assert (first.desk, first.idle_s) == (Desk.IN_USE, 0.0)
    assert first.at_s == room.live.newest_s + 1.0
    room.idle_s, room.desk = 12.0, Desk.CAMERA
    [left] = await room.pass_time(watching, 1)
    assert isinstance(left, DeskState)
    assert (left.desk, left.idle_s) == (Desk.CAMERA, 12.0)
    room.idle_s = 13.0
    assert await room.pass_time(watching, 1) == []  # it counts on by itself


async def test_what_is_not_known_is_told_as_not_known() -> None:
    room = Room(idle_s=None, desk=Desk.DO_NOT_DISTURB)
    [told] = await room.pass_time(room.watching(), 3)
    assert isinstance(told, DeskState)
    assert told.desk == Desk.DO_NOT_DISTURB
    assert math.isnan(told.idle_s)
    back = decode_input(encode_input(told))
    assert isinstance(back, DeskState)
    assert math.isnan(back.idle_s)
    room = Room(idle_s=None, known=Desk.NOTHING)
    assert await room.pass_time(room.watching(), 3) == []


async def test_who_does_not_want_to_be_watched_is_not() -> None:
    room = Room()
    assert await room.pass_time(room.watching(watch=False), 5) == []
    assert room.looks == 0


async def test_a_probe_is_asked_no_more_often_than_it_says() -> None:
    room = Room()
    await room.pass_time(room.watching(every_s=5.0), 20)
    assert room.looks == 4


async def test_typing_matters_while_a_prompt_waits_for_a_gap() -> None:
    room = Room()
    watching = room.watching()
    await room.pass_time(watching, 2)
    room.live.prompt = Prompt("p1", "active", 1, "", 0.0, PromptState.HEADS_UP)
    [typing] = await room.pass_time(watching, 1)
    assert isinstance(typing, DeskState)
    assert Desk.TYPING in typing.desk
    room.idle_s = 4.0
    [pause] = await room.pass_time(watching, 1)
    assert isinstance(pause, DeskState)
    assert pause.desk == Desk.IN_USE


async def test_a_sleep_is_told_where_the_session_sleeps_with_the_computer() -> None:
    for is_here in (True, False):
        room = Room()
        watching = room.watching(is_here=is_here)
        await room.pass_time(watching, 3)
        room.slept_s += 7200.0
        told = await room.pass_time(watching, 2)
        at_s = room.live.newest_s + 4.0
        if is_here:
            assert told == [Slept(at_s, 7200.0), ClockAnchor(at_s, UTC_S + BEGUN_S + 4.0 + 7200.0, 3600.0)]
        else:
            assert told == []


async def test_a_clock_that_is_set_is_no_sleep() -> None:
    room = Room()
    watching = room.watching()
    await room.pass_time(watching, 3)
    room.set_s = -3600.0
    [anchor] = await room.pass_time(watching, 2)
    assert anchor == ClockAnchor(room.live.newest_s + 4.0, UTC_S + BEGUN_S + 4.0 - 3600.0, 3600.0)
    room.offset_s = 7200.0  # daylight saving, or a flight
    [anchor] = await room.pass_time(watching, 2)
    assert isinstance(anchor, ClockAnchor)
    assert anchor.offset_s == 7200.0


async def test_time_goes_on_while_the_sensors_are_silent() -> None:
    room = Room()
    told = await room.pass_time(room.watching(), 100)
    times = [one.at_s - room.live.newest_s for one in told if isinstance(one, ClockAnchor)]
    assert times == pytest.approx([31.0, 61.0, 91.0])


async def test_without_a_sensor_the_keyboard_tells_when_a_break_is_due() -> None:
    """The sensors fell silent, and the wearer goes on typing for half an hour; then they leave."""
    room = Room()
    watching = room.watching()
    prompts: list[Prompt] = []

    def step() -> None:
        prompts.extend(one for one in room.outputs if isinstance(one, Prompt))

    await room.pass_time(watching, 2100, step)
    assert prompts
    assert prompts[-1].kind == "active"
    assert prompts[-1].reason.startswith("No sensor is worn; by the clock and the keyboard")
    room.idle_s = 180.0
    await room.pass_time(watching, 200, step)
    assert prompts[-1].state is PromptState.DONE


async def test_a_session_that_is_over_or_of_nobody_is_told_nothing() -> None:
    room = Room()
    watching = room.watching()
    await watching.step(lambda: None)
    room.live.add(SessionEnd(2.0))
    assert room.live.is_over
    room.live.take()
    assert session("simulated").present_s(BEGUN_S + 60.0) == room.live.newest_s


async def test_the_next_session_is_told_anew() -> None:
    room = Room()
    watching = room.watching()
    await room.pass_time(watching, 3)
    await watching.step(lambda: None)
    assert len(await room.pass_time(watching, 2)) == 1
