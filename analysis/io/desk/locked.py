"""Whether the screen is locked, or the lid shut."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.desk.bus import BUS, Method
from analysis.io.desk.tools import read
from analysis.io.settings import DeskSettings

_ACTIVE = (
    Method("org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "GetActive"),
    Method("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver", "GetActive"),
)


def is_shut(lids: Path = Path("/proc/acpi/button/lid")) -> bool | None:
    """None where there is no lid."""
    states = list(lids.glob("*/state"))
    return any("closed" in read(one) for one in states) if states else None


async def look(_settings: DeskSettings) -> Seen:
    """A lid that is shut tells nothing where a second screen is used, so it counts where no screen saver speaks."""
    if sys.platform != "linux":
        return UNKNOWN
    for method in _ACTIVE:
        is_active = await BUS.ask(method)
        if isinstance(is_active, bool):
            return told(Desk.LOCKED, is_active)
    return told(Desk.LOCKED, await asyncio.to_thread(is_shut))


PROBE = Probe(label="Screen lock", every_s=2.0, look=look)
