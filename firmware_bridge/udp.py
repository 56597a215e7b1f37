"""SlimeVR trackers on the local network: they call on UDP port 6969, and stay while they are answered."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress

from firmware_bridge.ble import BluetoothError, LinkError, Notified, Sighting
from firmware_bridge.drivers.slimevr import CHANNEL, HANDSHAKE, HEAD, HEARTBEAT, NAME, PING, SERVICE

PORT = 6969
PING_S = 0.5  # a tracker gives up after 3 s without a word from us
SILENT_S = 3.0  # so do we
_GREETING = (bytes((HANDSHAKE,)) + b"Hey OVR =D 5").ljust(64, b"\0")
_BODY_BEFORE_FIRMWARE = 28  # board, IMU, processor, three numbers that are 0, protocol version
_MAC_BYTES = 6
_SENSOR_INFO = 15

Address = tuple[str, int]


def mac_of(datagram: bytes) -> str:
    """Who calls, by its handshake; "" where it does not say."""
    at = HEAD.size + _BODY_BEFORE_FIRMWARE
    if len(datagram) <= at:
        return ""
    start = at + 1 + datagram[at]
    mac = datagram[start : start + _MAC_BYTES]
    return ":".join(f"{byte:02x}" for byte in mac) if len(mac) == _MAC_BYTES else ""


class UdpPeer:
    """One sensor of a tracker that has called."""

    def __init__(self, forget: Callable[[UdpPeer], None]) -> None:
        self.lost = asyncio.Event()
        self.told: tuple[Callable[[], float], Notified] | None = None
        self._forget = forget

    async def listen(self, channel: str, now: Callable[[], float], told: Notified) -> None:
        """Raises LinkError for any channel but the one there is."""
        if channel != CHANNEL:
            raise LinkError(f"A tracker has no channel {channel}; its family's driver is wrong.")
        self.told = now, told

    async def write(self, channel: str, data: bytes, service: str = "") -> None:
        """Raises LinkError: a tracker takes no commands of ours."""
        raise LinkError(f"A tracker takes no {len(data)} bytes on {service}{channel}; its family's driver is wrong.")

    async def read(self, channel: str) -> bytes:
        """Raises LinkError: nothing can be read."""
        raise LinkError(f"A tracker has no {channel} to read; its family's driver is wrong.")

    async def leave(self) -> None:
        self.lost.set()
        self._forget(self)


class _Tracker:
    """One that has called."""

    def __init__(self, mac: str, where: Address) -> None:
        self.mac = mac
        self.where = where
        self.heard_s = 0.0
        self.sensors = {0}


class SlimeVr(asyncio.DatagramProtocol):
    """A radio that is a UDP socket. It is opened by the first search and stays open, for trackers hold on to it."""

    def __init__(self, port: int = PORT, host: str = "0.0.0.0") -> None:
        self._port, self._host = port, host
        self._transport: asyncio.DatagramTransport | None = None
        self._trackers: dict[Address, _Tracker] = {}
        self._peers: dict[str, list[UdpPeer]] = {}  # by MAC
        self._news = asyncio.Event()
        self._pinging: asyncio.Task[None] | None = None
        self._number = 0

    def reaches(self, sighting: Sighting) -> bool:
        return sighting.device is None

    async def scan(self, timeout_s: float, is_enough: Callable[[list[Sighting]], bool]) -> list[Sighting]:
        """Raises BluetoothError where the port is taken."""
        await self._open()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not is_enough(self._sightings()):
                    self._news.clear()
                    await self._news.wait()
        return self._sightings()

    async def connect(self, sighting: Sighting) -> UdpPeer:
        """Raises LinkError where it has fallen silent."""
        mac = _mac_in(sighting.address)
        if all(tracker.mac != mac for tracker in self._trackers.values()):
            raise LinkError(f"{sighting.name} does not call; switch it on in the same network.")
        peer = UdpPeer(lambda gone: self._peers.get(mac, []).remove(gone) if gone in self._peers.get(mac, []) else None)
        self._peers.setdefault(mac, []).append(peer)
        return peer

    async def close(self) -> None:
        """Nothing is heard any more."""
        if self._pinging is not None:
            self._pinging.cancel()
            with suppress(asyncio.CancelledError):
                await self._pinging
        if self._transport is not None:
            self._transport.close()
        self._transport = self._pinging = None

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if len(data) < HEAD.size:
            return
        kind, _ = HEAD.unpack_from(data)
        if kind == HANDSHAKE and self._transport is not None:
            self._transport.sendto(_GREETING, addr)
            mac = mac_of(data)
            if mac and (addr not in self._trackers or self._trackers[addr].mac != mac):
                self._trackers = {at: known for at, known in self._trackers.items() if known.mac != mac}
                self._trackers[addr] = _Tracker(mac, addr)
                self._news.set()
        tracker = self._trackers.get(addr)
        if tracker is None:
            return
        if kind == _SENSOR_INFO and len(data) > HEAD.size and data[HEAD.size] not in tracker.sensors:
            tracker.sensors.add(data[HEAD.size])  # a second one, on a wire
            self._news.set()
        tracker.heard_s = asyncio.get_running_loop().time()
        for peer in self._peers.get(tracker.mac, []):
            if peer.told is not None:
                now, told = peer.told
                told(now(), data)

    async def _open(self) -> None:
        if self._transport is not None:
            return
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self._host, self._port))
        except OSError as error:
            raise BluetoothError(
                f"UDP port {self._port} cannot be used ({error.strerror}); close the SlimeVR server, which uses it too."
            ) from error
        self._pinging = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        """Tell every tracker that we are there, and notice who is not."""
        while True:
            await asyncio.sleep(PING_S)
            now_s = asyncio.get_running_loop().time()
            self._number += 1
            for where, tracker in list(self._trackers.items()):
                if now_s - tracker.heard_s > SILENT_S:
                    del self._trackers[where]
                    for peer in self._peers.pop(tracker.mac, []):
                        peer.lost.set()
                elif self._transport is not None:
                    self._transport.sendto(HEAD.pack(HEARTBEAT, 0), where)
                    self._transport.sendto(HEAD.pack(PING, 0) + struct.pack(">I", self._number), where)

    def _sightings(self) -> list[Sighting]:
        return [
            Sighting(f"slimevr-{tracker.mac}/{sensor}", f"{NAME}{tracker.mac}/{sensor}", (SERVICE,), None)
            for tracker in self._trackers.values()
            for sensor in sorted(tracker.sensors)
        ]


def _mac_in(address: str) -> str:
    return address.removeprefix("slimevr-").rpartition("/")[0]
