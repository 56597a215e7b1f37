"""Two sensors through bleak, D-Bus, bluetoothd and the kernel, with losses, stalls and clocks that are wrong."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from analysis.model import Segment
from benchmarks.impersonated import FAMILIES, reading, until
from firmware_bridge.trust import Keyring, key_id
from firmware_bridge.trusted import TrustedRadio
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from tests.bluez.stack import Stack

pytestmark = pytest.mark.bluez

KEY = bytes(range(32))
OURS = Keyring(b"host-one", {key_id(KEY): KEY})
DRIFTS = (0.002, -0.003)
END_S = 24.0
STALL_S = 0.5
DROPPED = 40
AWAY_S = 3.0
LATE_S = 0.25  # two cores may be busy with other things; a stamp that is a packet off would be far more


async def test_ours_lose_nothing_and_need_no_pairing(stack: Stack) -> None:
    """Secured, each out of range once and lost once more, and bluetoothd stalls under both."""
    family = replace(FAMILIES["upstand"], make=partial(UpstandPeripheral, key=KEY))
    sealed = partial(TrustedRadio, ring=OURS)
    async with reading(family.pair(END_S, DRIFTS), 1.0, "upstand", central=stack.central, sealed=sealed) as (
        stage,
        readings,
    ):
        playing = asyncio.create_task(stage.run())
        await until(lambda: stage.clock.now() > 4)
        await stage.lose(Segment.PELVIS)
        await until(lambda: stage.clock.now() > 7)
        await stage.lose(Segment.LUMBAR, away_s=4.0)
        await until(lambda: stage.clock.now() > 13)
        await stack.stall(STALL_S)
        await until(lambda: stage.clock.now() > 16)
        await stage.lose(Segment.PELVIS, away_s=2.0)
        await stage.lose(Segment.LUMBAR)
        await asyncio.wait_for(playing, 60)
        await until(
            lambda: all(told.link.status().samples == stage.sent[segment] for segment, told in readings.items())
        )
        states = {segment: told.link.status() for segment, told in readings.items()}
        assert not any(known["Paired"] for known in (await stack.devices()).values())
    for segment, drift in zip(Segment, DRIFTS, strict=True):
        told, numbers = readings[segment], readings[segment].numbers
        assert numbers.tolist() == list(range(len(numbers)))
        assert len(numbers) == pytest.approx(END_S * family.rate_hz / (1 + drift), abs=1)
        assert states[segment].lost == states[segment].bad_packets == 0
        assert states[segment].losses == 2
        assert told.gaps == []
        late_s = told.times - numbers * (1 + drift) / family.rate_hz
        assert np.abs(late_s[len(late_s) // 4 :]).max() < LATE_S


async def test_what_witmotion_loses_is_told_and_nothing_else(stack: Stack) -> None:
    """One drops samples, bluetoothd stalls, the other goes out of range."""
    family = FAMILIES["witmotion"]
    async with reading(family.pair(END_S, DRIFTS), 1.0, "witmotion", central=stack.central) as (stage, readings):
        playing = asyncio.create_task(stage.run())
        pelvis = stage.peripherals[Segment.PELVIS]
        assert isinstance(pelvis, WitMotionPeripheral)
        await until(lambda: stage.clock.now() > 6)
        pelvis.lose(DROPPED)
        await until(lambda: stage.clock.now() > 10)
        await stack.stall(STALL_S)
        await until(lambda: stage.clock.now() > 14)
        await stage.lose(Segment.LUMBAR, away_s=AWAY_S)
        await asyncio.wait_for(playing, 60)
        await until(lambda: readings[Segment.PELVIS].link.status().samples == pelvis.sent)
    for segment, drift in zip(Segment, DRIFTS, strict=True):
        told, numbers = readings[segment], readings[segment].numbers
        taken = round(END_S * family.rate_hz / (1 + drift))
        [(missing, told_lost)] = told.gaps
        assert told_lost == pytest.approx(missing, abs=1)  # it has neither counter nor clock: told by time alone
        assert told.link.status().lost == told_lost
        assert len(numbers) + missing == pytest.approx(taken, abs=2)
        assert (np.diff(told.times) > 0).all()
        late_s = told.times - numbers * (1 + drift) / family.rate_hz
        assert np.abs(late_s[len(late_s) // 4 :]).max() < LATE_S
        if segment is Segment.PELVIS:
            assert missing == pelvis.lost == DROPPED
            assert len(numbers) == stage.sent[segment]
        else:
            assert missing >= round(AWAY_S * family.rate_hz)
            assert stage.sent[segment] - len(numbers) <= 2  # on the air when the link broke
