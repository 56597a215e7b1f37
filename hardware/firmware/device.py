"""The sensor's life, one turn of its loop at a time; everything it touches is handed in."""

from hardware.firmware import power, talk, wire
from hardware.firmware.buzz import Light, Motor
from hardware.firmware.imu import Imu
from hardware.firmware.memory import Memory
from hardware.firmware.power import Stillness
from hardware.firmware.ring import Ring
from hardware.firmware.sampler import Sampler
from hardware.firmware.seal import Ciphers
from hardware.firmware.sensor import RING_PACKETS, Body, Sensor
from hardware.firmware.settings import Settings
from hardware.firmware.spill import Files, Spill
from hardware.firmware.taps import CALIBRATE, Taps

FIRMWARE = bytes((0, 2, 0))
READ_MS = 100  # between readings of the FIFO; taps are looked for as often
BATTERY_MS = 30000
OWED_A_TURN = 4  # resent packets between two looks at the IMU: live ones never wait longer

STREAM, CONTROL, STATUS = 0, 1, 2


class Radio:
    """One link at a time."""

    def link(self) -> int:
        """0 without a link; each link has another number than the one before."""
        raise NotImplementedError

    def mtu(self) -> int:
        raise NotImplementedError

    def received(self) -> bytes:
        """The oldest write to the control characteristic that was not taken yet, or nothing."""
        raise NotImplementedError

    def notify(self, channel: int, data: bytes) -> None:
        """Set the value of a characteristic, and tell it to the host if it asked for that."""
        raise NotImplementedError

    def hang_up(self) -> None:
        raise NotImplementedError


class Pins:
    """What hangs on the board."""

    def motor(self, is_on: bool) -> None:
        raise NotImplementedError

    def light(self, is_on: bool) -> None:
        raise NotImplementedError

    def is_pressed(self) -> bool:
        """The button."""
        raise NotImplementedError

    def battery(self) -> int:
        """Count of the converter behind the divider."""
        raise NotImplementedError


