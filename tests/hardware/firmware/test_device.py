"""The firmware's whole loop against the register-level model of the IMU and a host at the other end of a wire."""

from __future__ import annotations

import os
from collections import deque
from itertools import groupby

import numpy as np
import pytest

from analysis.model import GRAVITY, Floats, Segment
from firmware_bridge.trust import Greeting, Keyring, Session, TrustError, key_id
from hardware.firmware import talk, wire
from hardware.firmware.device import CONTROL, STATUS, STREAM, Device, Pins, Radio
from hardware.firmware.imu import Imu
from hardware.firmware.memory import BYTES, Memory, key_text
from hardware.firmware.power import ASLEEP_AFTER_S
from hardware.firmware.sensor import LOGIN_S
from hardware.firmware.settings import Settings
from hardware.twin.ciphers import HostCiphers
from hardware.twin.flash import Flash
from hardware.twin.imu import ImuErrors
from hardware.twin.lsm6ds3 import Knock, Lsm6ds3

KEY = bytes(range(32))
TURN_S = 0.02
STRAIGHT = np.array([1.0, 0.0, 0.0, 0.0])


def breathing(t: Floats) -> tuple[Floats, Floats]:
    tilt = np.radians(0.5) * np.sin(2 * np.pi * t / 4)
    return GRAVITY * np.stack([np.sin(tilt), 0 * t, np.cos(tilt)], axis=1), np.zeros((len(t), 3))


def table(t: Floats) -> tuple[Floats, Floats]:
    return np.tile([0.0, 0.0, GRAVITY], (len(t), 1)), np.zeros((len(t), 3))


class Wire(Radio):
    """A link without air."""

    def __init__(self) -> None:
        self.linked = False
        self.links = 0
        self.writes: deque[bytes] = deque()
        self.told: list[tuple[int, bytes]] = []
        self.values: dict[int, bytes] = {}
        self.hung_up = 0

    def link(self) -> int:
        return self.links if self.linked else 0

    def mtu(self) -> int:
        return 247 if self.linked else 23

    def received(self) -> bytes:
        return self.writes.popleft() if self.writes else b""

    def notify(self, channel: int, data: bytes) -> None:
        assert 0 < len(data) <= 180
        self.values[channel] = data
        if self.linked:
            self.told.append((channel, data))

    def hang_up(self) -> None:
        self.hung_up += 1
        self.linked = False


class Levels(Pins):
    """Pins that remember."""

    def __init__(self) -> None:
        self.motor_levels: list[bool] = []
        self.light_levels: list[bool] = []
        self.pressed = False

    def motor(self, is_on: bool) -> None:
        self.motor_levels.append(is_on)

    def light(self, is_on: bool) -> None:
        self.light_levels.append(is_on)

    def is_pressed(self) -> bool:
        return self.pressed

    def battery(self) -> int:
        return round(3.9 / 3.3 * 510 / 1510 * 65535)


class Bench:
    """A device that is switched on, and the time that passes."""

    def __init__(self, motion=breathing, knocks: tuple[Knock, ...] = (), ppm: float = 9000.0) -> None:  # type: ignore[no-untyped-def]
        errors = ImuErrors(mounting=STRAIGHT, clock_ppm=ppm, acc_noise=90e-6 * GRAVITY, gyr_noise=1e-4, seed=4)
        self.model = Lsm6ds3(Segment.PELVIS, motion, errors, knocks=knocks)
        self.radio, self.pins, self.flash = Wire(), Levels(), Flash()
        self.nvm = bytearray(BYTES)
        Memory(self.nvm).begin(KEY)
        self.t = 0.0
        self.host: Session | None = None
        self.switch_on()

    def switch_on(self) -> None:
        self.radio.linked = False
        self.on_s = self.t
        self.device = Device(
            Imu(self.model), self.radio, self.pins, self.flash, Memory(self.nvm), HostCiphers(), Settings(), False
        )

    def run(self, seconds: float, turn_s: float = TURN_S) -> None:
        for _ in range(round(seconds / turn_s)):
            self.t += turn_s
            self.model.advance(self.t)
            self.device.turn(int((self.t - self.on_s) * wire.TICKS_HZ))

    def connect(self) -> Session:
        self.radio.linked, self.radio.links = True, self.radio.links + 1
        self.host = Session(Keyring(b"host-one", {key_id(KEY): KEY}), os.urandom(8))
        self.radio.told.clear()
        self.radio.writes.append(self.host.hello)
        self.run(2 * TURN_S)
        [welcome] = [data for channel, data in self.radio.told if channel == CONTROL]
        assert self.host.welcomed(welcome) is Greeting.LET_IN
        return self.host

    def ask(self, **fields: int) -> talk.Answer:
        assert self.host is not None
        before = len(self.radio.told)
        request = talk.Request(1, fields.pop("command"), **fields)
        self.radio.writes.append(self.host.seal(talk.encode_request(request)))
        self.run(TURN_S)
        [answer] = [self.host.open(data) for channel, data in self.radio.told[before:] if channel == CONTROL]
        return talk.decode_answer(answer)

    def packets(self) -> list[wire.StreamPacket]:
        assert self.host is not None
        return [wire.decode_stream(self.host.open(data)) for channel, data in self.radio.told if channel == STREAM]

    def events(self) -> list[int]:
        """Kinds of all events told in this link."""
        assert self.host is not None
        plain = [
            self.host.open(data, is_read=True)
            for channel, data in self.radio.told
            if channel == STATUS and data[0] != wire.NOTICE
        ]
        return [talk.decode_event(data).kind for data in plain if data[0] == 0x15]

    def status(self) -> talk.Status:
        assert self.host is not None
        return talk.decode_status(self.host.open(self.radio.values[STATUS], is_read=True))


