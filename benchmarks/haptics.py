"""How long a decision to prompt takes until the sensor on the body buzzes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.errors import PostureError
from analysis.io.mqtt import request, resolve
from analysis.io.notify import notifiers
from analysis.io.outputs import Delivered
from analysis.io.settings import Settings
from analysis.io.store import Batch, Duplicate, Store
from analysis.schema import Reply, Status
from analysis.service import Service, connect
from benchmarks.breaks_over_mqtt import settings_in
from benchmarks.report import Section
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.upstand import UpstandPeripheral
from upstand.analyzing import pipeline_settings
from upstand.asking import command
from upstand.playing import SIMULATED, play, simulated
from upstand.whole import start_broker, supervised

ROUNDS = 150
KINDS = ("micro", "shift", "active")
GOAL_S = 0.3
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Felt:
    """One sensor's answer to one prompt."""

    kind: str
    pattern: int  # as the wire protocol numbers them
    took_s: float  # real, from the decision to the motor


def measure() -> Section:
    """Some five minutes."""
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(rounds(settings_in(Path(folder), {}), ROUNDS, speed=1.0))
    took_ms = 1e3 * np.array([one.took_s for one in told])
    is_met = "met" if np.percentile(took_ms, 99) <= 1e3 * GOAL_S else "missed"
    return Section(
        "From the decision to the buzz",
        f"{ROUNDS} breaks asked for by a command in real time, each felt by both of the simulated wearer's sensors, "
        "which are secured as ours are. From the pipeline's word, before it is stored, over MQTT, the bridge and the "
        "virtual radio to the motor. Analysis, bridge and sensors share one process, which slows each of them.",
        [
            ("median", f"{np.median(took_ms):.0f} ms"),
            ("99th percentile", f"{np.percentile(took_ms, 99):.0f} ms; at most {1e3 * GOAL_S:.0f} ms asked: {is_met}"),
            ("longest", f"{took_ms.max():.0f} ms"),
            ("buzzes", str(len(told))),
        ],
    )


async def rounds(settings: Settings, count: int, speed: float) -> list[Felt]:
    """So many prompts, one after another, of a wearer who sits; each felt by both sensors."""
    act, stop = simulated("sit-then-stand", 1, settings.sensors.rate_hz, ""), asyncio.Event()
    motors = [_Motor() for _ in act.peripherals]
    for peripheral, motor in zip(act.peripherals, motors, strict=True):
        assert isinstance(peripheral, UpstandPeripheral)
        peripheral.buzzes = motor
    told: list[Felt] = []
    async with supervised(settings, _silent) as supervisor:
        await start_broker(supervisor, settings, None, _silent)
        with _Noting.open(settings.store_url) as store:
            service = Service(
                store,
                connect(resolve(settings), settings.wearer),
                pipeline_settings(settings),
                notifiers(),
                notify=settings.notify,
            )
            ended = asyncio.Event()
            serving = asyncio.create_task(service.run(ended))
            playing = asyncio.create_task(play(settings, act, PacedClock(speed), stop))
            try:
                await _seated(settings)
                for number in range(count):
                    told += await _round(settings, store, motors, KINDS[number % len(KINDS)])
            finally:
                stop.set()
                await playing
                ended.set()
                await serving
    return told


async def _round(settings: Settings, store: _Noting, motors: Sequence[_Motor], kind: str) -> list[Felt]:
    before = [len(motor) for motor in motors]
    store.opened.clear()
    reply = await _ask(settings, BreakAct.START, kind)
    assert reply.ok, reply.message
    async with asyncio.timeout(_PATIENCE_S):
        for motor, known in zip(motors, before, strict=True):
            await motor.wait_beyond(known)
    decided_s = store.opened[kind]
    told = [Felt(kind, motor[-1][1], motor.felt_s[-1] - decided_s) for motor in motors]
    await _ask(settings, BreakAct.EXIT)
    return told


async def _seated(settings: Settings) -> None:
    """Returns once the wearer is known to sit."""
    async with asyncio.timeout(_PATIENCE_S):
        while "shift clock" not in (await _ask(settings, None)).message:
            pass  # each answer takes its time


async def _ask(settings: Settings, act: BreakAct | None, kind: str = "") -> Reply:
    """How it stands, without an act."""
    given = command("break", act=act, name=kind) if act is not None else command("break-status")
    try:
        return await asyncio.to_thread(request, resolve(settings), SIMULATED, "service", given, 5.0)
    except PostureError as error:  # the service has only just begun to listen
        return Reply(id=given.id, ok=False, message=str(error))


class _Noting(Store):
    """Notes when the first word on each prompt that opens comes out of the pipeline."""

    opened: dict[str, float] = {}  # noqa: RUF012 - there is one at a time; by type of break, s

    def write(
        self,
        batches: Iterable[Batch],
        *,
        run_id: int | None = None,
        statuses: Mapping[tuple[str, str], Status] | None = None,
        deliveries: Sequence[Delivered] = (),
    ) -> list[Duplicate]:
        now_s = time.monotonic()
        batches = list(batches)
        for batch in batches:
            for told in batch.outputs:
                if isinstance(told, Prompt) and told.state is PromptState.OPEN:
                    self.opened.setdefault(told.kind, now_s)
        return super().write(batches, run_id=run_id, statuses=statuses, deliveries=deliveries)


class _Motor(list[tuple[float, int]]):
    """What a sensor felt, and when in real time."""

    def __init__(self) -> None:
        super().__init__()
        self.felt_s: list[float] = []
        self._more = asyncio.Event()

    def append(self, felt: tuple[float, int], /) -> None:
        super().append(felt)
        self.felt_s.append(time.monotonic())
        self._more.set()

    async def wait_beyond(self, known: int) -> None:
        while len(self) <= known:
            self._more.clear()
            await self._more.wait()


def _silent(_said: str) -> None:
    """Nobody is at the terminal."""
