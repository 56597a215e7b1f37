"""The sensor's flash, in memory: it can be full, and it counts what is written to it."""

from __future__ import annotations

import errno

from hardware.firmware.spill import Files

FLASH_BYTES = 2 * 1024 * 1024  # the XIAO's P25Q16H
OTHERS_BYTES = 150_000  # what firmware, settings and file system take of it


class Flash(Files):
    """A folder of the drive. Outlives the firmware that writes to it, as flash outlives a reset."""

    def __init__(self, most_bytes: int = FLASH_BYTES - OTHERS_BYTES) -> None:
        self.files: dict[str, bytearray] = {}
        self.most_bytes = most_bytes
        self.appends = 0

    def names(self) -> list[str]:
        return sorted(self.files, reverse=True)  # a file system promises no order

    def size(self, name: str) -> int:
        return len(self.files[name])

    def append(self, name: str, data: bytes) -> None:
        if sum(map(len, self.files.values())) + len(data) > self.most_bytes:
            raise OSError(errno.ENOSPC, "no space left")
        self.files.setdefault(name, bytearray()).extend(data)
        self.appends += 1

    def read(self, name: str, start: int, count: int) -> bytes:
        return bytes(self.files[name][start : start + count])

    def remove(self, name: str) -> None:
        del self.files[name]
