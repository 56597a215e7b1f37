"""The LSM6DS3TR-C over I2C: its FIFO, its clock, taps and wake-up.

Addresses, bits, codes of ranges and rates, the step of the clock and the sensitivities agree with ST's own driver
(lsm6ds3tr_c_reg.h of 2021). What they do is after the data sheet (DocID030071, section 9) and ST's AN5130,
unconfirmed on a chip. The bus is what CircuitPython's `busio.I2C` offers. Runs on the sensor and, against a model of
the chip, in the twin.
"""

ADDRESS = 0x6A
CHIP_ID = 0x6A
SAMPLE_BYTES = 12
TIMESTAMP_HZ = 40000  # TIMER_HR = 1: 25 µs a step, 24 bits

FIFO_CTRL1, FIFO_CTRL3, FIFO_CTRL5 = 0x06, 0x08, 0x0A
WHO_AM_I = 0x0F
CTRL1_XL, CTRL2_G, CTRL3_C, CTRL6_C, CTRL8_XL, CTRL10_C = 0x10, 0x11, 0x12, 0x15, 0x17, 0x19
WAKE_UP_SRC, TAP_SRC = 0x1B, 0x1C
FIFO_STATUS1, FIFO_DATA_OUT_L, TIMESTAMP0 = 0x3A, 0x3E, 0x40
TAP_CFG, TAP_THS_6D, INT_DUR2, WAKE_UP_THS, WAKE_UP_DUR, MD1_CFG = 0x58, 0x59, 0x5A, 0x5B, 0x5C, 0x5E

_ODR = {26: 0x2, 52: 0x3, 104: 0x4, 416: 0x6}
_FS_XL = (0x0, 0x2, 0x3, 0x1)  # ±2, ±4, ±8, ±16 g: by the code of the protocol
_FS_G = (0x1, 0x0, 0x2, 0x4, 0x6)  # ±125, ±250, ±500, ±1000, ±2000 °/s: FS_G and FS_125 together

_PATTERN_WORDS = 6  # gyroscope x y z, accelerometer x y z
_FIFO_WORDS = 2048  # 4 kB
_AT_ONCE = 16  # samples in one transfer
_CONTINUOUS = 0x6


class ImuError(OSError):
    """The chip is not there, or is another one."""


class Bus:
    """What the driver needs of `busio.I2C`. Transfers raise OSError where nobody answers."""

    def try_lock(self) -> bool:
        raise NotImplementedError

    def unlock(self) -> None:
        raise NotImplementedError

    def writeto(self, address: int, buffer: bytes) -> None:
        raise NotImplementedError

    def writeto_then_readfrom(self, address: int, out: bytes, into: bytearray) -> None:
        raise NotImplementedError


