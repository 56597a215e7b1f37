"""What the motor and the light do, as a function of time.

Directions are told by rhythm, as one motor has no place: bent forward rises (short, short, long), arched back falls
(long, short, short), and standing up is three long ones.
"""

from hardware.firmware import wire

_SHORT, _LONG, _PAUSE = 120, 400, 120  # ms; a coin motor needs some 80 to be felt

PATTERNS = {
    wire.BUZZ_SHORT: (_SHORT,),
    wire.BUZZ_TWICE: (_SHORT, _SHORT),
    wire.BUZZ_LONG: (_LONG,),
    wire.BUZZ_TOO_FAR_FORWARD: (_SHORT, _SHORT, _LONG),
    wire.BUZZ_TOO_FAR_BACK: (_LONG, _SHORT, _SHORT),
    wire.BUZZ_STAND_UP: (_LONG, _LONG, _LONG),
}

IDENTIFY_MS = 3000
_BLINK_MS = 100


class Motor:
    """One pattern at a time; a new one replaces the old."""

    def __init__(self) -> None:
        self._beats = ()  # type: tuple[int, ...]
        self._from_ms = 0

    def start(self, pattern: int, now_ms: int) -> None:
        """A pattern that is not known plays as the short one."""
        self._beats = PATTERNS.get(pattern, PATTERNS[wire.BUZZ_SHORT])
        self._from_ms = now_ms

    def is_on(self, now_ms: int) -> bool:
        passed = now_ms - self._from_ms
        for beat in self._beats:
            if passed < beat:
                return True
            passed -= beat
            if passed < _PAUSE:
                return False
            passed -= _PAUSE
        self._beats = ()
        return False


class Light:
    """Blinks for three seconds when asked which one it is."""

    def __init__(self) -> None:
        self._until_ms = 0

    def identify(self, now_ms: int) -> None:
        self._until_ms = now_ms + IDENTIFY_MS

    def is_on(self, now_ms: int) -> bool:
        return now_ms < self._until_ms and (self._until_ms - now_ms) // _BLINK_MS % 2 == 1
