"""Real bleak over the virtual radio: everything a bridge does, and everything that goes wrong with it."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bumble import hci
from bumble.att import ATT_CID
from bumble.core import UUID, AdvertisingData
from bumble.data_types import CompleteListOf128BitServiceUUIDs, CompleteLocalName
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.host import Host

from benchmarks.impersonated import until
from hardware.twin.radio.air import CONNECTION_INTERVAL_S, Air, AirHost, Radio, make_device
from hardware.twin.radio.backend import AirClient, AirScanner, backends

SERVICE = "a1b20001-0000-4000-8000-00000000ee01"
DATA = "a1b20002-0000-4000-8000-00000000ee01"
CONTROL = "a1b20003-0000-4000-8000-00000000ee01"
SECRET = "a1b20004-0000-4000-8000-00000000ee01"
SURE = "a1b20007-0000-4000-8000-00000000ee01"
OTHER_SERVICE = "a1b20005-0000-4000-8000-00000000ee01"
ABSENT = "F6:00:00:00:00:99"
PATIENCE_S = 30.0  # until a test that hangs is ended

READ = Characteristic.Permissions.READABLE
WRITE = Characteristic.Permissions.WRITEABLE
PROPERTIES = Characteristic.Properties


class Beacon:
    """A small peripheral: counts, notifies, takes and gives back one value, keeps one behind encryption."""

    def __init__(self, air: Air, name: str, address: str) -> None:
        self.device, self.radio, self.host = make_device(air, name, address)
        self.connection: Connection | None = None
        self.value = b"\x00"
        self.data: Characteristic[bytes] = Characteristic(DATA, PROPERTIES.NOTIFY, READ)
        self.sure: Characteristic[bytes] = Characteristic(SURE, PROPERTIES.INDICATE, READ)
        control: Characteristic[bytes] = Characteristic(
            CONTROL,
            PROPERTIES.READ | PROPERTIES.WRITE | PROPERTIES.WRITE_WITHOUT_RESPONSE,
            READ | WRITE,
            CharacteristicValue(read=lambda _connection: self.value, write=self._on_write),
        )
        secret: Characteristic[bytes] = Characteristic(
            SECRET, PROPERTIES.READ, READ | Characteristic.Permissions.READ_REQUIRES_ENCRYPTION, b"\x2a"
        )
        self.device.add_services([Service(UUID(SERVICE), [self.data, self.sure, control, secret])])
        other: Characteristic[bytes] = Characteristic(OTHER_SERVICE.replace("0005", "0006"), PROPERTIES.READ, READ, b"")
        self.device.add_services([Service(UUID(OTHER_SERVICE), [other])])
        self.device.on("connection", self._on_connection)

    def _on_write(self, _connection: Connection, value: bytes) -> None:
        self.value = bytes(value)

    def _on_connection(self, connection: Connection) -> None:
        self.connection = connection

    async def advertise(self) -> None:
        await self.device.start_advertising(
            advertising_data=bytes(AdvertisingData([CompleteListOf128BitServiceUUIDs([UUID(SERVICE)])])),
            scan_response_data=bytes(AdvertisingData([CompleteLocalName(self.device.name)])),
            advertising_interval_min=20.0,
            advertising_interval_max=20.0,
            auto_restart=True,
        )

    async def notify(self, first: int, count: int) -> None:
        assert self.connection is not None
        for number in range(first, first + count):
            pdu = struct.pack("<BHI", 0x1B, self.data.handle, number)
            self.host.send_l2cap_pdu(self.connection.handle, ATT_CID, pdu)
        await self.host.drained(self.connection.handle)


@dataclass
class Room:
    """An air with a central and two beacons."""

    air: Air
    central: Device
    client: type[AirClient]
    scanner: type[AirScanner]
    one: Beacon
    two: Beacon
    made: list[BleakClient] = field(default_factory=list)

    async def find(self, name: str, timeout_s: float = PATIENCE_S) -> BLEDevice:
        device = await BleakScanner.find_device_by_name(name, timeout=timeout_s, backend=self.scanner)
        assert device is not None
        return device

    def bleak(
        self, device: BLEDevice | str, lost: Callable[[BleakClient], None] | None = None, timeout_s: float = PATIENCE_S
    ) -> BleakClient:
        made = BleakClient(device, lost, timeout=timeout_s, backend=self.client)
        self.made.append(made)
        return made

    async def connected(self, name: str) -> BleakClient:
        made = self.bleak(await self.find(name))
        await made.connect()
        return made


async def _room(delay_s: float) -> AsyncIterator[Room]:
    air = Air(delay_s)
    central, _, _ = make_device(air, "central", "F6:00:00:00:00:00")
    await central.power_on()
    beacons = [Beacon(air, name, f"F6:00:00:00:00:0{n}") for n, name in ((1, "beacon one"), (2, "beacon two"))]
    for beacon in beacons:
        await beacon.device.power_on()
        await beacon.advertise()
    client, scanner = backends(central)
    assert issubclass(client, AirClient)
    assert issubclass(scanner, AirScanner)
    room = Room(air, central, client, scanner, *beacons)
    yield room
    for made in room.made:
        await made.disconnect()
    for device in (*(beacon.device for beacon in beacons), central):
        await device.power_off()


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    """No delay: as fast as it goes."""
    async for made in _room(0.0):
        yield made


@pytest.fixture
async def slow_room() -> AsyncIterator[Room]:
    """The delay of the shortest connection interval."""
    async for made in _room(CONNECTION_INTERVAL_S):
        yield made


def _names(scanner: BleakScanner) -> set[str | None]:
    return {told.local_name for _, told in scanner.discovered_devices_and_advertisement_data.values()}


def _collect(numbers: list[int]) -> Callable[[object, bytearray], None]:
    def on_data(_characteristic: object, value: bytearray) -> None:
        numbers.append(int(struct.unpack("<I", value)[0]))

    return on_data


async def test_scanning_finds_by_name_and_by_service(room: Room) -> None:
    async with (
        BleakScanner(service_uuids=[OTHER_SERVICE], backend=room.scanner) as other,
        BleakScanner(service_uuids=[SERVICE], backend=room.scanner) as scanner,
    ):
        await until(lambda: _names(scanner) == {"beacon one", "beacon two"})
        found = [told for _, told in scanner.discovered_devices_and_advertisement_data.values()]
        assert all(told.service_uuids == [SERVICE] and told.rssi < 0 for told in found)
        assert not other.discovered_devices


async def test_a_passive_scan_sees_no_scan_response(room: Room) -> None:
    heard: list[str | None] = []
    async with BleakScanner(
        lambda _device, told: heard.append(told.local_name), scanning_mode="passive", backend=room.scanner
    ) as scanner:
        await until(lambda: len(heard) >= 12)
        assert len(scanner.discovered_devices) == 2
    assert set(heard) == {None}


async def test_two_scanners_share_the_one_scan(room: Room) -> None:
    async with BleakScanner(backend=room.scanner):
        await room.find("beacon one")
        assert room.central.is_scanning
        await room.find("beacon two")
    assert not room.central.is_scanning


async def test_a_connection_has_services_a_large_mtu_and_values(room: Room) -> None:
    one = await room.connected("beacon one")
    assert one.mtu_size == 247
    assert one.name == "beacon one"
    characteristic = one.services.get_characteristic(CONTROL)
    assert characteristic is not None
    assert characteristic.max_write_without_response_size == 244
    assert set(characteristic.properties) == {"read", "write", "write-without-response"}
    data = one.services.get_characteristic(DATA)
    assert data is not None
    assert [descriptor.uuid[4:8] for descriptor in data.descriptors] == ["2902"]
    assert await one.read_gatt_descriptor(data.descriptors[0].handle) == b"\x00\x00"
    await one.write_gatt_char(CONTROL, b"\x01\x02", response=True)
    assert await one.read_gatt_char(CONTROL) == b"\x01\x02"
    await one.write_gatt_char(CONTROL, b"\x03", response=False)
    await until(lambda: room.one.value == b"\x03")
    with pytest.raises(BleakError, match="more than one write"):
        await one.write_gatt_char(CONTROL, bytes(245), response=False)
    with pytest.raises(BleakError, match="already connected"):
        await one.connect()


async def test_only_the_services_asked_for_are_resolved(room: Room) -> None:
    one = BleakClient(await room.find("beacon one"), services=[SERVICE], backend=room.client)
    room.made.append(one)
    await one.connect()
    assert [service.uuid for service in one.services] == [SERVICE]


async def test_no_notification_is_lost_or_out_of_order(room: Room) -> None:
    one = await room.connected("beacon one")
    numbers: list[int] = []
    await one.start_notify(DATA, _collect(numbers))
    for first in range(0, 4000, 500):
        await room.one.notify(first, 500)
        assert len(numbers) == first + 500  # drained means arrived
    assert numbers == list(range(4000))
    with pytest.raises(BleakError, match="already on"):
        await one.start_notify(DATA, _collect(numbers))
    await one.stop_notify(DATA)
    with pytest.raises(BleakError, match="not on"):
        await one.stop_notify(DATA)


async def test_indications_arrive_too(room: Room) -> None:
    one = await room.connected("beacon one")
    numbers: list[int] = []
    await one.start_notify(SURE, _collect(numbers))
    for number in (7, 8):  # returns when the other end has confirmed it
        await room.one.device.indicate_subscribers(room.one.sure, struct.pack("<I", number))
    await one.stop_notify(SURE)
    await room.one.device.indicate_subscribers(room.one.sure, struct.pack("<I", 9))
    assert numbers == [7, 8]


async def test_an_error_in_a_callback_does_not_stop_the_air(room: Room) -> None:
    one = await room.connected("beacon one")
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context["exception"]))
    numbers: list[int] = []

    def on_data(characteristic: object, value: bytearray) -> None:
        _collect(numbers)(characteristic, value)
        if len(numbers) == 3:
            raise KeyError("a mistake of the bridge's")

    await one.start_notify(DATA, on_data)
    await asyncio.wait_for(room.one.notify(0, 10), PATIENCE_S)
    assert numbers == list(range(10))
    assert [type(error) for error in errors] == [KeyError]


async def test_refused_operations_raise_the_errors_of_bleak(room: Room) -> None:
    one = await room.connected("beacon one")
    with pytest.raises(BleakGATTProtocolError) as refused:
        await one.read_gatt_char(SECRET)
    assert refused.value.code == 0x0F  # insufficient encryption
    with pytest.raises(BleakError, match="not found"):
        await one.read_gatt_char(SERVICE)


async def test_a_loss_is_noticed_and_ends_what_was_under_way(room: Room) -> None:
    lost: list[BleakClient] = []
    one = room.bleak(await room.find("beacon one"), lost.append)
    await one.connect()
    reading = asyncio.create_task(one.read_gatt_char(CONTROL))
    await asyncio.sleep(0)
    room.air.lose(room.one.radio)
    with pytest.raises(BleakError, match="lost"):
        await asyncio.wait_for(reading, PATIENCE_S)
    assert lost == [one]
    assert not one.is_connected
    with pytest.raises(BleakError, match=r"[Nn]ot connected|not been performed"):
        await one.read_gatt_char(CONTROL)
    await one.disconnect()  # as one should after a loss; nothing is left to end


async def test_the_peer_may_end_the_connection(room: Room) -> None:
    lost: list[BleakClient] = []
    one = room.bleak(await room.find("beacon one"), lost.append)
    await one.connect()
    assert room.one.connection is not None
    await room.one.connection.disconnect()
    await until(lambda: lost == [one])


async def test_reconnecting_brings_no_duplicates_and_nothing_of_the_old_link(room: Room) -> None:
    one = room.bleak(await room.find("beacon one"))
    for _ in range(4):
        numbers: list[int] = []
        await one.connect()
        await one.start_notify(DATA, _collect(numbers))
        await room.one.notify(0, 20)
        assert numbers == list(range(20))
        sending = asyncio.create_task(room.one.notify(100, 20))
        await asyncio.sleep(0)
        room.air.lose(room.one.radio)
        await asyncio.wait_for(sending, PATIENCE_S)  # nobody waits for a link that is gone
        await until(lambda: not one.is_connected)
        await one.disconnect()
        assert numbers == list(range(20))


async def test_connecting_to_an_absent_peer_times_out_and_leaves_the_radio_free(room: Room) -> None:
    absent = room.bleak(ABSENT, timeout_s=0.1)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await absent.connect()
    assert not room.central.is_le_connecting
    assert (await room.connected("beacon one")).is_connected


async def test_a_cancelled_connect_leaves_the_radio_free(room: Room) -> None:
    for wait_s in (0.0, 0.05):
        attempt = asyncio.create_task(room.bleak(ABSENT).connect())
        await asyncio.sleep(wait_s)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
    assert (await room.connected("beacon one")).is_connected


@pytest.mark.parametrize("turns", range(0, 24, 3))
async def test_a_connect_cancelled_at_any_moment_leaves_no_connection(room: Room, turns: int) -> None:
    device = await room.find("beacon one")
    attempt = asyncio.create_task(room.bleak(device).connect())
    await until(lambda: room.one.device.connections != {} or turns < 6)
    for _ in range(turns):
        await asyncio.sleep(0)
    attempt.cancel()
    await asyncio.wait({attempt})
    if attempt.cancelled():
        await until(lambda: room.central.connections == {} and room.one.device.connections == {})
        await room.bleak(device).connect()
    assert len(room.central.connections) == len(room.one.device.connections) == 1


async def test_two_sensors_connect_at_the_same_time_and_both_stream(room: Room) -> None:
    one, two = [room.bleak(await room.find(name)) for name in ("beacon one", "beacon two")]
    await asyncio.gather(one.connect(), two.connect())
    from_one: list[int] = []
    from_two: list[int] = []
    await asyncio.gather(one.start_notify(DATA, _collect(from_one)), two.start_notify(DATA, _collect(from_two)))
    await asyncio.gather(room.one.notify(0, 200), room.two.notify(1000, 200))
    assert from_one == list(range(200))
    assert from_two == list(range(1000, 1200))


async def test_pairing_opens_what_is_encrypted_and_a_bond_lasts(room: Room) -> None:
    one = await room.connected("beacon one")
    await one.pair()
    assert await one.read_gatt_char(SECRET) == b"\x2a"
    await one.disconnect()
    await one.connect()
    assert await one.read_gatt_char(SECRET) == b"\x2a"  # the link to a bonded peer is encrypted at once
    await one.unpair()
    assert not one.is_connected
    with pytest.raises(BleakDeviceNotFoundError):
        await one.unpair()


async def test_everything_works_with_the_delay_of_a_real_link(slow_room: Room) -> None:
    one = await slow_room.connected("beacon one")
    numbers: list[int] = []
    await one.start_notify(DATA, _collect(numbers))
    loop = asyncio.get_running_loop()
    sent_s = loop.time()
    await slow_room.one.notify(0, 10)
    assert numbers == list(range(10))
    assert loop.time() - sent_s >= CONNECTION_INTERVAL_S
    await slow_room.one.notify(10, 300)  # more than the controller takes at once
    assert numbers == list(range(310))
    sending = asyncio.create_task(slow_room.one.notify(310, 10))
    await asyncio.sleep(0)
    slow_room.air.lose(slow_room.one.radio)
    await asyncio.wait_for(sending, PATIENCE_S)
    await one.disconnect()
    await asyncio.sleep(2 * CONNECTION_INTERVAL_S)
    assert numbers == list(range(310))  # what was in the air is lost with the link


async def test_a_request_nobody_hears_ends_the_connection(room: Room) -> None:
    """The sensor stops advertising just when the central calls it."""
    one = room.bleak(await room.find("beacon one"), timeout_s=PATIENCE_S)
    create = Radio.create_le_connection
    radio = next(r for r in room.air.controllers if isinstance(r, Radio) and r.name == "central")

    def create_too_late(peer_address: hci.Address) -> None:
        room.one.radio.le_legacy_advertiser.stop()
        create(radio, peer_address)

    radio.create_le_connection = create_too_late  # type: ignore[method-assign]  # the race, made certain
    with pytest.raises(BleakError):
        await one.connect()
    assert not one.is_connected
    assert room.central.connections == {}


async def test_the_backends_need_the_hosts_of_this_air() -> None:
    device = Device(host=Host())
    with pytest.raises(TypeError, match="make_device"):
        backends(device)
    assert not isinstance(device.host, AirHost)