class Device(Body):
    """`turn` with the crystal's ticks since power-on, every 20 ms or so."""

    def __init__(
        self,
        imu: Imu,
        radio: Radio,
        pins: Pins,
        files: Files,
        memory: Memory,
        ciphers: Ciphers,
        settings: Settings,
        was_pressed: bool,
    ) -> None:
        """`was_pressed`: the reset button started it, which lets a new host in as the other button does."""
        first_seq = memory.next_start()
        self._imu = imu
        self._radio = radio
        self._pins = pins
        self._memory = memory
        self._sampler = Sampler(settings.rate_hz, settings.acc_code, settings.gyro_code, first_seq)
        self._ring = Ring(RING_PACKETS, first_seq)
        key = memory.key if settings.secured else b""
        self.sensor = Sensor(self, self._ring, Spill(files), ciphers, key, memory.hosts)
        self._motor = Motor()
        self._light = Light()
        self._taps = Taps()
        self._stillness = Stillness()
        self._now = 0  # ticks
        self._link = 0
        self._is_measuring = False
        self.is_asleep = False
        self._read_ms = 0
        self._battery_ms = -BATTERY_MS
        self._mv = 0
        self._outbox = []  # type: list[bytes]
        if was_pressed:
            self.sensor.pressed(0.0)
        imu.sleep()
        self._tell_status()

    def turn(self, ticks: int) -> None:
        self._now = ticks
        now_ms = self._now_ms()
        if now_ms - self._read_ms >= READ_MS:  # first, for the samples are placed by `ticks`, and the radio may wait
            self._read_ms = now_ms
            self._measure()
        self._follow_link()
        data = self._radio.received()
        while data:
            self._follow_link()  # it may have been made a moment ago
            self._hear(data)
            data = self._radio.received()
        if self._link and self.sensor.should_hang_up(self._now_s()):
            self._radio.hang_up()
        for _ in range(OWED_A_TURN):
            owed = self.sensor.next_owed()
            if not owed:
                break
            self._radio.notify(STREAM, owed)
        if self._pins.is_pressed():
            self.pressed()
        self._pins.motor(self._motor.is_on(now_ms))
        self._pins.light(self._light.is_on(now_ms))
        if now_ms - self._battery_ms >= BATTERY_MS:
            self._battery_ms = now_ms
            self._mv = power.battery_mv(self._pins.battery())
            self._tell_status()

    def pressed(self) -> None:
        """The button is down."""
        self.sensor.pressed(self._now_s())

    # --- what the core asks of its body

    def mtu(self) -> int:
        return self._radio.mtu()

    def is_subscribed(self) -> bool:
        return self._link > 0 and self.sensor.is_started_here

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> int:
        if (rate_hz, acc_code, gyro_code) != self._sampler.settings:
            self._read_fifo()
            self._keep(self._sampler.configure(rate_hz, acc_code, gyro_code))
            if self._is_measuring:
                self._imu.start(*self._sampler.settings)
        return rate_hz

    def close(self) -> None:
        self._read_fifo()
        self._keep(self._sampler.close())

    def next_seq(self) -> int:
        return self._sampler.next_seq

    def buzz(self, pattern: int) -> None:
        self._motor.start(pattern, self._now_ms())

    def identify(self) -> None:
        self._light.identify(self._now_ms())

    def remember(self, hosts: list[bytes]) -> None:
        self._memory.remember(hosts)

    # --- one turn's parts

    def _now_s(self) -> float:
        return self._now / wire.TICKS_HZ

    def _now_ms(self) -> int:
        """Whole, as a float of CircuitPython's would lose the milliseconds within days."""
        return self._now * 1000 // wire.TICKS_HZ

    def _follow_link(self) -> None:
        link = self._radio.link()
        if link == self._link:
            return
        if self._link:
            self.sensor.unlinked()
            self._tell_status()
        self._link = link
        if link:
            self.sensor.linked(self._now_s())

    def _hear(self, data: bytes) -> None:
        was_trusted = self.sensor.is_trusted
        answer = self.sensor.asked(data, self._now_s())
        if answer:
            self._radio.notify(CONTROL, answer)
        for packet in self._outbox:  # what the command closed comes after its answer
            self._radio.notify(STREAM, packet)
        self._outbox = []
        if self.sensor.is_trusted != was_trusted:
            self._tell_status()
        if self.sensor.is_started != self._is_measuring:
            self._is_measuring = self.sensor.is_started
            if self._is_measuring:
                self._start_imu()
            else:
                self._imu.sleep()

    def _start_imu(self) -> None:
        self._stillness.forget()
        self._keep(self._sampler.restart())
        self._imu.start(*self._sampler.settings)

    def _measure(self) -> None:
        if not self._is_measuring:
            return
        if self.is_asleep:
            if self._imu.has_moved():
                self.is_asleep = False
                self._start_imu()
                self._tell_event(wire.EVENT_AWAKE, 0)
            return
        self._read_fifo()
        meant = self._taps.feed(self._now_ms(), self._imu.taps())
        if meant:
            self.buzz(wire.BUZZ_SHORT if meant == CALIBRATE else wire.BUZZ_TWICE)  # "understood"
            self._tell_event(wire.EVENT_CALIBRATE if meant == CALIBRATE else wire.EVENT_SNOOZE, 0)
        if self._stillness.is_on_table(self._now_s()):
            self.close()
            self.is_asleep = True
            self._imu.sleep()
            self._tell_event(wire.EVENT_ASLEEP, int(self._now_s() - self._stillness.since_s))
        for packet in self._outbox:
            self._radio.notify(STREAM, packet)
        self._outbox = []

    def _read_fifo(self) -> None:
        if self._is_measuring and not self.is_asleep:
            samples = self._imu.read()
            self._keep(self._sampler.feed(samples, self._imu.has_overrun, self._now))

    def _keep(self, packets: list[bytes]) -> None:
        for packet in packets:
            self._stillness.feed(packet, self._now_s())
            on_air = self.sensor.keep(packet)
            if on_air:
                self._outbox.append(on_air)

    def _tell_event(self, kind: int, value: int) -> None:
        event = self.sensor.event(kind, self._now, value)
        if event:
            self._radio.notify(STATUS, event)
        self._tell_status()  # who reads the characteristic shall find the status there

    def _tell_status(self) -> None:
        rate_hz, acc_code, gyro_code = self._sampler.settings
        status = talk.Status(
            FIRMWARE,
            self._mv,
            power.battery_percent(self._mv) if self._mv else 255,
            wire.later(self._now, 0),
            self.sensor.oldest_seq(),
            self._sampler.next_seq,
            self._ring.held,
            self._ring.capacity,
            rate_hz,
            acc_code,
            gyro_code,
            not self.is_asleep,
            self.sensor.is_started,
        )
        self._radio.notify(STATUS, self.sensor.status(status))
