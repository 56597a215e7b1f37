"""The sensor's fault is not our fault: bad bytes are counted, told once, and skipped."""

from __future__ import annotations

from analysis.errors import PostureError


class PacketError(PostureError):
    """Bytes of a sensor that make no sense; `kind` names what is wrong with them, in a few words."""

    def __init__(self, sensor_id: str, kind: str, data: bytes) -> None:
        super().__init__(f"{sensor_id} sent bytes that were skipped ({kind}): {data[:32].hex(' ')}")
        self.sensor_id = sensor_id
        self.kind = kind
        self.data = data
