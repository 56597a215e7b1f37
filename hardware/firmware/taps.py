"""What taps on the sensor mean: two "I'm sitting tall: calibrate", three "not now"."""

CALIBRATE = 1
SNOOZE = 2

WAIT_MS = 700  # after two, for a third


class Taps:
    """Feed it what the IMU tells, often."""

    def __init__(self) -> None:
        self._double_ms = -1

    def feed(self, now_ms: int, taps: int) -> int:
        """CALIBRATE, SNOOZE, or 0. `taps` is 2 for a double tap since the last look, 1 for a single one."""
        if self._double_ms >= 0:
            is_waiting = now_ms - self._double_ms <= WAIT_MS
            if is_waiting and taps:
                self._double_ms = -1
                return SNOOZE
            if not is_waiting:
                self._double_ms = now_ms if taps == 2 else -1
                return CALIBRATE
        elif taps == 2:
            self._double_ms = now_ms
        return 0
