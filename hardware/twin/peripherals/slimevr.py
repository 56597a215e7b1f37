"""A SlimeVR tracker on the local network: it calls by UDP until it is answered, and then tells how it lies.

Sources: SlimeVR-Tracker-ESP `src/network/packets.h` and `connection.cpp`. Big-endian; a server that has said nothing
for three seconds is given up.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable

import numpy as np

from analysis.model import Floats

HEARTBEAT, HANDSHAKE, PING, BATTERY, ROTATION_AND_ACCELERATION, BUNDLE = 0, 3, 10, 12, 23, 100
SERVER_SILENT_S = 3.0
_HEAD = struct.Struct(">IQ")
_GREETING = b"\x03Hey OVR =D 5"
_FIRMWARE = b"0.7.0"
_CALL_S = 0.2  # a real one calls each second


def handshake(mac: bytes) -> bytes:
    """Board, IMU, processor, three zeros, protocol version, firmware, MAC."""
    body = struct.pack(">7I", 1, 8, 1, 0, 0, 0, 19) + bytes((len(_FIRMWARE),)) + _FIRMWARE + mac
    return _HEAD.pack(HANDSHAKE, 0) + body + b"\0"


def rotation_and_acceleration(sensor: int, q: Floats, acc: Floats) -> bytes:
    """The body: q (4,) sensor → world, scalar first; acc (3,) m/s² without gravity."""
    words = np.clip(np.rint(np.roll(q, -1) * 32768), -32768, 32767), np.clip(np.rint(acc * 128), -32768, 32767)
    return struct.pack(">B", sensor) + np.concatenate(words).astype(">i2").tobytes()


def datagram(number: int, kind: int, body: bytes) -> bytes:
    return _HEAD.pack(kind, number) + body


def bundle(number: int, parts: list[tuple[int, bytes]]) -> bytes:
    """Several packets in one datagram; each length counts the kind, too."""
    inner = b"".join(struct.pack(">HI", 4 + len(body), kind) + body for kind, body in parts)
    return _HEAD.pack(BUNDLE, number) + inner


class SlimeVrTracker(asyncio.DatagramProtocol):
    """One tracker. `tell` sends how it lies; it returns whether somebody is there to hear it."""

    def __init__(self, mac: bytes, port: int, host: str = "127.0.0.1") -> None:
        self.pings = 0
        self._mac = mac
        self._server = (host, port)
        self._transport: asyncio.DatagramTransport | None = None
        self._heard_s: float | None = None
        self._number = 0
        self._calling: asyncio.Task[None] | None = None
        self._clock: Callable[[], float] = asyncio.get_running_loop().time

    async def switch_on(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._calling = asyncio.create_task(self._call())

    async def switch_off(self) -> None:
        if self._calling is not None:
            self._calling.cancel()
            await asyncio.gather(self._calling, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()
        self._transport = self._heard_s = None

    @property
    def is_answered(self) -> bool:
        return self._heard_s is not None and self._clock() - self._heard_s < SERVER_SILENT_S

    def tell(self, q: Floats, acc: Floats, *, battery: float | None = None) -> bool:
        """Send one rotation, and the battery's share with it in a bundle."""
        if not self.is_answered:
            return False
        self._number += 1
        body = rotation_and_acceleration(0, q, acc)
        if battery is None:
            self._send(datagram(self._number, ROTATION_AND_ACCELERATION, body))
        else:
            charge = struct.pack(">ff", 3.9, battery)
            self._send(bundle(self._number, [(BATTERY, charge), (ROTATION_AND_ACCELERATION, body)]))
        return True

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if addr != self._server:
            return
        if data.startswith(_GREETING) and len(data) == 64:
            self._heard_s = self._clock()
        elif self._heard_s is not None and len(data) >= _HEAD.size:
            self._heard_s = self._clock()
            if _HEAD.unpack_from(data)[0] == PING:
                self.pings += 1
                self._send(data)  # as it came

    async def _call(self) -> None:
        while True:
            if not self.is_answered:
                self._send(handshake(self._mac))
            await asyncio.sleep(_CALL_S)

    def _send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(data, self._server)
