"""Gait as it comes live: a tick is told as soon as its own pose is there, and no pose after it."""

from __future__ import annotations

import numpy as np

from analysis.detectors.gait import LONGEST_S, Gait
from analysis.model import FRAME_HZ, Activity, Event, Floats, Pose, PostureFrame
from tests.analysis.made_walks import MadeWalk


def piece(pose: Pose, first: int, end: int) -> Pose:
    q, acc, gyr = ({key: rows[first:end] for key, rows in held.items()} for held in (pose.q, pose.acc, pose.gyr))
    return Pose(pose.t[first:end], q, acc, gyr, pose.quality[first:end])


def frame_of(ticks: Floats, walk: MadeWalk) -> PostureFrame:
    walking = (ticks >= walk.start_s) & (ticks < walk.end_s)
    activity = np.where(walking, np.int8(Activity.WALKING), np.int8(Activity.STANDING))
    return PostureFrame(ticks, {}, activity, np.zeros(len(ticks), np.uint16))


def test_a_minute_of_a_long_walk_is_the_same_tick_by_tick_as_at_once() -> None:
    walk = MadeWalk(steps=160, asymmetry=0.06)
    pose = walk.pose()
    ticks = np.arange(round(pose.t[-1] * FRAME_HZ)) / FRAME_HZ
    whole, live, told, given = Gait(), Gait(), list[Event](), 0
    whole.moved(pose)
    for tick in ticks:
        end = int(np.searchsorted(pose.t, tick + 0.01))
        live.moved(piece(pose, given, end))
        told += live.feed(frame_of(np.array([tick]), walk))
        given = end
    assert told == whole.feed(frame_of(ticks, walk))
    assert told[0].end_s == told[0].start_s + LONGEST_S