class Imu:
    """The chip, measuring from `start`. `read` never waits: what is there is there."""

    def __init__(self, bus: Bus, address: int = ADDRESS) -> None:
        """Raises ImuError where the chip does not answer or is not an LSM6DS3TR-C."""
        self._bus = bus
        self._address = address
        self.has_overrun = False  # at the last `read`: samples before the ones it returned are lost
        try:
            chip = self._get(WHO_AM_I, 1)[0]
        except OSError as error:
            raise ImuError(f"no IMU answers at 0x{address:02X}; is its supply pin on?") from error
        if chip != CHIP_ID:
            raise ImuError(f"the chip at 0x{address:02X} says 0x{chip:02X}, an LSM6DS3TR-C would say 0x{CHIP_ID:02X}")
        self._put(CTRL3_C, 0x01)  # SW_RESET: no setting of an earlier run stays
        for _ in range(100):
            if not self._get(CTRL3_C, 1)[0] & 0x01:
                break
        self._put(CTRL3_C, 0x44)  # BDU, IF_INC

    def start(self, rate_hz: int, acc_code: int, gyro_code: int) -> None:
        """Measure at 26, 52 or 104 Hz, in the ranges of the protocol's codes, from now on and into an empty FIFO.

        The accelerometer itself runs at 416 Hz, the least at which taps are found (AN5130, section 5.5), behind a
        filter of 46 Hz (LPF2, ODR/9); the FIFO takes what it needs of it.
        """
        self._put(FIFO_CTRL5, 0x00)  # bypass: empties it
        self._put(CTRL6_C, 0x00)
        self._put(CTRL8_XL, 0xC0)  # LPF2_XL_EN, HPCF_XL = 10
        self._put(CTRL1_XL, _ODR[416] << 4 | _FS_XL[acc_code] << 2)
        self._put(CTRL2_G, _ODR[rate_hz] << 4 | _FS_G[gyro_code] << 1)
        self._put(CTRL10_C, 0x20)  # TIMER_EN
        self._put(WAKE_UP_DUR, 0x10)  # TIMER_HR
        self._put(TIMESTAMP0 + 2, 0xAA)  # from 0
        self._watch_taps(acc_code)
        self._put(FIFO_CTRL1, 0x00)
        self._put(FIFO_CTRL1 + 1, 0x00)
        self._put(FIFO_CTRL3, 0x09)  # both, undecimated
        self._put(FIFO_CTRL3 + 1, 0x00)
        self._put(FIFO_CTRL5, _ODR[rate_hz] << 3 | _CONTINUOUS)

    def read(self) -> bytes:
        """All whole samples in the FIFO, oldest first: acc xyz, gyro xyz, int16 little-endian."""
        status = self._get(FIFO_STATUS1, 4)
        self.has_overrun = bool(status[1] & 0x40)
        words = status[0] | (status[1] & 0x07) << 8
        if words == 0 and not status[1] & 0x10:
            words = _FIFO_WORDS  # full: the count has eleven bits
        at = (status[2] | (status[3] & 0x03) << 8) % _PATTERN_WORDS
        if at:  # an over-run has eaten a part of the oldest sample
            skipped = min(words, _PATTERN_WORDS - at)
            self._get(FIFO_DATA_OUT_L, 2 * skipped)
            words -= skipped
        left = words // _PATTERN_WORDS
        out = bytearray(left * SAMPLE_BYTES)
        done = 0
        while done < left:
            count = min(_AT_ONCE, left - done)
            chunk = self._get(FIFO_DATA_OUT_L, count * SAMPLE_BYTES)  # the address goes round 3Eh and 3Fh
            for k in range(count):
                source, target = k * SAMPLE_BYTES, (done + k) * SAMPLE_BYTES
                out[target : target + 6] = chunk[source + 6 : source + 12]
                out[target + 6 : target + 12] = chunk[source : source + 6]
            done += count
        return bytes(out)

    def timestamp(self) -> int:
        """The chip's own clock since `start`, in steps of 25 µs, 24 bits."""
        low, middle, high = self._get(TIMESTAMP0, 3)
        return int(low | middle << 8 | high << 16)

    def taps(self) -> int:
        """2 for a double tap since the last look, 1 for a single one, 0 for none."""
        source = self._get(TAP_SRC, 1)[0]
        if source & 0x10:
            return 2
        return 1 if source & 0x20 else 0

    def has_moved(self) -> bool:
        """Whether a wake-up movement has been felt since the last look."""
        return bool(self._get(WAKE_UP_SRC, 1)[0] & 0x08)

    def sleep(self) -> None:
        """Gyroscope and FIFO off, accelerometer at 26 Hz in low power; a movement of 62.5 mg pulls INT1 up."""
        self._put(FIFO_CTRL5, 0x00)
        self._put(CTRL2_G, 0x00)
        self._put(CTRL6_C, 0x10)  # XL_HM_MODE: no high performance
        self._put(CTRL1_XL, _ODR[26] << 4 | _FS_XL[1] << 2)
        self._put(TAP_CFG, 0x81)  # INTERRUPTS_ENABLE, LIR; no taps
        self._put(WAKE_UP_THS, 0x01)  # 1/64 of ±4 g
        self._put(MD1_CFG, 0x20)  # INT1_WU
        self._get(WAKE_UP_SRC, 1)  # what was latched is past

    def _watch_taps(self, acc_code: int) -> None:
        full_scale_g = (2, 4, 8, 16)[acc_code]
        self._put(TAP_CFG, 0x8F)  # INTERRUPTS_ENABLE, x, y, z, LIR
        self._put(TAP_THS_6D, max(1, round(1.1 / (full_scale_g / 32))))
        self._put(INT_DUR2, 0x76)  # second tap within 7 × 32, quiet 1 × 4, shock 2 × 8 samples of 416 Hz
        self._put(WAKE_UP_THS, 0x80 | max(1, round(0.0625 / (full_scale_g / 64))))  # and double taps
        self._put(MD1_CFG, 0x00)

    def _lock(self) -> None:
        while not self._bus.try_lock():
            pass

    def _put(self, register: int, value: int) -> None:
        self._lock()
        try:
            self._bus.writeto(self._address, bytes((register, value)))
        finally:
            self._bus.unlock()

    def _get(self, register: int, count: int) -> bytearray:
        into = bytearray(count)
        self._lock()
        try:
            self._bus.writeto_then_readfrom(self._address, bytes((register,)), into)
        finally:
            self._bus.unlock()
        return into
