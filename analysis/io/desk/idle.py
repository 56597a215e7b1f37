"""How long neither keys nor mouse were used."""

from __future__ import annotations

import ctypes
import os
import re
import sys

from analysis.io.desk import UNKNOWN, Probe, Seen
from analysis.io.desk.bus import BUS, Method
from analysis.io.desk.tools import said_by
from analysis.io.settings import DeskSettings

_GNOME = Method(
    "org.gnome.Mutter.IdleMonitor", "/org/gnome/Mutter/IdleMonitor/Core", "org.gnome.Mutter.IdleMonitor", "GetIdletime"
)
_SCREEN_SAVER = Method(
    "org.freedesktop.ScreenSaver",
    "/org/freedesktop/ScreenSaver",
    "org.freedesktop.ScreenSaver",
    "GetSessionIdleTime",
)
_MAC = re.compile(r'"HIDIdleTime" = (\d+)')  # ns


class Idle:
    """Asks the desktop itself. Some answer 0 whatever happens (KDE on Wayland): such an answer is none."""

    def __init__(self) -> None:
        self._has_counted = False

    async def look(self, _settings: DeskSettings) -> Seen:
        idle_s = await self._linux_s() if sys.platform == "linux" else await _elsewhere_s()
        return UNKNOWN if idle_s is None else Seen(idle_s=idle_s)

    async def _linux_s(self) -> float | None:
        idle_ms = await BUS.ask(_GNOME)
        if idle_ms is not None:
            return float(idle_ms) / 1e3
        idle_ms = await BUS.ask(_SCREEN_SAVER)
        if idle_ms is not None:
            self._has_counted = self._has_counted or idle_ms > 0
            return float(idle_ms) / 1e3 if self._has_counted else None
        if os.environ.get("XDG_SESSION_TYPE") == "wayland":
            return None  # an X server there sees its own windows alone
        said = await said_by("xprintidle") if os.environ.get("DISPLAY") else None
        return float(said) / 1e3 if said and said.strip().isdigit() else None


async def _elsewhere_s() -> float | None:
    if sys.platform == "darwin":
        return mac_idle_s(await said_by("ioreg", "-c", "IOHIDSystem", "-d", "4"))
    return _windows_s() if sys.platform == "win32" else None


def mac_idle_s(said: str | None) -> float | None:
    """Of what `ioreg` says."""
    found = _MAC.search(said or "")
    return float(found.group(1)) / 1e9 if found else None


class _LastInput(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint), ("ticks_ms", ctypes.c_uint))  # LASTINPUTINFO of winuser.h


def _windows_s() -> float | None:
    libraries = getattr(ctypes, "windll", None)
    last = _LastInput(ctypes.sizeof(_LastInput), 0)
    if libraries is None or not libraries.user32.GetLastInputInfo(ctypes.byref(last)):
        return None
    now_ms = int(libraries.kernel32.GetTickCount()) & 0xFFFFFFFF
    return float((now_ms - last.ticks_ms) & 0xFFFFFFFF) / 1e3


PROBE = Probe(label="Keys and mouse", every_s=1.0, look=Idle().look)
