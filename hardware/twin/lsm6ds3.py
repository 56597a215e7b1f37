"""The LSM6DS3TR-C as the firmware sees it: an I2C slave whose registers are fed by true motion.

After the data sheet (DocID030071): WHO_AM_I table 37 and section 9.12, output data rates table 51 and 55, full scales
table 52 and 56, FIFO registers 9.4 to 9.8 and 9.43 to 9.49, timestamp 9.50 to 9.52, WAKE_UP_SRC and TAP_SRC 9.22 and
9.23, TAP_CFG to MD1_CFG 9.70 to 9.76. Addresses, bits and codes agree with ST's own driver (lsm6ds3tr_c_reg.h of 2021);
how an over-run, taps and wake-up behave is unconfirmed on a chip. Not modelled: SPI, pedometer, tilt, sensor hub,
temperature, analogue filters.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from analysis.model import GRAVITY, Floats, Segment
from hardware.firmware import imu
from hardware.twin.imu import Imu, ImuErrors, Motion, Ranges

FIFO_WORDS = 2048
PATTERN_WORDS = 6
TAP_ODR_HZ = 416.0

_RATES_HZ = {0x1: 12.5, 0x2: 26.0, 0x3: 52.0, 0x4: 104.0, 0x5: 208.0, 0x6: 416.0}
_ACC_G = (2.0, 16.0, 4.0, 8.0)
_GYRO_DPS = (250.0, 500.0, 1000.0, 2000.0)
_READ_ONLY = {imu.WHO_AM_I, imu.WAKE_UP_SRC, imu.TAP_SRC, *range(0x1D, 0x30), *range(0x3A, 0x42)}
_DEFAULTS = {imu.WHO_AM_I: imu.CHIP_ID, imu.CTRL3_C: 0x04}


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody taps the case."""

    t: float  # s, true time
    acc_g: float


