"""Samples of a body that holds still for a while and then bows now and again."""

from __future__ import annotations

import numpy as np

from analysis.model import GRAVITY, Segment
from analysis.schema import Samples

BLOCK_S = 0.2
RATE_HZ = 50.0
STILL_S = 15.0
ACC_SCALE = 0.005  # m/s² per count
GYR_SCALE = 0.0005  # rad/s per count


def message_of(
    segment: Segment, seq: int, session_id: str = "s", *, started_at: float = 1000.0, source: str = "radio"
) -> Samples:
    """The block `seq` of a segment; the same every time it is asked for."""
    count = round(BLOCK_S * RATE_HZ)
    t = seq * BLOCK_S + np.arange(count) / RATE_HZ
    phase = np.maximum(0.0, t - STILL_S) / 9
    bow, bow_speed = 0.3 * np.sin(phase) ** 3, 0.1 * np.sin(phase) ** 2 * np.cos(phase)  # rad, rad/s about y
    noise = np.random.default_rng([seq, len(segment.value)]).normal(size=(count, 6))
    acc = GRAVITY * np.column_stack((np.cos(bow), np.zeros(count), np.sin(bow))) + 0.02 * noise[:, :3]
    gyr = np.column_stack((np.zeros(count), bow_speed, np.zeros(count))) + 0.002 * noise[:, 3:]
    counts = np.round(np.column_stack((acc / ACC_SCALE, gyr / GYR_SCALE))).astype("<i2")
    return Samples(
        session_id=session_id,
        started_at=started_at,
        source=source,
        sensor_id=f"{segment}-1",
        segment=segment,
        seq=seq,
        t0=float(t[0]),
        dt=1 / RATE_HZ,
        acc_scale=ACC_SCALE,
        gyr_scale=GYR_SCALE,
        counts=counts.tobytes(),
    )
