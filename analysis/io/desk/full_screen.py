"""Whether a window fills the screen."""

from __future__ import annotations

import os
import re
import sys

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.desk.tools import said_by
from analysis.io.desk.windows import shell_state
from analysis.io.settings import DeskSettings

_WINDOW = re.compile(r"window id # (0x[0-9a-f]+)")
_FULL_SCREEN = (2, 3, 4)  # QUNS_BUSY, QUNS_RUNNING_D3D_FULL_SCREEN, QUNS_PRESENTATION_MODE of shellapi.h


async def look(_settings: DeskSettings) -> Seen:
    """Wayland and macOS tell nobody."""
    if sys.platform == "linux":
        return told(Desk.FULL_SCREEN, await _linux())
    state = shell_state()
    return UNKNOWN if state is None else told(Desk.FULL_SCREEN, state in _FULL_SCREEN)


async def _linux() -> bool | None:
    if not os.environ.get("DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
        return None
    active = await said_by("xprop", "-root", "_NET_ACTIVE_WINDOW")
    found = _WINDOW.search(active or "")
    if found is None:
        return None
    if found.group(1) == "0x0":
        return False
    state = await said_by("xprop", "-id", found.group(1), "_NET_WM_STATE")
    return None if state is None else "_NET_WM_STATE_FULLSCREEN" in state


PROBE = Probe(label="Full screen", every_s=5.0, look=look)
