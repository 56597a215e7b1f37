"""Walks made of written-down waves: every step, angle and force in them is known by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis import quaternion
from analysis.model import GRAVITY, GRID_HZ, Floats, Pose, Segment

OTHER = {Segment.PELVIS: Segment.LUMBAR, Segment.LUMBAR: Segment.PELVIS}


@dataclass(frozen=True, slots=True)
class MadeWalk:
    """Straight on. The first contact, a left one, is at `start_s`; before and after the walk all is still."""

    cadence_spm: float = 108.0
    steps: int = 40
    start_s: float = 3.0
    asymmetry: float = 0.0  # left step time less right, over their mean
    rise_m: float = 0.04  # of the back within each step
    push_m_s2: float = 1.2
    sideways_m_s2: float = 0.8
    limp_m_s2: float = 0.0  # of the upward force, once a stride
    rotation_deg: float = 10.0  # each from end to end
    obliquity_deg: float = 8.0
    tilt_deg: float = 3.0
    heading_deg: float = 0.0
    turning_deg_s: float = 0.0
    lean_deg: float = 0.0

    @property
    def contacts_s(self) -> Floats:
        mean_s = 60.0 / self.cadence_spm
        step_s = mean_s * (1 + 0.5 * self.asymmetry * np.where(np.arange(self.steps - 1) % 2 == 1, 1.0, -1.0))
        return self.start_s + np.concatenate([[0.0], np.cumsum(step_s)])  # the first step ends with a right contact

    @property
    def end_s(self) -> float:
        return float(self.contacts_s[-1])

    def pose(self, segment: Segment = Segment.PELVIS, *, is_calibrated: bool = True, after_s: float = 3.0) -> Pose:
        """From 0 to `after_s` beyond the last contact, with one sensor."""
        t = np.arange(round((self.end_s + after_s) * GRID_HZ)) / GRID_HZ
        contacts = self.contacts_s
        number = np.clip(np.searchsorted(contacts, t, side="right") - 1, 0, self.steps - 2)
        share = (t - contacts[number]) / np.diff(contacts)[number]
        walks = (t >= contacts[0]) & (t <= contacts[-1])
        step, stride = 2 * np.pi * share, np.pi * (number % 2 + share)
        bounce = 0.5 * self.rise_m * (2 * np.pi * self.cadence_spm / 60.0) ** 2
        up = bounce * np.cos(step) + self.limp_m_s2 * np.cos(stride)
        forward, left = -self.push_m_s2 * np.sin(step), -self.sideways_m_s2 * np.sin(stride)
        force = np.where(walks[:, None], np.stack([forward, left, up], axis=1), 0.0) + np.array([0.0, 0.0, GRAVITY])
        yaw = np.radians(self.heading_deg + self.turning_deg_s * t)
        yaw = yaw - np.where(walks, 0.5 * np.radians(self.rotation_deg) * np.sin(stride), 0.0)
        pitch = np.radians(self.lean_deg) + np.where(walks, 0.5 * np.radians(self.tilt_deg) * np.sin(step), 0.0)
        roll = np.where(walks, 0.5 * np.radians(self.obliquity_deg) * np.sin(stride), 0.0)
        q = quaternion.multiply(quaternion.multiply(_about(2, yaw), _about(1, pitch)), _about(0, roll))
        acc = quaternion.rotate(quaternion.conjugate(q), quaternion.rotate(_about(2, yaw), force))
        change = np.gradient(q, 1 / GRID_HZ, axis=0)
        gyr = 2.0 * quaternion.multiply(quaternion.conjugate(q), change)[:, 1:]
        return pose_of(t, segment, q if is_calibrated else np.full_like(q, np.nan), acc, gyr)


def pose_of(t: Floats, segment: Segment, q: Floats, acc: Floats, gyr: Floats) -> Pose:
    """With the other sensor missing."""
    unknown = np.full((len(t), 4), np.nan)

    def both(rows: Floats) -> Mapping[Segment, Floats]:
        return {segment: rows, OTHER[segment]: unknown[:, : rows.shape[1]]}

    return Pose(t, both(q), both(acc), both(gyr), np.zeros(len(t), np.uint16))


def _about(axis: int, angle: Floats) -> Floats:
    q = np.zeros((len(angle), 4))
    q[:, 0], q[:, axis + 1] = np.cos(angle / 2), np.sin(angle / 2)
    return q
