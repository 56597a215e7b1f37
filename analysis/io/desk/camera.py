"""Whether a camera is in use: on Linux, whether any process of this user holds one open."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from analysis.desk import Desk
from analysis.io.desk import UNKNOWN, Probe, Seen, told
from analysis.io.settings import DeskSettings

DEVICES = "/dev/video"


def is_held(devices: str, processes: Path = Path("/proc")) -> bool:
    """Whether a process holds a file open whose name begins so. Those of other users cannot be looked into."""
    for folder in processes.glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            for opened in (folder / "fd").iterdir():
                with suppress(OSError):
                    if os.readlink(opened).startswith(devices):  # noqa: PTH115 - it need not exist
                        return True
    return False


async def look(_settings: DeskSettings) -> Seen:
    if sys.platform != "linux":
        return UNKNOWN
    return told(Desk.CAMERA, await asyncio.to_thread(is_held, DEVICES))


PROBE = Probe(label="Camera", every_s=5.0, look=look)
