"""The sensor's core: what a stranger does changes nothing, and what nobody heard is kept and told."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.trust import Greeting, Keyring, Session, key_id
from hardware.firmware import talk, wire
from hardware.firmware.ring import Ring
from hardware.firmware.sensor import BAD_WRITES, LOGIN_S, NEW_HOST_S, Body, Sensor
from hardware.firmware.spill import Spill
from hardware.twin.ciphers import HostCiphers
from hardware.twin.flash import Flash

KEY = bytes(range(32))
START = talk.encode_request(talk.Request(1, wire.START))
STATUS = talk.Status(bytes(3), 4000, 80, 0, 0, 0, 0, 240, 52, 1, 2, worn=True, started=True)


class Bench(Body):
    """A sensor on a table, with everything within reach."""

    def __init__(self, key: bytes = KEY, ring_packets: int = 10, hosts: tuple[bytes, ...] = ()) -> None:
        self.done: list[tuple[str, int]] = []
        self.is_heard = True
        self.hosts = list(hosts)
        self.seq = 0
        self.flash = Flash()
        self.sensor = Sensor(self, Ring(ring_packets), Spill(self.flash), HostCiphers(), key, self.hosts)

    def mtu(self) -> int:
        return 247

    def is_subscribed(self) -> bool:
        return self.is_heard

    def configure(self, rate_hz: int, acc_code: int, gyro_code: int) -> int:
        self.done.append(("configure", rate_hz << 8 | acc_code << 4 | gyro_code))
        return rate_hz

    def close(self) -> None:
        self.done.append(("close", 0))

    def next_seq(self) -> int:
        return self.seq

    def buzz(self, pattern: int) -> None:
        self.done.append(("buzz", pattern))

    def identify(self) -> None:
        self.done.append(("identify", 0))

    def remember(self, hosts: list[bytes]) -> None:
        self.hosts = hosts

    def make(self, count: int) -> list[bytes]:
        """So many packets are measured; what goes on the air of them."""
        on_air = []
        for _ in range(count):
            body = self.seq.to_bytes(4, "little") * 39
            plain = wire.encode_stream(wire.StreamPacket(self.seq, 8190 * self.seq, 7560, 52, 1, 2, body))
            self.seq += 1
            sent = self.sensor.keep(plain)
            if sent:
                on_air.append(sent)
        return on_air

    def owed(self) -> list[bytes]:
        return list(iter(self.sensor.next_owed, b""))

    def let_in(self, host_id: bytes = b"host-one") -> Session:
        """A host of ours connects and starts."""
        self.sensor.linked(0.0)
        host = Session(Keyring(host_id, {key_id(KEY): KEY}), os.urandom(8))
        assert host.welcomed(self.sensor.asked(host.hello, 0.0)) is Greeting.LET_IN
        answer = talk.decode_answer(host.open(self.sensor.asked(host.seal(START), 0.0)))
        assert answer.code == wire.OK
        return host


def fingerprint(bench: Bench) -> tuple[object, ...]:
    sensor = bench.sensor
    return (sensor.is_started, sensor.is_trusted, list(bench.done), list(bench.hosts), sensor.oldest_seq())


requests = st.sampled_from(
    [
        talk.encode_request(talk.Request(1, command, 26, 0, 0, 0, 5, 1))
        for command in (wire.CONFIGURE, wire.START, wire.STOP, wire.RESEND, wire.BUZZ, wire.IDENTIFY)
    ]
)


forged = st.binary(min_size=12, max_size=12).map(lambda rest: b"\x22\x01\x00\x00\x00" + rest)


@settings(max_examples=80)
@given(writes=st.lists(st.one_of(requests, st.binary(max_size=60), st.just("hello"), forged), max_size=12))
def test_a_stranger_changes_nothing_and_learns_nothing(writes: list[bytes | str]) -> None:
    bench = Bench(hosts=(b"host-one",))
    bench.let_in()
    bench.make(3)
    bench.sensor.unlinked()
    before = fingerprint(bench)
    bench.sensor.linked(100.0)
    guessed = Session(Keyring(b"stranger", {}), bytes(8))
    for write in writes:
        data = write if isinstance(write, bytes) else guessed.hello
        said = bench.sensor.asked(data, 100.5)
        if said:
            assert said[0] == wire.WELCOME or talk.decode_answer(said).code == wire.LOCKED
        assert bench.sensor.status(STATUS) == b"\x28" + key_id(KEY)
        assert bench.sensor.event(wire.EVENT_CALIBRATE, 0) == b""
        assert bench.make(1) == []
        assert bench.owed() == []
    assert fingerprint(bench)[:4] == before[:4]
    assert bench.sensor.held(0)


def test_a_flood_and_a_silent_guest_are_shown_the_door() -> None:
    bench = Bench()
    bench.sensor.linked(0.0)
    for number in range(BAD_WRITES):
        assert not bench.sensor.should_hang_up(1.0)
        bench.sensor.asked(START if number % 2 else b"noise", 1.0)
    assert bench.sensor.should_hang_up(1.0)
    assert bench.sensor.asked(Session(Keyring(b"stranger", {}), bytes(8)).hello, 1.0) == b""
    bench.sensor.unlinked()
    assert not bench.sensor.should_hang_up(99.0)
    bench.sensor.linked(100.0)
    assert not bench.sensor.should_hang_up(100.0 + LOGIN_S)
    assert bench.sensor.should_hang_up(100.1 + LOGIN_S)
    bench.let_in()
    assert not bench.sensor.should_hang_up(9999.0)


def test_one_who_records_a_host_and_plays_it_back_gets_nowhere() -> None:
    bench = Bench()
    bench.sensor.linked(0.0)
    host = Session(Keyring(b"host-one", {key_id(KEY): KEY}), os.urandom(8))
    recorded = [host.hello]
    host.welcomed(bench.sensor.asked(host.hello, 0.0))
    for command in (wire.START, wire.IDENTIFY, wire.STOP):
        recorded.append(host.seal(talk.encode_request(talk.Request(1, command))))
        assert bench.sensor.asked(recorded[-1], 0.0)
    bench.sensor.asked(recorded[1], 0.0)  # in the same link
    assert not bench.sensor.is_started
    bench.sensor.unlinked()
    before = fingerprint(bench)
    bench.sensor.linked(50.0)
    for data in recorded:
        bench.sensor.asked(data, 50.0)
    assert fingerprint(bench) == (before[0], False, *before[2:])
    assert bench.make(1) == []


def test_a_new_host_needs_the_button_and_the_key() -> None:
    bench = Bench()
    bench.let_in(b"host-one")
    bench.sensor.unlinked()
    assert bench.hosts == [b"host-one"]

    def knock(now_s: float) -> int:
        bench.sensor.linked(now_s)
        host = Session(Keyring(b"host-two", {key_id(KEY): KEY}), os.urandom(8))
        greeting = host.welcomed(bench.sensor.asked(host.hello, now_s))
        code = talk.decode_answer(host.open(bench.sensor.asked(host.seal(START), now_s))).code
        bench.sensor.unlinked()
        assert greeting is (Greeting.LET_IN if code == wire.OK else Greeting.SHUT)
        return code

    assert knock(100.0) == wire.LOCKED
    assert bench.hosts == [b"host-one"]
    bench.sensor.pressed(200.0)
    assert knock(200.1 + NEW_HOST_S) == wire.LOCKED
    bench.sensor.pressed(300.0)
    assert knock(310.0) == wire.OK
    assert bench.hosts == [b"host-one", b"host-two"]
    assert knock(9999.0) == wire.OK  # from now on it is known
    wrong = Session(Keyring(b"host-one", {key_id(KEY): bytes(32)}), bytes(8))
    bench.sensor.linked(0.0)
    assert wrong.welcomed(bench.sensor.asked(wrong.hello, 0.0)) is Greeting.FALSE
    assert not bench.sensor.is_trusted


def test_an_open_sensor_answers_everybody_in_plain() -> None:
    bench = Bench(key=b"")
    bench.sensor.linked(0.0)
    assert talk.decode_answer(bench.sensor.asked(START, 0.0)).code == wire.OK
    assert talk.decode_answer(bench.sensor.asked(bytes((wire.HELLO,)) + bytes(16), 0.0)).code == wire.BAD_REQUEST
    assert talk.decode_status(bench.sensor.status(STATUS)).battery_mv == 4000
    assert talk.decode_event(bench.sensor.event(wire.EVENT_SNOOZE, 2**32 + 5)).ticks == 5
    assert [wire.decode_stream(data).seq for data in bench.make(3)] == [0, 1, 2]
    assert not bench.sensor.should_hang_up(1000.0)


@settings(max_examples=60)
@given(
    away=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 600)), min_size=1, max_size=4),
    ring=st.integers(5, 60),
)
def test_over_any_absences_every_packet_comes_exactly_once(away: list[tuple[int, int]], ring: int) -> None:
    """(packets while the host is there, packets while it is not), then it asks for all it misses."""
    bench = Bench(ring_packets=ring)
    got: list[int] = []
    for here, gone in away:
        host = bench.let_in()
        got += [wire.decode_stream(host.open(data)).seq for data in bench.make(here)]
        bench.sensor.unlinked()
        assert bench.make(gone) == []
    host = bench.let_in()
    last = bench.make(2)
    got += [wire.decode_stream(host.open(data)).seq for data in last]
    missing = sorted(set(range(bench.seq)) - set(got))
    while missing:
        count = missing[-1] - missing[0] + 1
        request = talk.encode_request(talk.Request(9, wire.RESEND, first=missing[0], count=count))
        answer = talk.decode_answer(host.open(bench.sensor.asked(host.seal(request), 0.0)))
        assert answer.code == wire.OK
        again = bench.owed()
        assert answer.value == len(again)
        told = [wire.decode_stream(host.open(data)) for data in again]
        assert all(packet.resent for packet in told)
        new = [packet.seq for packet in told if packet.seq in missing]
        assert new
        got += new
        missing = sorted(set(missing) - set(new))
    assert sorted(got) == list(range(bench.seq))


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ([(0, 5), (0, 5)], [0, 1, 2, 3, 4]),
        ([(2, 2), (0, 6)], [0, 1, 2, 3, 4, 5]),
        ([(0, 3), (2, 4), (8, 2), (1, 9)], list(range(10))),
        ([(8, 500)], [8, 9]),
    ],
)
def test_what_is_asked_for_twice_is_sent_once_and_oldest_first(asked: list[tuple[int, int]], sent: list[int]) -> None:
    bench = Bench(key=b"", ring_packets=20)
    bench.make(10)
    for first, count in asked:
        bench.sensor.asked(talk.encode_request(talk.Request(1, wire.RESEND, first=first, count=count)), 0.0)
    assert [wire.decode_stream(data).seq for data in bench.owed()] == sent


def test_while_the_host_listens_flash_is_left_alone() -> None:
    bench = Bench(ring_packets=10)
    bench.let_in()
    bench.make(2000)
    assert bench.flash.appends == 0
