"""Whether the desktop is set to do not disturb."""

from __future__ import annotations

import sys

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.desk.bus import BUS, Method
from analysis.io.desk.tools import said_by
from analysis.io.desk.windows import shell_state
from analysis.io.settings import DeskSettings

_NOTIFICATIONS = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
_GET = Method(*_NOTIFICATIONS, "org.freedesktop.DBus.Properties", "Get")
_QUIET_TIME = 6  # QUNS_QUIET_TIME of shellapi.h


async def look(_settings: DeskSettings) -> Seen:
    """KDE and GNOME say; of macOS nothing can be asked without rights that Upstand does not want."""
    if sys.platform == "linux":
        return told(Desk.DO_NOT_DISTURB, await _linux())
    state = shell_state()
    # Windows tells quiet time here, and focus assist nowhere: so only a yes is known.
    return told(Desk.DO_NOT_DISTURB, True) if state == _QUIET_TIME else UNKNOWN


async def _linux() -> bool | None:
    inhibited = await BUS.ask(_GET, "ss", ("org.freedesktop.Notifications", "Inhibited"))  # KDE
    if isinstance(inhibited, bool):
        return inhibited
    said = await said_by("gsettings", "get", "org.gnome.desktop.notifications", "show-banners")
    return {"true": False, "false": True}.get((said or "").strip()) if await _is_gnome() else None


async def _is_gnome() -> bool:
    """The setting is there wherever its schema is installed; it means something where GNOME shows notifications."""
    return await BUS.ask(_OWNER, "s", ("org.gnome.Shell",)) is True


_OWNER = Method("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner")

PROBE = Probe(label="Do not disturb", every_s=5.0, look=look)
