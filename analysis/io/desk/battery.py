"""Whether the computer runs on its battery."""

from __future__ import annotations

import asyncio
import ctypes
import sys
from pathlib import Path

from analysis.desk import Desk
from analysis.io.desk import Probe, Seen, told
from analysis.io.desk.tools import read, said_by
from analysis.io.settings import DeskSettings


def is_discharging(supplies: Path = Path("/sys/class/power_supply")) -> bool | None:
    """Whether a battery of the computer (and not of a mouse) feeds it; None where it has none to ask."""
    states = [
        read(one / "status")
        for one in supplies.glob("*")
        if read(one / "type") == "Battery" and read(one / "scope") != "Device"
    ]
    return "Discharging" in states if states else None


def mac_is_discharging(said: str | None) -> bool | None:
    """Of what `pmset -g batt` says."""
    if said is None or "drawing from" not in said:
        return None
    return "'Battery Power'" in said


class _Power(ctypes.Structure):
    _fields_ = (  # SYSTEM_POWER_STATUS of winbase.h
        ("is_on_mains", ctypes.c_ubyte),
        ("battery", ctypes.c_ubyte),
        ("percent", ctypes.c_ubyte),
        ("saver", ctypes.c_ubyte),
        ("left_s", ctypes.c_uint),
        ("full_s", ctypes.c_uint),
    )


def _windows() -> bool | None:
    libraries = getattr(ctypes, "windll", None)
    power = _Power()
    if libraries is None or not libraries.kernel32.GetSystemPowerStatus(ctypes.byref(power)):
        return None
    return {0: True, 1: False}.get(power.is_on_mains)


async def look(_settings: DeskSettings) -> Seen:
    if sys.platform == "linux":
        return told(Desk.BATTERY, await asyncio.to_thread(is_discharging))
    if sys.platform == "darwin":
        return told(Desk.BATTERY, mac_is_discharging(await said_by("pmset", "-g", "batt")))
    return told(Desk.BATTERY, _windows())


PROBE = Probe(label="Battery", every_s=30.0, look=look)
