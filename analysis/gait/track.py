"""The movement of one sensor through one walk, as walking has it: up, forward, left and about the vertical."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis import quaternion
from analysis.metrics import pitch_deg, roll_deg
from analysis.model import GRAVITY, GRID_HZ, Floats, Pose, Segment

BRIDGE_S = 0.5  # gaps up to this are merged (scikit-digital-health merges walking bouts so)


@dataclass(frozen=True, slots=True)
class Track:
    """An unbroken run of ticks of the GRID_HZ grid."""

    segment: Segment
    first: int  # the first tick
    up: Floats  # (n,) m/s² beyond gravity
    forward: Floats  # (n,) m/s², where the segment faces, level; NaN throughout where not calibrated
    left: Floats  # (n,) m/s², level; likewise
    turning: Floats  # (n,) rad/s about the vertical, to the left +; likewise, and without a gyroscope
    pitch_deg: Floats  # (n,) forward +; likewise
    roll_deg: Floats  # (n,) right side down +; likewise

    @property
    def is_calibrated(self) -> bool:
        return bool(np.isfinite(self.pitch_deg[0]))

    @property
    def has_gyroscope(self) -> bool:
        return bool(np.isfinite(self.turning).all())

    @property
    def t(self) -> Floats:
        """(n,) s"""
        return (self.first + np.arange(len(self.up))) / GRID_HZ


def tracks_of(poses: Iterable[Pose], first: int, end: int) -> list[Track]:
    """Every unbroken track within the ticks [first, end) of one sensor: the pelvis' where it knows as much.

    The poses are in order of time and none is empty.
    Ticks unknown for up to BRIDGE_S are bridged by straight lines; a longer hole ends a track.
    """
    spans = _rows(poses, first, end)
    told = {segment: int(np.isfinite(rows[:, 0]).sum()) for segment, rows in spans.items()}
    felt = {segment: int(np.isfinite(rows[:, 4]).sum()) for segment, rows in spans.items()}
    segment = max(Segment, key=lambda one: (told[one], felt[one], one is Segment.PELVIS))
    rows = spans[segment] if told[segment] else spans[segment][:, 4:7]
    known = np.flatnonzero(np.isfinite(rows[:, :7]).all(axis=1))
    if not len(known):
        return []
    breaks = np.flatnonzero(np.diff(known) > BRIDGE_S * GRID_HZ) + 1
    return [_track(segment, first, rows, part) for part in np.split(known, breaks)]


def _rows(poses: Iterable[Pose], first: int, end: int) -> dict[Segment, Floats]:
    """Of each segment q, acc and gyr (end − first, 10); NaN where there is no pose."""
    from_s, until_s = (first - 0.5) / GRID_HZ, (end - 0.5) / GRID_HZ
    parts: list[tuple[Pose, slice]] = []
    for pose in poses:
        if pose.t[0] >= until_s:
            break
        if pose.t[-1] > from_s:
            parts.append((pose, slice(*np.searchsorted(pose.t, [from_s, until_s]).tolist())))
    rows = {segment: np.full((max(end - first, 0), 10), np.nan) for segment in Segment}
    if not parts:
        return rows
    at = np.rint(np.concatenate([pose.t[span] for pose, span in parts]) * GRID_HZ).astype(np.int64) - first
    for segment, filled in rows.items():
        filled[at, :4] = np.concatenate([pose.q[segment][span] for pose, span in parts])
        filled[at, 4:7] = np.concatenate([pose.acc[segment][span] for pose, span in parts])
        filled[at, 7:] = np.concatenate([pose.gyr[segment][span] for pose, span in parts])
    return rows


def _track(segment: Segment, first: int, rows: Floats, known: NDArray[np.intp]) -> Track:
    start, end = int(known[0]), int(known[-1]) + 1
    span, ticks = rows[start:end], np.arange(start, end)
    if len(known) < end - start:
        span = np.stack([np.interp(ticks, known, column[known]) for column in rows.T], axis=1)
    if rows.shape[1] == 3:
        nothing = np.full(end - start, np.nan)
        up = quaternion.norm(span) - GRAVITY
        return Track(segment, first + start, up, *[nothing] * 5)
    q = quaternion.normalise(span[:, :4])
    force, rate = quaternion.rotate(q, span[:, 4:7]), quaternion.rotate(q, span[:, 7:])
    facing = quaternion.rotate(q, np.broadcast_to(np.array([1.0, 0.0, 0.0]), (len(q), 3)))
    level = np.maximum(np.sqrt(facing[:, 0] * facing[:, 0] + facing[:, 1] * facing[:, 1]), 1e-9)
    x, y = facing[:, 0] / level, facing[:, 1] / level
    return Track(
        segment,
        first + start,
        up=force[:, 2] - GRAVITY,
        forward=force[:, 0] * x + force[:, 1] * y,
        left=force[:, 1] * x - force[:, 0] * y,
        turning=rate[:, 2],
        pitch_deg=pitch_deg(q),
        roll_deg=roll_deg(q),
    )
