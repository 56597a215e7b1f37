"""Trust: packets sealed with a key that only the sensor and its hosts have (protocol.md, "Sealed packets").

AES-128 in counter mode hides them, HMAC-SHA256 cut to 8 bytes proves where they come from. Both come from outside, as
the board has `hashlib` and `aesio` and a computer other ones.
"""

import struct

from hardware.firmware import wire

KEY_BYTES = 32
HOST_ID_BYTES = 8
TAG_BYTES = 8
MOST_HOSTS = 8

_HELLO_BYTES = 1 + HOST_ID_BYTES + 8
_HEAD_BYTES = 5  # first byte and number
_HASH_BLOCK_BYTES = 64


class Ciphers:
    """What the platform gives."""

    def sha256(self, data: bytes) -> bytes:
        raise NotImplementedError

    def ctr(self, key: bytes, start: bytes, data: bytes) -> bytes:
        """AES in counter mode, the 16 bytes of `start` counted up as one big-endian number."""
        raise NotImplementedError

    def random(self, count: int) -> bytes:
        """Bytes nobody can guess."""
        raise NotImplementedError


class SealError(ValueError):
    """Not of this session, or not of anybody who has the key."""


def hmac(ciphers: Ciphers, key: bytes, data: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104), for keys of at most 64 bytes."""
    padded = key + bytes(_HASH_BLOCK_BYTES - len(key))
    inner = ciphers.sha256(bytes(byte ^ 0x36 for byte in padded) + data)
    return ciphers.sha256(bytes(byte ^ 0x5C for byte in padded) + inner)


def key_id(ciphers: Ciphers, key: bytes) -> bytes:
    """4 bytes by which a host finds the key among its own."""
    return hmac(ciphers, key, b"upstand key id")[:4]


class Tags:
    """HMAC under one key, its padded halves made once."""

    def __init__(self, ciphers: Ciphers, key: bytes) -> None:
        padded = key + bytes(_HASH_BLOCK_BYTES - len(key))
        self._inner = bytes(byte ^ 0x36 for byte in padded)
        self._outer = bytes(byte ^ 0x5C for byte in padded)
        self._ciphers = ciphers

    def tag(self, data: bytes) -> bytes:
        return self._ciphers.sha256(self._outer + self._ciphers.sha256(self._inner + data))[:TAG_BYTES]

    def fits(self, data: bytes, tag: bytes) -> bool:
        wanted, difference = self.tag(data), len(tag) ^ TAG_BYTES
        for ours, theirs in zip(wanted, tag):  # noqa: B905 - CircuitPython's zip has no strict
            difference |= ours ^ theirs  # all of it, so that time tells nothing
        return not difference


class Session:
    """One link, from the host's hello on. Nothing of an earlier one is accepted or said again."""

    def __init__(self, ciphers: Ciphers, key: bytes, hello: bytes, is_known: bool) -> None:
        """Raises SealError for what is no hello."""
        if len(hello) != _HELLO_BYTES or hello[0] != wire.HELLO:
            raise SealError("no hello of version 2")
        self.host_id = hello[1 : 1 + HOST_ID_BYTES]
        self._ciphers = ciphers
        start = bytes((wire.WELCOME, wire.KNOWN_HOST if is_known else wire.NEW_HOST))
        start += key_id(ciphers, key) + ciphers.random(8)
        secret = hmac(ciphers, key, hello + start)
        self._cipher_key = hmac(ciphers, secret, b"\x01")[:16]
        self._tags = Tags(ciphers, hmac(ciphers, secret, b"\x02"))
        self.welcome = start + self._tags.tag(start)
        self._request = 0  # number of the last one taken
        self._said = 0  # number of the last status or event

    def open_request(self, data: bytes) -> bytes:
        """The plain request in a sealed one. Raises SealError, and then nothing has changed."""
        if len(data) < _HEAD_BYTES + TAG_BYTES + 3 or data[0] != wire.SEALED | wire.REQUEST:
            raise SealError("no sealed request")
        if not self._tags.fits(data[:-TAG_BYTES], data[-TAG_BYTES:]):
            raise SealError("a request by somebody who has not the key")
        number = struct.unpack_from("<I", data, 1)[0]
        if number <= self._request:
            raise SealError("a request that has been heard before")
        self._request = number
        body = self._crypt(wire.REQUEST, number, data[_HEAD_BYTES:-TAG_BYTES])
        return bytes((wire.PLAIN | wire.REQUEST,)) + body

    def seal_answer(self, plain: bytes) -> bytes:
        """An answer bears the number of its request."""
        return self._seal(wire.ANSWER, self._request, plain)

    def seal_told(self, plain: bytes) -> bytes:
        """A status or an event."""
        self._said += 1
        return self._seal(plain[0] & 0x0F, self._said, plain)

    def seal_stream(self, plain: bytes) -> bytes:
        """The header stays readable; it is under the tag with the rest."""
        head = bytes((wire.SEALED | wire.STREAM,)) + plain[1 : wire.STREAM_HEAD_BYTES]
        number = struct.unpack_from("<I", plain, 4)[0]
        data = head + self._crypt(wire.STREAM, number, plain[wire.STREAM_HEAD_BYTES :])
        return data + self._tags.tag(data)

    def _seal(self, kind: int, number: int, plain: bytes) -> bytes:
        data = struct.pack("<BI", wire.SEALED | kind, number) + self._crypt(kind, number, plain[1:])
        return data + self._tags.tag(data)

    def _crypt(self, kind: int, number: int, data: bytes) -> bytes:
        start = bytes((kind, 0, 0, 0, 0, 0, 0, 0)) + struct.pack(">II", number, 0)
        return self._ciphers.ctr(self._cipher_key, start, data)
