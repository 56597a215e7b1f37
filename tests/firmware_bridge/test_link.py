"""A sensor's life: it goes out of reach and comes back, runs low, and another one takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
from bumble.gatt import Service

from analysis.model import Segment
from analysis.schema import Samples, block_of
from benchmarks.impersonated import DRIVERS, FAMILIES, reading, until
from firmware_bridge.absence import Absence, RateMeter
from firmware_bridge.ble import Ble, Sighting
from firmware_bridge.choose import Chosen, choose
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.thingy52 import Thingy52Peripheral
from hardware.twin.stage import Stage


async def test_out_of_reach_and_back() -> None:
    family = FAMILIES["dot"]
    async with reading(family.pair(40.0, (0.0, 0.0)), 5.0, "dot") as (stage, readings):
        playing = asyncio.create_task(stage.run())
        link = readings[Segment.PELVIS].link
        await until(lambda: stage.clock.now() > 4)
        assert (link.status().losses, link.status().away_s, link.news) == (0, 0.0, "")
        assert link.status().lacks == ["counter"]
        await stage.lose(Segment.PELVIS, away_s=5.0)
        await until(lambda: link.status().state == "lost")
        assert "out of reach" in link.problem
        await until(lambda: link.status().away_s > 0.2)
        await until(lambda: link.status().state == "streaming")
        assert link.status().losses == 1
        assert link.status().away_s == 0.0
        assert link.problem == ""
        assert "is back after" in link.news
        assert readings[Segment.LUMBAR].link.status().losses == 0
        playing.cancel()


class Unplugged(Thingy52Peripheral):
    """One that has no battery service."""

    def _services(self) -> list[Service]:
        return super()._services()[:1]


async def test_a_sensor_without_a_battery_level_streams_all_the_same() -> None:
    family = replace(FAMILIES["thingy52"], make=Unplugged)
    async with reading(family.pair(10.0, (0.0, 0.0)), 5.0, "thingy52") as (stage, readings):
        await asyncio.wait_for(stage.run(), 30)
        for told in readings.values():
            assert told.link.status().battery_percent is None
            assert told.link.status().losses == 0
    assert all(len(told.numbers) == 500 for told in readings.values())


async def test_another_sensor_takes_its_place() -> None:
    """Numbers and times of the segment go on; the gap between the two is told as one."""
    family = FAMILIES["witmotion"]
    clock = PacedClock(5.0)
    blocks: list[Samples] = []
    async with Stage(clock, family.pair(60.0, (0.0, 0.0))) as stage:
        ble = Ble(stage.scanner_backend, stage.client_backend)
        known = {"witmotion": DRIVERS["witmotion"]}
        seen = await ble.scan(30.0, lambda seen: len(choose(seen, known, {})) == 2)
        both = choose(seen, known, {})
        asked: list[bool] = []

        def other(seen_now: Sequence[Sighting], anew: bool) -> Chosen | None:
            asked.append(anew)
            return replace(both[Segment.LUMBAR], segment=Segment.PELVIS) if seen_now else None

        link = Link(
            Segment.PELVIS,
            other,
            chosen=both[Segment.PELVIS],
            session=Session("s", 0.0, "simulated"),
            rate_hz=50.0,
            radio=ble,
            now=clock.now,
            out=blocks.append,
            changed=lambda: None,
            rng=Random(1),
        )
        task = asyncio.create_task(link.run())
        lumbar = stage.peripherals[Segment.LUMBAR]
        lumbar.is_read.set()  # so that time runs although nobody reads it yet
        playing = asyncio.create_task(stage.run())
        first = link.sensor_id
        await until(lambda: len(blocks) > 20)
        assert link.swap() == ""
        await until(lambda: link.sensor_id != first and link.status().state == "streaming")
        before = len(blocks)
        await until(lambda: len(blocks) > before + 20)
        playing.cancel()
        task.cancel()
        await asyncio.gather(task, playing, return_exceptions=True)
    assert True in asked
    assert [block.seq for block in blocks] == list(range(len(blocks)))
    assert {block.sensor_id for block in blocks} == {first, link.sensor_id}
    assert (np.diff(np.concatenate([block_of(block).t for block in blocks])) > 0).all()
    [since] = [k for k in range(1, len(blocks)) if blocks[k].sensor_id != blocks[k - 1].sensor_id]
    assert blocks[since].lost > 0


def test_what_is_told_of_a_battery() -> None:
    absence = Absence(Segment.LUMBAR, lambda: 0.0)
    told = [absence.warning(percent) for percent in (None, 80, 15, 14, 50, 12)]
    assert [bool(sentence) for sentence in told] == [False, False, True, False, False, True]
    assert "15 %" in told[2]
    assert "charge it" in absence.why(3)
    assert "come back" in absence.why(None)


def test_how_long_it_was_away() -> None:
    times = iter([10.0, 12.5, 44.0, 44.0, 44.5, 110.0])
    absence = Absence(Segment.PELVIS, lambda: next(times))
    absence.lost()
    assert absence.away_s == 2.5
    absence.lost()  # a search that failed is the same loss
    assert absence.streams("Upstand P") == "The pelvis sensor (Upstand P) is back after 34 s."
    assert absence.losses == 1
    assert absence.news
    assert not absence.news


def test_the_rate_is_that_of_the_last_seconds() -> None:
    meter = RateMeter()
    told = [meter.hz(t, round(100 * t if t < 10 else 1000 + 50 * (t - 10))) for t in np.arange(0.0, 20.0)]
    assert told[0] == 0.0
    assert told[9] == 100.0
    assert told[19] == 50.0
