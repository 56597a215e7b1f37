"""Battery, and whether the sensor lies on a table."""

import struct

from hardware.firmware import wire

# The XIAO divides the cell by 1 MΩ and 510 kΩ before the converter (Seeed, schematic of the XIAO nRF52840 v1.1)
_DIVIDER_UPPER, _DIVIDER_LOWER = 1000, 510
_REFERENCE_MV = 3300
_FULL_COUNT = 65535

# Rest voltage of a lithium polymer cell in mV and what it then still holds in percent
_CURVE = (
    (3300, 0),
    (3600, 6),
    (3680, 12),
    (3740, 24),
    (3780, 38),
    (3830, 51),
    (3900, 64),
    (3980, 76),
    (4080, 88),
    (4190, 100),
)

STILL_MG = 2.0  # the means of quarter seconds of a table keep within it; a breathing body's do not for a minute
ASLEEP_AFTER_S = 600.0


def battery_mv(count: int) -> int:
    """mV of the cell, by what CircuitPython's AnalogIn reads of it."""
    return count * _REFERENCE_MV * (_DIVIDER_UPPER + _DIVIDER_LOWER) // (_DIVIDER_LOWER * _FULL_COUNT)


def battery_percent(mv: int) -> int:
    """0 to 100."""
    if mv <= _CURVE[0][0]:
        return 0
    for at in range(1, len(_CURVE)):
        (low_mv, low), (high_mv, high) = _CURVE[at - 1], _CURVE[at]
        if mv < high_mv:
            return low + (high - low) * (mv - low_mv) // (high_mv - low_mv)
    return 100


class Stillness:
    """How long nothing at all has moved."""

    def __init__(self) -> None:
        self.since_s = 0.0
        self._low = []  # type: list[float]
        self._high = []  # type: list[float]

    def feed(self, packet: bytes, now_s: float) -> None:
        """One encoded stream packet, as it is made."""
        count = packet[14]
        values = struct.unpack_from(f"<{6 * count}h", packet, wire.STREAM_HEAD_BYTES)
        scale_mg = wire.ACC_MG_PER_COUNT[packet[2] & 0x0F]
        means = [sum(values[6 * k + axis] for k in range(count)) * scale_mg / count for axis in range(3)]
        if not self._low:
            self.since_s = now_s
            self._low, self._high = means, means
            return
        low = [min(pair) for pair in zip(self._low, means)]  # noqa: B905 - CircuitPython's zip has no strict
        high = [max(pair) for pair in zip(self._high, means)]  # noqa: B905 - likewise
        if max(high[axis] - low[axis] for axis in range(3)) > STILL_MG:
            self.since_s = now_s
            low, high = means, means
        self._low, self._high = low, high

    def is_on_table(self, now_s: float) -> bool:
        return bool(self._low) and now_s - self.since_s >= ASLEEP_AFTER_S

    def forget(self) -> None:
        """It has been picked up."""
        self._low, self._high = [], []
