"""`upstand bridge`: the sensors on the air or, where there are none, the simulated wearer."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from analysis.io.mqtt import Connection, resolve
from analysis.io.settings import Settings
from firmware_bridge import keystore
from firmware_bridge.ble import Ble, BluetoothError
from firmware_bridge.bridge import Bridge, will
from firmware_bridge.clock import SessionClock
from firmware_bridge.trusted import TrustedRadio
from hardware.twin.clock import PacedClock
from upstand.asking import end_session
from upstand.playing import new_session_id, play, simulated

log = logging.getLogger(__name__)


async def bridge_sensors(
    settings: Settings, script: str, seed: int, speed: float, capture: Path | None, stop: asyncio.Event
) -> None:
    """Reads the sensors it finds until `stop`; if it finds none, plays the simulated wearer and says why."""
    address, session_id = resolve(settings), new_session_id()
    async with Connection(address, "upstand-bridge", will(settings.wearer)) as connection:
        clock = SessionClock(time.monotonic, time.time())
        bridge = Bridge(
            settings.wearer,
            settings.sensors,
            connection,
            TrustedRadio(Ble(), keystore.load(settings.data_dir / keystore.FILE)),
            clock.now,
            clock.started_at,
            session_id,
            "radio",
            "",
            settings.data_dir / "outbox",
            capture,
        )
        try:
            found = await bridge.find(settings.sensors.find_s)
            note = "No sensor was found; switch both on, bring them near, and start Upstand again."
        except BluetoothError as error:
            found, note = [], str(error)
        if found:
            await bridge.run(stop)
            await end_session(address, settings.wearer, session_id)
            return
    log.warning("%s", note)
    await bridge_simulated(settings, script, seed, speed, f"{note} Until then a simulated wearer runs.", stop, capture)


async def bridge_simulated(
    settings: Settings,
    script: str,
    seed: int,
    speed: float,
    note: str,
    stop: asyncio.Event,
    capture: Path | None = None,
) -> None:
    """Plays the simulated wearer until `stop` or the end of its script."""
    act = simulated(script, seed, settings.sensors.rate_hz, note)
    await play(settings, act, PacedClock(speed), stop, capture)
    if not stop.is_set():
        log.info("the script has ended")
        await stop.wait()
