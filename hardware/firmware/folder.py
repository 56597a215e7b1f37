"""A folder as the spill needs it: the same calls on the board and on a computer."""

import os

from hardware.firmware.spill import Files


class Folder(Files):
    """Made where it is missing. Raises OSError where the flash is full or belongs to the computer now."""

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            os.mkdir(path)
        except OSError:
            os.listdir(path)  # it was there; or it cannot be, and this says so

    def names(self) -> list[str]:
        return os.listdir(self._path)

    def size(self, name: str) -> int:
        return os.stat(self._at(name))[6]

    def append(self, name: str, data: bytes) -> None:
        with open(self._at(name), "ab") as file:
            file.write(data)

    def read(self, name: str, start: int, count: int) -> bytes:
        with open(self._at(name), "rb") as file:
            file.seek(start)
            return file.read(count)

    def remove(self, name: str) -> None:
        os.remove(self._at(name))

    def _at(self, name: str) -> str:
        return self._path + "/" + name


class Nowhere(Files):
    """The drive belongs to the computer: nothing is there, and nothing can be kept."""

    def names(self) -> list[str]:
        return []

    def append(self, name: str, data: bytes) -> None:
        raise OSError(f"{name}: {len(data)} bytes cannot be kept")
