"""Raw packets in a file, to be fed to a parser again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from analysis.errors import PostureError
from analysis.model import Segment
from firmware_bridge import records
from firmware_bridge.packet import RawPacket

VERSION = 1


class Header(msgspec.Struct, frozen=True, tag="upstand-capture", array_like=True):
    """The first record."""

    session_id: str
    started_at: float  # s since the Unix epoch (UTC) at the session's t = 0
    v: int = VERSION


class Opened(msgspec.Struct, frozen=True, tag="opened", array_like=True):
    """A link was made; packets of this sensor follow."""

    sensor_id: str
    family: str  # driver name
    segment: Segment
    rate_hz: float
    at_s: float


class _Packet(msgspec.Struct, frozen=True, tag="packet", array_like=True):
    sensor_id: str
    channel: str
    arrived_s: float
    data: bytes


Record = Opened | RawPacket


class Capture:
    """Writes one session. Raises PostureError where the file cannot be made.

    Where the disk fills up later, the capture ends there and `problem` says so: a recording is never worth the session.
    """

    def __init__(self, path: Path, session_id: str, started_at: float) -> None:
        self.problem = ""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
        except FileExistsError as error:
            raise PostureError(f"{path} is already there; give the capture another name.") from error
        except OSError as error:
            raise PostureError(f"{path} cannot be written ({error.strerror}); choose another folder.") from error
        self._write(Header(session_id, started_at))

    def opened(self, opened: Opened) -> None:
        self._write(opened)

    def packet(self, packet: RawPacket) -> None:
        self._write(_Packet(packet.sensor_id, packet.channel, packet.arrived_s, packet.data))

    def flush(self) -> None:
        with self._while_the_disk_allows():
            self._file.flush()

    def close(self) -> None:
        with self._while_the_disk_allows():
            self._file.close()

    def _write(self, record: Header | Opened | _Packet) -> None:
        if not self.problem:
            with self._while_the_disk_allows():
                self._file.write(records.framed(msgspec.msgpack.encode(record)))

    @contextmanager
    def _while_the_disk_allows(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.problem = f"The capture {self._path.name} has ended ({error.strerror}); free space for the next one."


def read(path: Path) -> tuple[Header, Iterator[Record]]:
    """The header, and all that follows up to a torn end. Raises PostureError for any other file."""
    try:
        frames = records.read(path)
        header = msgspec.msgpack.decode(next(frames, b""), type=Header)
    except OSError as error:
        raise PostureError(f"{path} cannot be read ({error.strerror}); give the capture's path.") from error
    except msgspec.MsgspecError as error:
        raise PostureError(f"{path} is no capture of Upstand; give another file.") from error
    if header.v != VERSION:
        raise PostureError(f"{path} is a capture of version {header.v}; update Upstand.")
    return header, _records(frames)


def _records(frames: Iterator[bytes]) -> Iterator[Record]:
    for frame in frames:
        record = msgspec.msgpack.decode(frame, type=Opened | _Packet)
        if isinstance(record, Opened):
            yield record
        else:
            yield RawPacket(record.sensor_id, record.channel, record.arrived_s, record.data)