def rows(packets: list[wire.StreamPacket]) -> Floats:
    return np.concatenate([np.frombuffer(p.samples, "<i2").reshape(-1, 6) for p in packets]).astype(np.float64)


def taken(model: Lsm6ds3) -> Floats:
    return np.array(model.taken).reshape(-1, 6)


def test_every_sample_of_the_chip_comes_out_sealed_and_in_order() -> None:
    bench = Bench()
    bench.run(1.0)
    assert bench.model.taken == []  # nothing is measured before the first start
    bench.connect()
    assert bench.ask(command=wire.CONFIGURE, rate_hz=104, acc_code=2, gyro_code=3).code == wire.OK
    answer = bench.ask(command=wire.START)
    bench.run(20.0)
    assert bench.ask(command=wire.STOP).code == wire.OK
    packets = bench.packets()
    assert answer.value == packets[0].seq == 1 << 22
    assert [p.seq - packets[0].seq for p in packets] == list(range(len(packets)))
    assert np.array_equal(rows(packets), taken(bench.model))
    assert {(p.rate_hz, p.acc_code, p.gyro_code) for p in packets} == {(104, 2, 3)}
    span_s = (packets[-2].ticks - packets[len(packets) // 2].ticks) / wire.TICKS_HZ
    samples = 13 * (len(packets) - 2 - len(packets) // 2)
    assert samples / span_s == pytest.approx(104 * 1.009, rel=2e-3)  # the chip's own rate, on the crystal
    bench.run(5.0)
    assert len(bench.packets()) == len(packets)


def test_left_behind_for_45_minutes_it_keeps_all_and_a_reset_does_not_lose_what_is_on_flash() -> None:
    """The whole firmware at 52 Hz; the host then asks once for all that it missed."""
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(10.0)
    first = bench.packets()
    bench.radio.linked = False
    bench.run(45 * 60.0, 0.1)
    assert bench.model.lost_samples == 0
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(1.0)
    live = bench.packets()
    missing = live[0].seq - first[-1].seq - 1
    assert bench.ask(command=wire.RESEND, first=first[-1].seq + 1, count=missing).value == missing
    bench.run(90.0)
    got = {p.seq: p for p in first + bench.packets()}
    assert sorted(got) == list(range(min(got), max(got) + 1))
    together = rows([got[seq] for seq in sorted(got)])
    assert np.array_equal(together, taken(bench.model)[: len(together)])
    on_flash = bench.device.sensor.held(first[0].seq)
    assert on_flash

    bench.switch_on()
    assert bench.device.sensor.held(first[0].seq) == on_flash
    bench.connect()
    assert bench.ask(command=wire.START).value == 2 << 22  # a number nobody has been given


def test_a_python_that_hangs_makes_a_hole_and_says_so() -> None:
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(10.0)
    bench.run(12.0, 12.0)
    bench.run(10.0)
    packets = bench.packets()
    lost = bench.model.lost_samples
    assert lost > 200
    ends = [p.ticks + p.span_ticks for p in packets]
    period = wire.TICKS_HZ / (52 * 1.009)
    holes = [(b.ticks - end) / period - 1 for b, end in zip(packets[1:], ends, strict=False)]
    assert [round(hole) for hole in holes if hole > 0.7] == [pytest.approx(lost, abs=1)]


@pytest.mark.parametrize(
    ("knocks_s", "told"),
    [((5.0, 5.3), [wire.EVENT_CALIBRATE]), ((5.0, 5.25, 5.5), [wire.EVENT_SNOOZE]), ((5.0,), []), ((5.0, 8.0), [])],
)
def test_taps_are_told(knocks_s: tuple[float, ...], told: list[int]) -> None:
    bench = Bench(knocks=tuple(Knock(t, 2.0) for t in knocks_s))
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(10.0)
    assert bench.events() == told
    assert bench.status().worn
    buzzed = sum(1 for is_on, _ in groupby(bench.pins.motor_levels) if is_on)
    assert buzzed == {(): 0, (wire.EVENT_CALIBRATE,): 1, (wire.EVENT_SNOOZE,): 2}[tuple(told)]  # "understood"


def test_it_sleeps_on_the_table_and_wakes_when_it_is_taken_up() -> None:
    bench = Bench(motion=table, knocks=(Knock(700.0, 2.0),))
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(ASLEEP_AFTER_S + 20.0, 0.1)
    assert bench.events() == [wire.EVENT_ASLEEP]
    assert not bench.status().worn
    asleep = len(bench.packets())
    bench.run(50.0, 0.1)
    assert len(bench.packets()) == asleep
    bench.run(40.0, 0.1)
    assert bench.events() == [wire.EVENT_ASLEEP, wire.EVENT_AWAKE]
    assert bench.status().worn
    packets = bench.packets()
    assert len(packets) > asleep
    assert packets[asleep].seq == packets[asleep - 1].seq + 1
    hole_s = (packets[asleep].ticks - packets[asleep - 1].ticks) / wire.TICKS_HZ
    assert 60 < hole_s < 110


def test_who_wears_it_is_never_put_to_sleep() -> None:
    bench = Bench(motion=breathing)
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(2 * ASLEEP_AFTER_S, 0.1)
    assert bench.events() == []
    assert bench.model.lost_samples == 0


def test_one_who_connects_the_moment_a_host_has_gone_inherits_nothing() -> None:
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(2.0)
    bench.radio.told.clear()
    bench.radio.links += 1  # between two turns
    bench.run(2.0)
    assert not bench.device.sensor.is_trusted
    assert bench.radio.told == [(STATUS, b"\x28" + key_id(KEY))]


def test_the_motor_and_the_light_do_as_they_are_told() -> None:
    bench = Bench()
    bench.connect()
    assert bench.ask(command=wire.BUZZ, pattern=wire.BUZZ_TOO_FAR_FORWARD).code == wire.OK
    bench.run(2.0)
    felt_ms = [round(1000 * TURN_S) * sum(1 for _ in run) for is_on, run in groupby(bench.pins.motor_levels) if is_on]
    assert felt_ms == pytest.approx([120, 120, 400], abs=21)
    assert not any(bench.pins.light_levels)
    bench.ask(command=wire.IDENTIFY)
    bench.run(4.0)
    assert sum(1 for is_on, _ in groupby(bench.pins.light_levels) if is_on) == 15


def test_the_battery_is_told_in_volts_and_percent() -> None:
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(31.0)
    status = bench.status()
    assert status.battery_mv == pytest.approx(3900, abs=2)
    assert status.battery_percent == 64
    assert status.started


def test_a_stranger_is_shown_the_door_and_the_button_lets_another_host_in() -> None:
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.radio.linked = False
    bench.run(1.0)
    bench.radio.linked, bench.radio.links = True, 2
    bench.radio.told.clear()
    bench.radio.writes.extend([b"\x12\x01\x03\x00", b"noise"])
    bench.run(LOGIN_S - 1.0)
    assert bench.radio.told == [(CONTROL, talk.encode_answer(talk.Answer(1, 0, wire.LOCKED)))]
    assert bench.radio.values[STATUS] == b"\x28" + key_id(KEY)
    bench.run(2.0)
    assert bench.radio.hung_up == 1
    assert bench.device.sensor.is_started

    ring = Keyring(b"host-two", {key_id(KEY): KEY})
    for is_pressed in (False, True):
        bench.pins.pressed = is_pressed
        bench.run(1.0)
        bench.radio.linked, bench.radio.links = True, bench.radio.links + 1
        bench.radio.told.clear()
        host = Session(ring, os.urandom(8))
        bench.radio.writes.append(host.hello)
        bench.run(0.1)
        greeting = host.welcomed(bench.radio.told[0][1])
        assert greeting is (Greeting.LET_IN if is_pressed else Greeting.SHUT)
        bench.radio.linked = False
    assert Memory(bench.nvm).hosts == [b"host-one"]  # until it has asked for something under seal


def test_memory_keeps_key_hosts_and_starts() -> None:
    store = bytearray(b"\xff" * 8192)
    memory = Memory(store)
    assert memory.is_new
    memory.begin(KEY)
    assert not memory.is_new
    assert (memory.key, memory.hosts) == (KEY, [])
    assert [memory.next_start() for _ in range(3)] == [1 << 22, 2 << 22, 3 << 22]
    hosts = [bytes([number]) * 8 for number in range(8)]
    memory.remember(hosts)
    memory.remember(hosts[:3])
    assert (Memory(store).key, Memory(store).hosts, Memory(store).starts) == (KEY, hosts[:3], 3)
    memory.begin(bytes(32))
    assert (memory.key, memory.hosts, memory.starts) == (bytes(32), [], 3)
    assert f"key = {KEY.hex()}" in key_text("P", KEY)
    for _ in range(1024):
        assert memory.next_start() < 2**32


def test_what_another_link_recorded_says_nothing_in_this_one() -> None:
    bench = Bench()
    bench.connect()
    bench.ask(command=wire.START)
    bench.run(3.0)
    recorded = [data for _, data in bench.radio.told]
    bench.radio.linked = False
    bench.run(0.1)
    host = bench.connect()
    for data in recorded:
        with pytest.raises(TrustError):
            host.open(data)
