"""A wearer who is not there: the simulated one or a recorded one, played on a virtual radio and read from it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from analysis.errors import PostureError
from analysis.io.mqtt import Connection, resolve
from analysis.io.settings import SensorSettings, Settings
from analysis.model import Segment, Stance
from analysis.schema import Command
from firmware_bridge.ble import Ble
from firmware_bridge.bridge import Bridge, will
from firmware_bridge.trust import HOST_ID_BYTES, KEY_BYTES, Keyring, key_id
from firmware_bridge.trusted import TrustedRadio
from hardware.twin.clock import PacedClock
from hardware.twin.eventful import eventful_day
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral
from hardware.twin.recording import Recording
from hardware.twin.script import Script, office_day, sit_then_stand
from hardware.twin.stage import Stage
from hardware.twin.wearer import Wearer, demo
from upstand.asking import ask, command, end_session

SIMULATED = "simulated"
WAITING_BLOCKS = 300  # so many unstored blocks make the stage wait for the analysis
_FIND_S = 30.0


@dataclass(frozen=True, slots=True)
class Play:
    """Who is played, and what that wearer would do on the page."""

    wearer: str
    source: str  # "simulated" or "replay"
    note: str
    peripherals: tuple[Peripheral, ...]
    commands: tuple[Command, ...]  # given when the sensors are being read


@dataclass(frozen=True, slots=True)
class Played:
    """What became of it."""

    session_id: str
    sent: Mapping[Segment, int]  # samples
    real_s: float  # from the first sample to the last one stored
    virtual_s: float


def simulated(script: str, seed: int, rate_hz: int, note: str) -> Play:
    """The simulated wearer with two of our own sensors. Raises PostureError for an unknown script."""
    scripts: dict[str, Callable[[], Script]] = {
        "sit-then-stand": lambda: sit_then_stand(seed=seed),
        "office-day": lambda: office_day(seed),
        "eventful-day": lambda: eventful_day(seed),
    }
    if script == "demo":
        wearer = demo(seed)
    elif script in scripts:
        wearer = Wearer(scripts[script](), seed)
    else:
        raise PostureError(f"There is no script {script!r}; use demo, {', '.join(scripts)}.")
    names = {Segment.PELVIS: "Upstand P-sim", Segment.LUMBAR: "Upstand L-sim"}
    peripherals = tuple(
        UpstandPeripheral(names[at], wearer.source(at, float(rate_hz)), key=secrets.token_bytes(KEY_BYTES))
        for at in Segment
    )
    calibrate = command("calibrate", stance=Stance.STANDING, start_s=2.0, duration_s=5.0)
    return Play(SIMULATED, "simulated", note, peripherals, (calibrate,))


def replayed(recording: Recording) -> Play:
    """A recorded person with two WitMotion sensors, calibrated by that person's own quiet upright trials."""
    peripherals = tuple(
        WitMotionPeripheral(f"WT901BLECL {at}", recording.sources[at], keeps_rate=True) for at in Segment
    )
    start_s, duration_s, stance = recording.calibration
    calibrate = command("calibrate", stance=stance, start_s=start_s, duration_s=duration_s)
    labels = tuple(
        command("label", start_s=trial.start_s, end_s=trial.end_s, text=trial.label) for trial in recording.trials
    )
    note = f"This is a recording ({recording.name}) played back."
    return Play(f"replay-{recording.name}", "replay", note, peripherals, (calibrate, *labels))


async def play(
    settings: Settings, act: Play, clock: PacedClock, stop: asyncio.Event, capture: Path | None = None
) -> Played:
    """Plays on `clock` until its end or `stop`; at its end, returns when the analysis has stored and closed everything.

    Raises PostureError when the sensors, the broker or the analysis fail.
    """
    session_id = new_session_id()
    address = resolve(settings)
    begun_s: float | None = None  # real time at which virtual time began to run

    async def throttle() -> None:
        nonlocal begun_s
        begun_s = begun_s or time.monotonic()
        await bridge.wait_below(WAITING_BLOCKS)

    async def perform() -> None:
        commands = [structs.replace(given, session_id=session_id) for given in act.commands]
        await asyncio.gather(stage.run(), ask(address, act.wearer, commands))
        await bridge.wait_below(1)

    async with (
        Connection(address, "upstand-bridge", will(act.wearer)) as connection,
        Stage(clock, act.peripherals, throttle=throttle) as stage,
    ):
        bridge = _bridge(settings, act, connection, stage, session_id, capture)
        await bridge.find(_FIND_S)
        over = asyncio.Event()
        bridging = asyncio.create_task(bridge.run(over))
        performing = asyncio.create_task(perform())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({bridging, performing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if performing.done():
                performing.result()  # raises what went wrong
        finally:
            stopping.cancel()
            performing.cancel()
            over.set()
            await bridging
            await end_session(address, act.wearer, session_id)
        real_s = time.monotonic() - begun_s if begun_s else 0.0
        return Played(session_id, stage.sent, real_s, clock.now())


def _bridge(
    settings: Settings, act: Play, connection: Connection, stage: Stage, session_id: str, capture: Path | None
) -> Bridge:
    """What reads the stage; it takes no heed of sensors' names in the settings, which are of real ones."""
    return Bridge(
        act.wearer,
        SensorSettings(rate_hz=settings.sensors.rate_hz),
        connection,
        TrustedRadio(Ble(stage.scanner_backend, stage.client_backend), _keys(act.peripherals)),
        stage.clock.now,
        time.time(),
        session_id,
        act.source,
        act.note,
        settings.data_dir / "outbox",
        capture,
    )


def _keys(peripherals: tuple[Peripheral, ...]) -> Keyring:
    """What pairing over USB would have given."""
    keys = [worn.key for worn in peripherals if isinstance(worn, UpstandPeripheral) and worn.key]
    return Keyring(secrets.token_bytes(HOST_ID_BYTES), {key_id(key): key for key in keys})


def new_session_id() -> str:
    """Sorts by time, and no two are alike."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
