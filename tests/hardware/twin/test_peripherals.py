"""What the twin's sensors say, byte for byte: packing, ranges, the ring, WitMotion's frames and registers."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from bleak import BleakClient, BleakScanner
from hypothesis import given
from hypothesis import strategies as st

from analysis.model import GRAVITY, Segment
from benchmarks.impersonated import until
from hardware.firmware import talk, wire
from hardware.twin.peripherals import witmotion
from hardware.twin.peripherals.base import Peripheral
from hardware.twin.peripherals.packing import Packer, Packet, rescale
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.peripherals.witmotion import WitMotionPeripheral, frames
from hardware.twin.radio.air import Air, make_device
from hardware.twin.radio.backend import AirClient, AirScanner, backends
from hardware.twin.source import Counts

UNLOCK = bytes.fromhex("ffaa6988b5")


@dataclass
class Numbered:
    """A source whose gyro x counts the samples and whose z axis feels one g at ±4 g."""

    segment: Segment = Segment.PELVIS
    rate_hz: float = 52.0
    acc_scale: float = wire.acc_scale(1)
    gyr_scale: float = wire.gyro_scale(2)
    end_s: float = math.inf
    missing: frozenset[int] = field(default_factory=frozenset)

    def read(self, t0: float, t1: float) -> Counts:
        first, last = (math.ceil(t * self.rate_hz - 1e-9) for t in (t0, min(t1, self.end_s)))
        index = np.array([i for i in range(first, last) if i not in self.missing], dtype=np.int64)
        counts = np.zeros((len(index), 6), dtype=np.int16)
        counts[:, 2] = 8197
        counts[:, 3] = index % 30000
        return Counts(index, index / self.rate_hz, counts)


# --- packing ---------------------------------------------------------------------------------------------------


def _packed(source: Numbered, cuts_s: list[float]) -> list[Packet]:
    packer = Packer(source)
    edges = [0.0, *sorted(cuts_s), 4.0]
    packets = [packet for t0, t1 in pairwise(edges) for packet in packer.feed(source.read(t0, t1))]
    return packets + packer.close()


@given(st.lists(st.floats(0.0, 4.0), max_size=12), st.frozensets(st.integers(0, 207), max_size=6))
def test_cutting_the_source_changes_no_packet(cuts_s: list[float], missing: frozenset[int]) -> None:
    source = Numbered(missing=missing)
    whole = _packed(source, [])
    assert _packed(source, cuts_s) == whole
    decoded = [wire.decode_stream(data) for _, _, data in whole]
    assert [packet.seq for packet in decoded] == list(range(len(whole)))
    numbers = np.concatenate([np.frombuffer(packet.samples, "<i2").reshape(-1, 6)[:, 3] for packet in decoded])
    assert numbers.tolist() == [i for i in range(208) if i not in missing]
    for packet in decoded:
        n = len(packet.samples) // 12
        assert packet.span_ticks == pytest.approx((n - 1) * 32768 / 52, abs=1)  # evenly spaced, never across a hole


def test_a_packet_carries_the_ticks_of_its_first_sample() -> None:
    first, second = (wire.decode_stream(data) for _, _, data in Packer(Numbered()).feed(Numbered().read(0.0, 0.5)))
    assert (first.ticks, first.span_ticks) == (0, 7562)  # 12 × 32768 / 52 = 7561.8
    assert second.ticks == 8192  # 13 × 32768 / 52
    assert (first.rate_hz, first.acc_code, first.gyro_code, first.clipped) == (52, 1, 2, False)


def test_ticks_and_sequence_numbers_wrap() -> None:
    source = Numbered(rate_hz=52.0)
    packer = Packer(source, next_seq=0xFFFFFFFF)
    index = np.arange(13) + 131072 * 52  # the ticks' circle is 131072 s long
    counts = np.zeros((13, 6), dtype=np.int16)
    (packet,) = packer.feed(Counts(index, index / 52.0, counts))
    assert wire.decode_stream(packet[2]).seq == 0xFFFFFFFF
    assert wire.decode_stream(packet[2]).ticks == 0
    assert packer.next_seq == 0


def test_the_uptime_runs_on_the_clock_of_the_samples() -> None:
    """A recording's first sample may be late, and a device's crystal is never quite right."""
    packer = Packer(Numbered())
    assert packer.ticks_at(0.5) == 16384
    index = np.arange(53)
    packer.pass_by(Counts(index, 1.0 + index * 1.001 / 52.0, np.zeros((53, 6), dtype=np.int16)))
    assert packer.ticks_at(1.0 + 1.001) == 32768
    assert packer.ticks_at(1.0 + 1.001 + 0.25) == pytest.approx(32768 + 8192, abs=1)


@pytest.mark.parametrize(
    ("source_hz", "at_power_on", "possible"),
    [(104.0, 52, {26, 52, 104}), (52.0, 52, {26, 52}), (26.0, 26, {26}), (50.0, 50, set()), (285.71, 95, set())],
)
def test_rates_a_source_can_be_had_at(source_hz: float, at_power_on: int, possible: set[int]) -> None:
    packer = Packer(Numbered(rate_hz=source_hz))
    assert packer.rate_hz == at_power_on
    assert {rate for rate in wire.RATES_HZ if packer.can(rate)} == possible
    with pytest.raises(ValueError, match="cannot be had"):
        packer.configure(105, 1, 2)


def test_configuring_closes_the_packet_being_filled() -> None:
    source = Numbered(rate_hz=104.0)
    packer = Packer(source)
    assert packer.feed(source.read(0.0, 0.1)) == []
    assert packer.configure(52, 1, 2) == []  # as it is already
    (closed,) = packer.configure(26, 3, 4)
    assert closed[:2] == (0, 6)  # 11 samples at 104 Hz, every other one kept
    (following,) = packer.feed(source.read(0.1, 0.6))
    packet = wire.decode_stream(following[2])
    assert (packet.rate_hz, packet.acc_code, packet.gyro_code, packet.span_ticks) == (26, 3, 4, 15124)
    z = np.frombuffer(packet.samples, "<i2").reshape(-1, 6)[:, 2]
    assert z.tolist() == [2049] * 13  # 8197 / 4, one g at ±16 g


@given(st.lists(st.integers(-32768, 32767), min_size=6, max_size=6), st.floats(0.01, 20.0), st.floats(0.01, 20.0))
def test_rescaling_rounds_and_saturates(row: list[int], acc: float, gyr: float) -> None:
    counts = rescale(np.array([row], dtype=np.int16), acc, gyr)[0]
    exact = [value * factor for value, factor in zip(row, [acc] * 3 + [gyr] * 3, strict=True)]
    for got, wanted in zip(counts.tolist(), exact, strict=True):
        assert got == pytest.approx(min(max(wanted, -32768), 32767), abs=0.5)


def test_saturated_samples_mark_their_packet() -> None:
    source = Numbered(acc_scale=8.0 * wire.acc_scale(1))
    packet = wire.decode_stream(Packer(source).feed(source.read(0.0, 0.25))[0][2])
    assert packet.clipped
    assert np.frombuffer(packet.samples, "<i2").reshape(-1, 6)[0, 2] == 32767


# --- WitMotion's frames ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "frame"),
    [
        ((0, 0, 2048, 1, -1, 256), "5561 0000 0000 0008 0100 ffff 0001 0000 0000 0000"),  # flat: 0°, 0°
        ((0, 2048, 0, 0, 0, 0), "5561 0000 0008 0000 0000 0000 0000 0040 0000 0000"),  # on its side: roll 90°
        ((2048, 0, 0, 0, 0, 0), "5561 0008 0000 0000 0000 0000 0000 0000 00c0 0000"),  # nose up: pitch -90°
        ((0, 1448, 1448, 0, 0, 0), "5561 0000 a805 a805 0000 0000 0000 0020 0000 0000"),  # roll 45°
        ((0, 0, -2048, 0, 0, 0), "5561 0000 0000 00f8 0000 0000 0000 ff7f 0000 0000"),  # upside down: just below 180°
    ],
)
def test_frames(counts: tuple[int, ...], frame: str) -> None:
    assert frames(np.array([counts], dtype=np.int16)) == bytes.fromhex(frame)


def test_witmotion_scales() -> None:
    assert pytest.approx(GRAVITY) == 2048 * witmotion.ACC_SCALE
    assert math.degrees(witmotion.GYR_SCALE) * 16.384 == pytest.approx(1.0)


# --- on the air ------------------------------------------------------------------------------------------------


class Bench:
    """One peripheral on an air and a central that talks to it."""

    def __init__(self) -> None:
        self.air = Air(0.0)
        self.clients: list[BleakClient] = []
        self.worn: Peripheral | None = None

    async def put_on(self, worn: Peripheral) -> BleakClient:
        central, _, _ = make_device(self.air, "central", "F6:00:00:00:01:00")
        await central.power_on()
        self.central = central
        client, scanner = backends(central)
        assert issubclass(client, AirClient)
        assert issubclass(scanner, AirScanner)
        self.device, self.radio, host = make_device(self.air, worn.name, "F6:00:00:00:01:01")
        await worn.power_on(self.device, host)
        self.worn = worn
        found = await BleakScanner.find_device_by_name(worn.name, timeout=30.0, backend=scanner)
        assert found is not None
        made = BleakClient(found, timeout=30.0, backend=client)
        self.clients.append(made)
        await made.connect()
        return made

    async def lose(self, client: BleakClient) -> None:
        self.air.lose(self.radio)
        for _ in range(20):
            await asyncio.sleep(0)
        await client.disconnect()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    for client in made.clients:
        await client.disconnect()
    if made.worn is not None:
        await made.worn.power_off()
        await made.central.power_off()


class Reader:
    """Talks our protocol: collects packets and answers."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.packets: list[wire.StreamPacket] = []
        self.answers: list[talk.Answer] = []
        self.statuses: list[talk.Status] = []

    async def listen(self) -> None:
        await self.client.start_notify(wire.STREAM_UUID, lambda _, v: self.packets.append(wire.decode_stream(bytes(v))))
        await self.client.start_notify(
            wire.CONTROL_UUID, lambda _, v: self.answers.append(talk.decode_answer(bytes(v)))
        )
        await self.client.start_notify(
            wire.STATUS_UUID, lambda _, v: self.statuses.append(talk.decode_status(bytes(v)))
        )

    async def ask(self, request: talk.Request) -> tuple[int, int]:
        """The code and value of the one answer."""
        return await self.write(talk.encode_request(request))

    async def write(self, data: bytes) -> tuple[int, int]:
        before = len(self.answers)
        await self.client.write_gatt_char(wire.CONTROL_UUID, data, response=True)
        assert len(self.answers) == before + 1
        answer = self.answers[-1]
        assert (answer.request_id, answer.command) == ((*data[1:3], 0, 0)[0], (*data[1:3], 0, 0)[1])
        return answer.code, answer.value

    async def status(self) -> talk.Status:
        return talk.decode_status(bytes(await self.client.read_gatt_char(wire.STATUS_UUID)))

    def seqs(self) -> list[int]:
        return [packet.seq for packet in self.packets]


