"""What a sensor sends, as it came."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawPacket:
    """One notification."""

    sensor_id: str
    channel: str  # UUID of the characteristic
    arrived_s: float  # s since the session's start, taken first thing in the callback
    data: bytes
