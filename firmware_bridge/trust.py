"""Trust in our own sensors: their keys, and a link's session under one of them (protocol.md, "Sealed packets").

A core. The sensor's side is hardware/firmware/seal.py; the example of the protocol's page holds both to the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

KEY_BYTES = 32
HOST_ID_BYTES = 8
NONCE_BYTES = 8

_TAG_BYTES = 8
_WELCOME_BYTES = 22
_HEAD_BYTES = 5  # of all sealed packets but those of the stream: first byte and number
_STREAM_HEAD_BYTES = 16
_HELLO, _WELCOME = 0x26, 0x27
_NEW_HOST = 1
_STREAM, _REQUEST, _ANSWER = 1, 2, 3


class TrustError(ValueError):
    """Bytes that the one who has the key did not send, or not now."""


class Greeting(StrEnum):
    """What a sensor said to our hello."""

    LET_IN = "let in"
    STRANGE = "strange"  # it has a key that we have not
    FALSE = "false"  # it names a key of ours and cannot use it
    SHUT = "shut"  # it has not heard of this computer; somebody must press its button


@dataclass(frozen=True, slots=True)
class Keyring:
    """This computer's name among the hosts of a sensor, and the keys of the sensors it may read."""

    host_id: bytes  # 8 bytes
    keys: Mapping[bytes, bytes]  # key id → key of 32 bytes


def key_id(key: bytes) -> bytes:
    """4 bytes that name a key and tell nothing of it."""
    return _mac(key, b"upstand key id")[:4]


class Session:
    """From our hello to the end of the link. `nonce` is new for each."""

    def __init__(self, ring: Keyring, nonce: bytes) -> None:
        self.hello = bytes((_HELLO,)) + ring.host_id + nonce
        self._ring = ring
        self._cipher_key = b""
        self._tag_key = b""
        self._asked = 0  # number of our last request
        self._answered = 0
        self._told = 0  # number of the last status or event that was notified

    def welcomed(self, welcome: bytes) -> Greeting:
        """The sensor's answer to our hello. Raises TrustError for what is none."""
        if len(welcome) != _WELCOME_BYTES or welcome[0] != _WELCOME:
            raise TrustError("no welcome of version 2")
        key = self._ring.keys.get(welcome[2:6])
        if key is None:
            return Greeting.STRANGE
        start = welcome[:-_TAG_BYTES]
        secret = _mac(key, self.hello + start)
        tag_key = _mac(secret, b"\x02")
        if not hmac.compare_digest(_mac(tag_key, start)[:_TAG_BYTES], welcome[-_TAG_BYTES:]):
            return Greeting.FALSE
        self._cipher_key, self._tag_key = _mac(secret, b"\x01")[:16], tag_key
        return Greeting.SHUT if welcome[1] == _NEW_HOST else Greeting.LET_IN

    def seal(self, request: bytes) -> bytes:
        """A plain request as it goes on the air."""
        self._asked += 1
        data = struct.pack("<BI", 0x20 | _REQUEST, self._asked) + self._crypt(_REQUEST, self._asked, request[1:])
        return data + self._tag(data)

    def open(self, data: bytes, *, is_read: bool = False) -> bytes:
        """The plain packet in a sealed one. A status that `is_read` may be an older one.

        Raises TrustError for what is not sealed, not by our sensor, or has been said before.
        """
        if len(data) <= _HEAD_BYTES + _TAG_BYTES or data[0] & 0xF0 != 0x20:
            raise TrustError("not a sealed packet")
        if not hmac.compare_digest(self._tag(data[:-_TAG_BYTES]), data[-_TAG_BYTES:]):
            raise TrustError("a packet with a wrong tag")
        kind = data[0] & 0x0F
        if kind == _STREAM:
            head, body = data[:_STREAM_HEAD_BYTES], data[_STREAM_HEAD_BYTES:-_TAG_BYTES]
            number = int.from_bytes(head[4:8], "little")
            return bytes((0x10 | kind,)) + head[1:] + self._crypt(kind, number, body)
        number = int.from_bytes(data[1:_HEAD_BYTES], "little")
        if not is_read:
            self._check_is_new(kind, number)
        return bytes((0x10 | kind,)) + self._crypt(kind, number, data[_HEAD_BYTES:-_TAG_BYTES])

    def _check_is_new(self, kind: int, number: int) -> None:
        if kind == _ANSWER:
            if not self._answered < number <= self._asked:
                raise TrustError("an answer to nothing that was asked")
            self._answered = number
        elif number <= self._told:
            raise TrustError("a packet that has been heard before")
        else:
            self._told = number

    def _crypt(self, kind: int, number: int, data: bytes) -> bytes:
        start = struct.pack(">B7xII", kind, number, 0)
        return Cipher(AES(self._cipher_key), CTR(start)).encryptor().update(data)

    def _tag(self, data: bytes) -> bytes:
        return _mac(self._tag_key, data)[:_TAG_BYTES]


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
