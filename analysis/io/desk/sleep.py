"""How long the computer has slept, by clocks that agree while it is awake."""

from __future__ import annotations

import sys
import time


def slept_total_s() -> float:
    """Seconds asleep since it was switched on; 0.0 on Windows, whose monotonic clock counts them itself.

    No clock on the wall is asked, so a clock that is set tells nothing here.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW) - time.clock_gettime(time.CLOCK_UPTIME_RAW)
    return 0.0
