"""Detectors that follow poses, fed in pieces as the pipeline feeds them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, pairwise
from typing import Protocol

import numpy as np

from analysis.model import Event, Pose, PostureFrame


class Follower(Protocol):
    def moved(self, pose: Pose) -> None: ...
    def feed(self, frame: PostureFrame) -> list[Event]: ...
    def close(self, at_s: float) -> list[Event]: ...


def piece(pose: Pose, span: slice) -> Pose:
    q, acc, gyr = ({segment: rows[span] for segment, rows in held.items()} for held in (pose.q, pose.acc, pose.gyr))
    return Pose(pose.t[span], q, acc, gyr, pose.quality[span])


def piece_of(frame: PostureFrame, span: slice) -> PostureFrame:
    values = {name: rows[span] for name, rows in frame.values.items()}
    return PostureFrame(frame.t[span], values, frame.activity[span], frame.quality[span])


def in_pieces(
    watcher: Follower, pose: Pose, frame: PostureFrame, ticks: Sequence[int], ahead: Sequence[int]
) -> list[Event]:
    """Cut before these ticks. Poses are at least up to the last tick told, and by turns so many `ahead` of that."""
    events, given = list[Event](), 0
    edges = sorted({0, len(frame.t), *(tick for tick in ticks if tick < len(frame.t))})
    for (first, end), more in zip(pairwise(edges), cycle(ahead)):
        needed = int(np.searchsorted(pose.t, frame.t[end - 1] + 0.01))
        for until in (needed, min(needed + more, len(pose.t))):
            if until > given:
                watcher.moved(piece(pose, slice(given, until)))
                given = until
        events += watcher.feed(piece_of(frame, slice(first, end)))
    if given < len(pose.t):
        watcher.moved(piece(pose, slice(given, None)))
    return events + watcher.close(float(frame.t[-1]))
