"""What the board's hashlib, aesio and random numbers do, on a computer."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from hardware.firmware.seal import Ciphers


class HostCiphers(Ciphers):
    """SHA-256 of the standard library, AES of OpenSSL."""

    def sha256(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def ctr(self, key: bytes, start: bytes, data: bytes) -> bytes:
        return Cipher(AES(key), CTR(start)).encryptor().update(data)

    def random(self, count: int) -> bytes:
        return secrets.token_bytes(count)