async def test_our_sensor_measures_from_start_to_stop(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered())
    reader = Reader(await bench.put_on(worn))
    await worn.advance(1.0)
    await reader.listen()
    await worn.advance(2.0)
    assert reader.packets == []
    assert not worn.is_read.is_set()
    assert await reader.ask(talk.Request(1, wire.START)) == (wire.OK, 0)
    assert worn.is_read.is_set()
    await worn.advance(3.0)
    assert reader.seqs() == [0, 1, 2, 3]
    assert reader.packets[0].ticks == 2 * 32768
    assert await reader.ask(talk.Request(2, wire.START)) == (wire.OK, 4)  # changes nothing
    await worn.advance(3.1)
    assert await reader.ask(talk.Request(3, wire.STOP)) == (wire.OK, 5)
    assert len(reader.packets[-1].samples) == 12 * 6  # 58 samples: four full packets and these
    await worn.advance(9.0)
    assert reader.seqs() == [0, 1, 2, 3, 4]
    assert worn.sent == 58
    status = await reader.status()
    assert (status.started, status.held, status.oldest_seq, status.next_seq) == (False, 5, 0, 5)
    assert status.uptime_ticks == pytest.approx(9 * 32768, abs=1)


async def test_every_command_is_answered(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand L-1", Numbered(Segment.LUMBAR, rate_hz=104.0))
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    await worn.advance(0.5)
    assert await reader.ask(talk.Request(1, wire.CONFIGURE, 26, 2, 3)) == (wire.OK, 0)
    status = await reader.status()
    assert (status.rate_hz, status.acc_code, status.gyro_code) == (26, 2, 3)
    assert await reader.ask(talk.Request(2, wire.BUZZ, pattern=2)) == (wire.OK, 0)
    assert await reader.ask(talk.Request(3, wire.IDENTIFY)) == (wire.OK, 0)
    assert worn.buzzes == [(0.5, 2)]
    assert worn.identified == [0.5]
    assert await reader.ask(talk.Request(4, wire.RESEND, first=0, count=1)) == (wire.NOT_HELD, 0)
    assert await reader.write(bytes([0x12, 5, 99, 0])) == (wire.UNKNOWN_COMMAND, 0)
    assert await reader.write(bytes([0x12, 6, wire.BUZZ, 0])) == (wire.BAD_REQUEST, 0)
    assert await reader.write(bytes([0x22, 7, wire.START, 0])) == (wire.BAD_REQUEST, 0)
    assert await reader.write(b"\x12") == (wire.BAD_REQUEST, 0)


async def test_a_recording_keeps_its_rate(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered(rate_hz=50.0))
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    assert await reader.ask(talk.Request(1, wire.CONFIGURE, 52, 1, 2)) == (wire.UNABLE, 50)
    assert (await reader.status()).rate_hz == 50


async def test_the_status_tells_of_battery_and_wear(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered())
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    worn.set_worn(False)
    worn.set_battery(3500, 20)
    await worn.advance(0.1)
    assert [(status.worn, status.battery_mv, status.battery_percent) for status in reader.statuses] == [
        (False, 3980, 86),
        (False, 3500, 20),
    ]


async def test_what_a_lost_link_missed_is_resent_from_the_ring(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered(), first_seq=0xFFFFFFFE)
    client = await bench.put_on(worn)
    reader = Reader(client)
    await reader.listen()
    await reader.ask(talk.Request(1, wire.START))
    await worn.advance(1.0)
    await bench.lose(client)
    assert not worn.is_read.is_set()
    await worn.advance(5.0)
    await client.connect()
    await reader.listen()
    await worn.advance(6.0)
    assert reader.seqs() == [0xFFFFFFFE, 0xFFFFFFFF, 0, 1, *range(18, 22)]  # across the wrap; live again, no start
    assert worn.sent == 8 * 13
    assert await reader.ask(talk.Request(2, wire.RESEND, first=2, count=16)) == (wire.OK, 16)
    await worn.advance(6.3)
    await until(lambda: len(reader.packets) == 25)
    resent = [packet.seq for packet in reader.packets if packet.resent]
    assert resent == list(range(2, 18))
    assert sorted(reader.seqs(), key=lambda seq: wire.ahead(seq, 0)) == [0xFFFFFFFE, 0xFFFFFFFF, *range(23)]
    assert worn.sent == 25 * 13


async def test_the_ring_forgets_the_oldest_and_says_so(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered(), ring_packets=10)
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    await reader.ask(talk.Request(1, wire.START))
    await worn.advance(5.0)
    status = await reader.status()
    assert (status.oldest_seq, status.next_seq, status.held, status.capacity) == (10, 20, 10, 10)
    assert await reader.ask(talk.Request(2, wire.RESEND, first=9, count=5)) == (wire.NOT_HELD, 10)
    assert await reader.ask(talk.Request(3, wire.RESEND, first=20, count=1)) == (wire.NOT_HELD, 10)
    assert await reader.ask(talk.Request(4, wire.RESEND, first=15, count=500)) == (wire.OK, 5)
    assert await reader.ask(talk.Request(5, wire.RESEND, first=14, count=2)) == (wire.OK, 2)
    await until(lambda: {packet.seq for packet in reader.packets if packet.resent} == set(range(14, 20)))


async def test_live_packets_do_not_wait_behind_resent_ones(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered())
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    await reader.ask(talk.Request(1, wire.START))
    await worn.advance(60.0)
    reader.packets.clear()
    await reader.ask(talk.Request(2, wire.RESEND, first=0, count=240))
    await worn.advance(60.25)
    live = next(at for at, packet in enumerate(reader.packets) if not packet.resent)
    assert live <= 24
    await until(lambda: sum(packet.resent for packet in reader.packets) >= 239)  # a live one may have pushed one out


async def test_a_small_mtu_is_refused(bench: Bench) -> None:
    worn = UpstandPeripheral("Upstand P-1", Numbered())
    reader = Reader(await bench.put_on(worn))
    await reader.listen()
    (connection,) = bench.device.connections.values()
    connection.att_mtu = 100
    assert await reader.ask(talk.Request(1, wire.START)) == (wire.UNABLE, 183)
    assert not worn.is_started


async def test_witmotion_streams_at_once_at_10_hz_until_told(bench: Bench) -> None:
    worn = WitMotionPeripheral("WT901BLECL-1", Numbered(rate_hz=50.0))
    client = await bench.put_on(worn)
    got: list[bytes] = []
    await worn.advance(1.0)
    await client.start_notify(witmotion.NOTIFY_UUID, lambda _, v: got.append(bytes(v)))
    assert worn.is_read.is_set()
    await worn.advance(2.0)
    assert len(got) == worn.sent == 10
    assert {len(value) for value in got} == {20}
    acc_gyr = struct.unpack_from("<6h", got[0], 2)
    assert acc_gyr == (0, 0, 2048, 14, 0, 0)  # one g; sample 50: 50 × 0.0175 °/s × 16.384 counts = 14.3
    rate = bytes.fromhex("ffaa030800")
    await client.write_gatt_char(witmotion.WRITE_UUID, rate, response=True)
    assert worn.rate_hz == 10.0  # locked
    await client.write_gatt_char(witmotion.WRITE_UUID, UNLOCK, response=True)
    await client.write_gatt_char(witmotion.WRITE_UUID, rate, response=False)
    await worn.advance(2.0)
    got.clear()
    await worn.advance(3.0)
    assert len(got) == 50
    await worn.advance(20.0)
    await client.write_gatt_char(witmotion.WRITE_UUID, bytes.fromhex("ffaa030600"), response=True)
    assert worn.rate_hz == 50.0  # locked again after 10 s


async def test_witmotion_packs_four_frames_above_50_hz(bench: Bench) -> None:
    worn = WitMotionPeripheral("WT901BLECL-1", Numbered(rate_hz=100.0))
    client = await bench.put_on(worn)
    got: list[bytes] = []
    for command in (UNLOCK, bytes.fromhex("ffaa030900")):
        await client.write_gatt_char(witmotion.WRITE_UUID, command, response=True)
    await client.start_notify(witmotion.NOTIFY_UUID, lambda _, v: got.append(bytes(v)))
    for step in range(1, 11):
        await worn.advance(step * 0.107)
    assert {len(value) for value in got} == {80}
    assert len(got) == 107 // 4
    await worn.finish()
    assert sum(map(len, got)) == 20 * 107
    assert worn.sent == 107
    stream = b"".join(got)
    assert [stream[at : at + 2] for at in range(0, len(stream), 20)] == [b"\x55\x61"] * 107


async def test_witmotion_keeps_nothing_while_nobody_listens(bench: Bench) -> None:
    worn = WitMotionPeripheral("WT901BLECL-1", Numbered(rate_hz=50.0), keeps_rate=True)
    client = await bench.put_on(worn)
    got: list[bytes] = []
    await client.start_notify(witmotion.NOTIFY_UUID, lambda _, v: got.append(bytes(v)))
    await worn.advance(1.0)
    assert len(got) == 50  # a recording's rate is its own
    await bench.lose(client)
    await worn.advance(3.0)
    await client.connect()
    await client.start_notify(witmotion.NOTIFY_UUID, lambda _, v: got.append(bytes(v)))
    await worn.advance(4.0)
    assert len(got) == worn.sent == 100


async def test_witmotion_registers(bench: Bench) -> None:
    worn = WitMotionPeripheral("WT901BLECL-1", Numbered(rate_hz=50.0), battery_volts=3.97)
    client = await bench.put_on(worn)
    got: list[bytes] = []
    await client.start_notify(witmotion.NOTIFY_UUID, lambda _, v: got.append(bytes(v)))
    for command in ("ffaa276400", "ffaa270300", "ffaa27", "0102030405"):  # battery, rate, and two that say nothing
        await client.write_gatt_char(witmotion.WRITE_UUID, bytes.fromhex(command), response=True)
    await worn.advance(0.0)
    assert got == [
        bytes.fromhex("5571 6400 8d01 0000 0000 0000 0000 0000 0000 0000"),  # 397 = 3.97 V
        bytes.fromhex("5571 0300 0600 0000 0000 0000 0000 0000 0000 0000"),
    ]
