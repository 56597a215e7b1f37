"""What taps on the sensor mean: two "I'm sitting tall: calibrate", three "not now"."""

CALIBRATE = 1
SNOOZE = 2

WAIT_S = 0.7  # after two, for a third


class Taps:
    """Feed it what the IMU tells, often."""

    def __init__(self) -> None:
        self._double_s = -1.0

    def feed(self, now_s: float, taps: int) -> int:
        """CALIBRATE, SNOOZE, or 0. `taps` is 2 for a double tap since the last look, 1 for a single one."""
        if self._double_s >= 0.0:
            is_waiting = now_s - self._double_s <= WAIT_S
            if is_waiting and taps:
                self._double_s = -1.0
                return SNOOZE
            if not is_waiting:
                self._double_s = now_s if taps == 2 else -1.0
                return CALIBRATE
        elif taps == 2:
            self._double_s = now_s
        return 0
