"""Files that only grow by whole records, and whose last one may be torn by a crash.

A record is its length and its CRC-32 as u32 little-endian, then its bytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

_HEAD = struct.Struct("<II")


def framed(record: bytes) -> bytes:
    """`record` as it stands in a file."""
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def read(path: Path) -> Iterator[bytes]:
    """The records of a file, up to the first that is torn or damaged. Raises OSError."""
    with path.open("rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            length, checksum = _HEAD.unpack(head)
            record = file.read(length)
            if len(record) < length or zlib.crc32(record) != checksum:
                return
            yield record
