"""The adapter is switched off or drawn, bluetoothd dies: what our sensors measured meanwhile comes afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from analysis.model import Segment
from benchmarks.impersonated import FAMILIES, Reading, reading, until
from hardware.twin.stage import Stage
from tests.bluez.stack import Stack

pytestmark = pytest.mark.bluez

END_S = 15.0


@asynccontextmanager
async def streaming(stack: Stack, end_s: float = END_S) -> AsyncIterator[tuple[Stage, dict[Segment, Reading]]]:
    """Both sensors stream inside and must do so again afterwards; then nothing may be lost."""
    async with reading(FAMILIES["upstand"].pair(end_s, (0.0, 0.0)), 1.0, "upstand", central=stack.central) as (
        stage,
        readings,
    ):
        playing = asyncio.create_task(stage.run())
        await until(lambda: all(told.link.status().samples > 50 for told in readings.values()))
        yield stage, readings
        await asyncio.wait_for(playing, 60)
        await until(
            lambda: all(told.link.status().samples == stage.sent[segment] for segment, told in readings.items())
        )
        states = [told.link.status() for told in readings.values()]
    for told, state in zip(readings.values(), states, strict=True):
        assert told.numbers.tolist() == list(range(round(end_s * 52)))
        assert told.gaps == []
        assert state.lost == state.bad_packets == 0
        assert state.losses == 1
        assert "is back" in told.link.news
        assert told.link.problem == ""


async def test_an_adapter_switched_off_and_on(stack: Stack) -> None:
    async with streaming(stack) as (_stage, readings):
        await stack.power(False)
        await until(lambda: all("turn it on" in told.link.problem for told in readings.values()))
        await stack.power(True)


async def test_bluetoothd_that_dies_and_comes_back(stack: Stack) -> None:
    """bleak goes on believing in the links, so the bridge judges them by what comes over them."""
    async with streaming(stack, 32.0) as (stage, readings):
        command = await stack.kill_daemon()
        await until(lambda: not any(worn.is_connected for worn in stage.peripherals.values()))
        await stack.start_daemon(command)
        assert all(told.link.status().state == "streaming" for told in readings.values())
        await until(lambda: all(told.link.status().losses for told in readings.values()))


async def test_an_adapter_that_is_drawn_and_plugged_in_again(stack: Stack) -> None:
    async with streaming(stack) as (_stage, readings):
        await stack.pull_out()
        await until(lambda: all("plug in" in told.link.problem for told in readings.values()))
        await stack.plug_in()
