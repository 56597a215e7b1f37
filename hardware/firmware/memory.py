"""What must outlive a reset: the key, the hosts that are allowed, how often it was switched on.

Kept in the chip's own non-volatile memory, which the USB drive does not show. The key is on the drive as a
file only until a computer has used it.
"""

from binascii import hexlify

from hardware.firmware.seal import HOST_ID_BYTES, KEY_BYTES, MOST_HOSTS

KEY_FILE = "upstand-key.txt"

_MARK = b"UPS2"
_STARTS_AT, _COUNT_AT, _HOSTS_AT, _KEY_AT = 4, 6, 8, 8 + HOST_ID_BYTES * MOST_HOSTS
_LIFE_BITS = 22
BYTES = _KEY_AT + KEY_BYTES


class Memory:
    """`store` is `microcontroller.nvm`, or a bytearray of as many bytes at least."""

    def __init__(self, store: bytearray) -> None:
        self._store = store

    @property
    def is_new(self) -> bool:
        """Whether there is no key yet."""
        return bytes(self._store[0:4]) != _MARK

    @property
    def key(self) -> bytes:
        return bytes(self._store[_KEY_AT : _KEY_AT + KEY_BYTES])

    @property
    def hosts(self) -> list[bytes]:
        return [
            bytes(self._store[_HOSTS_AT + HOST_ID_BYTES * at : _HOSTS_AT + HOST_ID_BYTES * (at + 1)])
            for at in range(self._store[_COUNT_AT])
        ]

    def begin(self, key: bytes) -> None:
        """A new key, and no hosts."""
        starts = 0 if self.is_new else self.starts
        self._store[0:_KEY_AT] = _MARK + starts.to_bytes(2, "little") + bytes(_KEY_AT - 6)
        self._store[_KEY_AT : _KEY_AT + KEY_BYTES] = key

    def remember(self, hosts: list[bytes]) -> None:
        ids = b"".join(hosts)
        self._store[_COUNT_AT:_KEY_AT] = bytes((len(hosts), 0)) + ids + bytes(_KEY_AT - _HOSTS_AT - len(ids))

    @property
    def starts(self) -> int:
        return int.from_bytes(bytes(self._store[_STARTS_AT : _STARTS_AT + 2]), "little")

    def next_start(self) -> int:
        """Count a power-on; returns the number of its first packet."""
        starts = (self.starts + 1) % 1024
        self._store[_STARTS_AT : _STARTS_AT + 2] = starts.to_bytes(2, "little")
        return starts << _LIFE_BITS


def key_text(name: str, key: bytes) -> str:
    """What the key file says."""
    lines = [
        f"# The key of the Upstand sensor {name}. On the computer: upstand pair {KEY_FILE}",
        "# This file goes when that computer has connected; the sensor's button brings it back.",
        "key = " + hexlify(key).decode(),
    ]
    return "\n".join(lines) + "\n"
