"""A simulated wearer whose sensor does not stay where it was put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from analysis import quaternion
from analysis.model import Floats, SampleBlock, Segment
from hardware.twin.imu import ImuErrors
from hardware.twin.wearer import Wearer


@dataclass(frozen=True, slots=True)
class Creep:
    """A sensor turns on the body about level axes, evenly from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    forward_deg: float = 0.0  # so much further forward its segment seems to lean
    right_deg: float = 0.0

    def radians(self, t: Floats) -> Floats:
        """(n, 3) about forward, left and up."""
        share = np.clip((t - self.start_s) / (self.end_s - self.start_s), 0.0, 1.0)
        return share[:, None] * np.radians([self.right_deg, self.forward_deg, 0.0])


def slip(at_s: float, forward_deg: float = 0.0, right_deg: float = 0.0) -> Creep:
    return Creep(at_s, at_s + 0.5, forward_deg, right_deg)


def worn_askew(wearer: Wearer, creeps: Mapping[Segment, Creep]) -> list[SampleBlock]:
    """All samples of both sensors, one block each."""
    worn = []
    for number, segment in enumerate(Segment):
        whole = _whole(wearer, segment)
        mounting = ImuErrors.default(2 * wearer.seed + number).mounting
        worn.append(_turned(whole, mounting, creeps[segment]) if segment in creeps else whole)
    return worn


def _whole(wearer: Wearer, segment: Segment) -> SampleBlock:
    source = wearer.source(segment)
    counts = source.read(0.0, wearer.script.end_s)
    acc = counts.counts[:, :3].astype(np.float64) * source.acc_scale
    gyr = counts.counts[:, 3:].astype(np.float64) * source.gyr_scale
    return SampleBlock("s", f"twin-{segment}", segment, 0, counts.t, acc, gyr)


def _turned(block: SampleBlock, mounting: Floats, creep: Creep) -> SampleBlock:
    """What the sensor feels when it is turned by r(t) on the body: the same vectors, turned back, and r's own rate."""
    radians = creep.radians(block.t)
    back = quaternion.from_small_rotation(-radians)
    sensor = quaternion.multiply(quaternion.multiply(mounting, back), quaternion.conjugate(mounting))
    own = quaternion.rotate(mounting, np.gradient(radians, block.t, axis=0))
    acc, gyr = quaternion.rotate(sensor, block.acc), quaternion.rotate(sensor, block.gyr) + own
    return replace(block, acc=acc, gyr=gyr)