class Lsm6ds3(imu.Bus):
    """One chip and its bus. `advance` lets true time run; nothing else does."""

    def __init__(
        self,
        segment: Segment,
        motion: Motion,
        errors: ImuErrors,
        *,
        knocks: tuple[Knock, ...] = (),
        address: int = imu.ADDRESS,
        chip_id: int = imu.CHIP_ID,
    ) -> None:
        self.t = 0.0
        self.lost_samples = 0  # overwritten before they were read
        self.taken: list[Floats] = []  # (2, 3) counts of every sample that went into the FIFO: acc, gyro
        self._segment = segment
        self._motion = motion
        self._errors = errors
        self._knocks = deque(sorted(knocks, key=lambda knock: knock.t))
        self._address = address
        self._chip_id = chip_id
        self._is_locked = False
        self._reset()

    @property
    def int1(self) -> bool:
        """The level of the INT1 pin."""
        return bool(self._registers[imu.MD1_CFG] & 0x20 and self._registers[imu.WAKE_UP_SRC] & 0x08)

    # --- the bus

    def try_lock(self) -> bool:
        is_free = not self._is_locked
        self._is_locked = True
        return is_free

    def unlock(self) -> None:
        self._is_locked = False

    def writeto(self, address: int, buffer: bytes) -> None:
        self._check(address)
        for offset, value in enumerate(buffer[1:]):
            self._write(buffer[0] + offset, value)

    def writeto_then_readfrom(self, address: int, out: bytes, into: bytearray) -> None:
        self._check(address)
        register = out[0]
        for at in range(len(into)):
            into[at] = self._read(register)
            # section 4.1.1 and 9.48: the FIFO's two data registers follow each other for ever
            register = imu.FIFO_DATA_OUT_L if register == imu.FIFO_DATA_OUT_L + 1 else register + 1

    def _check(self, address: int) -> None:
        if address != self._address or not self._is_locked:
            raise OSError("no device answers")

    # --- the registers

    def _reset(self) -> None:
        self._registers = bytearray(0x80)
        for register, value in _DEFAULTS.items():
            self._registers[register] = value
        self._registers[imu.WHO_AM_I] = self._chip_id
        self._fifo: deque[int] = deque()
        self._pattern = 0
        self._has_overrun = False
        self._source: Imu | None = None
        self._last_acc: Floats | None = None
        self._timer_from_s = self.t
        self._last_tap_s = -np.inf
        self._half_read = b""

    def _write(self, register: int, value: int) -> None:
        if register == imu.CTRL3_C and value & 0x01:
            self._reset()
            return
        if register == imu.TIMESTAMP0 + 2 and value == 0xAA:
            self._timer_from_s = self.t
            return
        if register in _READ_ONLY:
            return
        self._registers[register] = value
        if register == imu.FIFO_CTRL5 and value & 0x07 == 0:
            self._fifo.clear()
            self._pattern, self._has_overrun = 0, False
        if register in (imu.CTRL1_XL, imu.CTRL2_G, imu.FIFO_CTRL5):
            self._begin()

    def _read(self, register: int) -> int:
        if imu.FIFO_STATUS1 <= register < imu.FIFO_DATA_OUT_L:
            return self._fifo_status()[register - imu.FIFO_STATUS1]
        if register == imu.FIFO_DATA_OUT_L:
            self._half_read = self._next_word().to_bytes(2, "little")
            return self._half_read[0]
        if register == imu.FIFO_DATA_OUT_L + 1:
            return self._half_read[1] if self._half_read else 0
        if imu.TIMESTAMP0 <= register < imu.TIMESTAMP0 + 3:
            return self._timestamp() >> 8 * (register - imu.TIMESTAMP0) & 0xFF
        value = self._registers[register]
        if register in (imu.WAKE_UP_SRC, imu.TAP_SRC):
            self._registers[register] = 0  # latched until read
        return value

    def _fifo_status(self) -> bytes:
        words = len(self._fifo)
        high = words >> 8 & 0x07 | (0x10 if not words else 0) | (0x40 if self._has_overrun else 0)
        if words > FIFO_WORDS - PATTERN_WORDS:
            high |= 0x20
        return bytes((words & 0xFF, high, self._pattern, 0))

    def _next_word(self) -> int:
        if not self._fifo:
            return 0
        self._has_overrun = False
        self._pattern = (self._pattern + 1) % PATTERN_WORDS
        return self._fifo.popleft()

    def _timestamp(self) -> int:
        if not self._registers[imu.CTRL10_C] & 0x20:
            return 0
        step_hz = imu.TIMESTAMP_HZ if self._registers[imu.WAKE_UP_DUR] & 0x10 else imu.TIMESTAMP_HZ / 256
        return int((self.t - self._timer_from_s) * step_hz * (1.0 + self._errors.clock_ppm * 1e-6)) & 0xFFFFFF

    # --- measuring

    def advance(self, t: float) -> None:
        """Let true time run to `t`: samples are taken, flags are set, an unread FIFO overflows."""
        if t < self.t:
            raise ValueError(f"time cannot go back from {self.t} s to {t} s")
        if self._source is not None:
            counts = self._source.read(self.t, t)
            for row in counts.counts:
                self._take(row)
        while self._knocks and self._knocks[0].t < t:
            self._feel(self._knocks.popleft())
        self.t = t

    def _begin(self) -> None:
        """The source that fits the settings: at the FIFO's rate where it runs, else at the accelerometer's."""
        acc_code, gyro = self._registers[imu.CTRL1_XL], self._registers[imu.CTRL2_G]
        fifo = self._registers[imu.FIFO_CTRL5]
        fills = fifo & 0x07 == 0x06 and self._registers[imu.FIFO_CTRL3] == 0x09 and gyro >> 4 in _RATES_HZ
        rate_hz = _RATES_HZ.get(fifo >> 3 & 0x0F if fills else acc_code >> 4)
        self._last_acc = None
        if rate_hz is None:
            self._source = None
            return
        dps = 125.0 if gyro & 0x02 else _GYRO_DPS[gyro >> 2 & 0x03]
        ranges = Ranges(_ACC_G[acc_code >> 2 & 0x03], dps)
        errors = replace(self._errors, first_s=self.t + 1.0 / rate_hz)
        self._fills = fills
        self._source = Imu(self._segment, rate_hz, self._motion, errors, ranges)

    def _take(self, row: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
        if self._fills:
            words = [int(value) & 0xFFFF for value in (*row[3:], *row[:3])]
            self._fifo.extend(words)
            while len(self._fifo) > FIFO_WORDS:
                self._fifo.popleft()
                self._pattern = (self._pattern + 1) % PATTERN_WORDS
                self._has_overrun = True
                self.lost_samples += self._pattern == 1
            self.taken.append(row.astype(np.float64).reshape(2, 3))
        scale_g = _ACC_G[self._registers[imu.CTRL1_XL] >> 2 & 0x03]
        acc = row[:3].astype(np.float64) * Ranges(scale_g).acc_scale / GRAVITY
        threshold_g = (self._registers[imu.WAKE_UP_THS] & 0x3F) * scale_g / 64
        if self._last_acc is not None and self._registers[imu.TAP_CFG] & 0x80 and threshold_g > 0:
            moved = np.abs(acc - self._last_acc) / 2 > threshold_g  # the slope filter of section 5.6 of AN5130
            if moved.any():
                axes = int(moved[0]) << 2 | int(moved[1]) << 1 | int(moved[2])
                self._registers[imu.WAKE_UP_SRC] |= 0x08 | axes
        self._last_acc = acc

    def _feel(self, knock: Knock) -> None:
        """Sets single and double tap after TAP_THS_6D and INT_DUR2."""
        config = self._registers[imu.TAP_CFG]
        if config & 0x80 and self._registers[imu.MD1_CFG] & 0x20:
            self._registers[imu.WAKE_UP_SRC] |= 0x08 | 0x01  # asleep, a knock is a movement
        if not config & 0x80 or not config & 0x0E or self._registers[imu.CTRL1_XL] >> 4 != 0x6:
            return
        scale_g = _ACC_G[self._registers[imu.CTRL1_XL] >> 2 & 0x03]
        if knock.acc_g < (self._registers[imu.TAP_THS_6D] & 0x1F) * scale_g / 32:
            return
        timing = self._registers[imu.INT_DUR2]
        window_s = (timing >> 4) * 32 / TAP_ODR_HZ
        quiet_s = (timing & 0x03) * 8 / TAP_ODR_HZ + (timing >> 2 & 0x03) * 4 / TAP_ODR_HZ
        since_s = knock.t - self._last_tap_s
        if since_s < quiet_s:
            return
        if since_s <= window_s and self._registers[imu.WAKE_UP_THS] & 0x80:
            self._registers[imu.TAP_SRC] |= 0x40 | 0x10 | 0x01
            self._last_tap_s = -np.inf
        else:
            self._registers[imu.TAP_SRC] |= 0x40 | 0x20 | 0x01
            self._last_tap_s = knock.t
