"""What stands on every block of a session, and which block it is."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.model import Segment
from analysis.schema import Samples
from firmware_bridge.clock import ClockFit, Timeline
from firmware_bridge.driver import Scale


@dataclass(frozen=True, slots=True)
class Session:
    """What every block of one run of the bridge says about itself."""

    session_id: str
    started_at: float  # s since the Unix epoch (UTC) at t = 0
    source: str  # "radio", "simulated" or "replay"


class Numbering:
    """Places and numbers the blocks of one segment: `seq` counts from 0 without holes, in output order."""

    def __init__(
        self,
        session: Session,
        sensor_id: str,
        segment: Segment,
        max_drift: float,
        *,
        after: Numbering | None = None,
    ) -> None:
        """`after` is of the sensor that was worn here before: numbers and times go on from it."""
        self.fit = ClockFit(max_drift)
        self.timeline = Timeline(self.fit)
        self.timeline.end_s = after.timeline.end_s if after else None
        self._session = session
        self._sensor_id = sensor_id
        self._segment = segment
        self._seq: int = after._seq if after else 0

    def block(self, device_s: float, spacing_s: float, counts: bytes, scale: Scale, *, lost: int, gap: bool) -> Samples:
        """`counts` (n, 6) from `device_s` on, `spacing_s` apart on the device's clock."""
        t0, dt = self.timeline.place(device_s, spacing_s, len(counts) // 12, gap=gap)
        message = Samples(
            session_id=self._session.session_id,
            started_at=self._session.started_at,
            source=self._session.source,
            sensor_id=self._sensor_id,
            segment=self._segment,
            seq=self._seq,
            t0=t0,
            dt=dt,
            acc_scale=scale.acc,
            gyr_scale=scale.gyr,
            counts=counts,
            lost=lost,
        )
        self._seq += 1
        return message
