"""Every family, impersonated twice on the virtual radio, with losses, stalls and clocks that are wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import pytest

from analysis.model import GRAVITY, Segment
from analysis.schema import Samples, block_of
from benchmarks.impersonated import DRIVERS, FAMILIES, Numbers, reading, until
from firmware_bridge.ble import Ble
from firmware_bridge.choose import choose
from firmware_bridge.driver import Scale
from firmware_bridge.link import Link
from firmware_bridge.numbering import Session
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.metamotion import MetaMotionPeripheral
from hardware.twin.peripherals.others import OtherPeripheral
from hardware.twin.peripherals.polar import PolarPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.stage import Stage

DRIFTS = (0.0005, -0.0008)
STEP_S = 0.1  # of the stage's time, and so how late a packet may come here
END_S = 20.0


@pytest.mark.parametrize("name", sorted(FAMILIES))
async def test_exactly_what_was_lost_is_told(name: str) -> None:
    """The pelvis sensor drops samples and then stalls; the lumbar one is out of range for a while."""
    family, driver = FAMILIES[name], DRIVERS[name]
    may_go_on = asyncio.Event()
    may_go_on.set()
    async with reading(family.pair(END_S, DRIFTS), 20.0, name, throttle=may_go_on.wait) as (stage, readings):
        playing = asyncio.create_task(stage.run())
        pelvis = stage.peripherals[Segment.PELVIS]
        await until(lambda: stage.clock.now() > 5)
        if isinstance(pelvis, OtherPeripheral | WitMotionPeripheral):
            pelvis.lose(round(0.6 * family.rate_hz))
        await until(lambda: stage.clock.now() > 7)
        await stage.lose(Segment.LUMBAR, away_s=1.0)
        await until(lambda: stage.clock.now() > 8.5)
        may_go_on.clear()  # finding it again takes real time
        await until(lambda: readings[Segment.LUMBAR].link.status().state == "streaming")
        may_go_on.set()
        await until(lambda: stage.clock.now() > 12)
        if isinstance(pelvis, OtherPeripheral):
            pelvis.stall(0.6)
        await asyncio.wait_for(playing, 60)
        states = {segment: told.link.status() for segment, told in readings.items()}
    dropped = pelvis.lost if isinstance(pelvis, OtherPeripheral | WitMotionPeripheral) else 0
    for segment, drift in zip(Segment, DRIFTS, strict=True):
        told, numbers = readings[segment], readings[segment].numbers
        assert (np.diff(numbers) > 0).all()
        assert (np.diff(told.times) > 0).all()
        assert [block.seq for block in told.blocks] == list(range(len(told.blocks)))
        for missing, lost in told.gaps:
            assert lost == pytest.approx(missing, abs=0 if driver.has_clock else 1)
        assert sum(missing for missing, _ in told.gaps) == numbers[-1] - numbers[0] + 1 - len(numbers)
        late_s = told.times - numbers * (1 + drift) / family.rate_hz
        assert np.abs(late_s[len(late_s) // 4 :]).max() < STEP_S
        assert states[segment].family == driver.family
        assert states[segment].battery_percent == (
            None if "battery level" in driver.lacks else pytest.approx(80, abs=20)
        )
        assert states[segment].bad_packets == 0
    assert sum(missing for missing, _ in readings[Segment.PELVIS].gaps) == dropped
    assert (dropped > 0) == (name != "upstand")
    gaps = readings[Segment.LUMBAR].gaps
    assert len(gaps) == (0 if name == "upstand" else 1)


async def test_the_older_chip_is_asked_for_and_set_up() -> None:
    older = replace(FAMILIES["metamotion"], make=partial(MetaMotionPeripheral, has_bmi270=False))
    async with reading(older.pair(8.0, (0.0, 0.0)), 5.0, "metamotion") as (stage, readings):
        await asyncio.wait_for(stage.run(), 30)
    for told in readings.values():
        assert told.numbers.tolist() == list(range(399))  # of the last notification of three, one is missing


async def test_a_strap_without_a_gyroscope_is_read_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """In mg, without turn rates, at 50 Hz; what it lacks is said."""
    source = Numbers(Segment.LUMBAR, 50.0, 8.0, Scale(GRAVITY / 1000, 1.0))
    strap = PolarPeripheral("Polar H10 0A1B2C3D", source, has_gyroscope=False)
    clock, told = PacedClock(5.0), list[Samples]()
    async with Stage(clock, [strap]) as stage:
        ble = Ble(stage.scanner_backend, stage.client_backend)
        seen = await ble.scan(30.0, lambda seen: any(one.name for one in seen))
        link = Link(
            Segment.LUMBAR,
            lambda _seen, _anew: None,
            chosen=choose(seen, DRIVERS, {Segment.LUMBAR: "Polar H10"})[Segment.LUMBAR],
            session=Session("s", 0.0, "radio"),
            rate_hz=52.0,
            radio=ble,
            now=clock.now,
            out=told.append,
            changed=lambda: None,
            rng=Random(1),
        )
        task = asyncio.create_task(link.run())
        await asyncio.wait_for(stage.run(), 30)
        await until(lambda: link.status().samples == 400)
        assert link.status().lacks == ["counter", "gyroscope"]
        assert link.status().battery_percent is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: not strap.is_read.is_set())
    blocks = [block_of(item) for item in told]
    acc = np.concatenate([block.acc for block in blocks])
    assert acc[:, 0] / GRAVITY * 1000 == pytest.approx(np.arange(400), abs=0.13)
    assert np.isnan(np.concatenate([block.gyr for block in blocks])).all()
    assert link.problem == ""
    assert link.status().bad_packets == link.status().lost == 0
    assert "Polar H10 0A1B2C3D has no gyroscope: angles in movement are rough." in caplog.messages
