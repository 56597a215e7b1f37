"""The central device that all of bleak's scanners and clients of one stage share."""

from __future__ import annotations

import asyncio

from bleak.backends.client import NotifyCallback
from bleak.uuids import normalize_uuid_str
from bumble.core import UUID
from bumble.device import Device

from hardware.twin.radio.air import AirHost


class Central:
    """What all scanners and clients of one central device share."""

    def __init__(self, device: Device, host: AirHost) -> None:
        self.device = device
        self.connecting = asyncio.Lock()  # a controller makes one connection attempt at a time
        self.scan_changing = asyncio.Lock()
        self.scanners = 0  # a Bumble device has one scan for all of them
        self.notified: dict[tuple[int, int], NotifyCallback] = {}  # by connection and attribute handle
        host.on_notification = self._on_notification

    def _on_notification(self, connection_handle: int, attribute_handle: int, value: bytes) -> bool:
        callback = self.notified.get((connection_handle, attribute_handle))
        if callback is None:
            return False
        callback(bytearray(value))
        return True


def uuid_text(uuid: UUID) -> str:
    """The 128-bit lower-case form that bleak compares."""
    return normalize_uuid_str(uuid.to_hex_str("-"))
