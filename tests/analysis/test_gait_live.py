"""Gait as it comes live: a tick is told as soon as its own pose is there, and no pose after it."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.detectors.gait import LONGEST_S, Gait
from analysis.model import FRAME_HZ, Activity, Event, PostureFrame
from tests.analysis.following import in_pieces
from tests.analysis.made_walks import MadeWalk


def at_once_and_live(walk: MadeWalk, what: Activity, ticks_a_time: int) -> tuple[list[Event], list[Event]]:
    """Of a walk that the activity takes for `what`."""
    pose = walk.pose(after_s=6.0)
    ticks = np.arange(round(pose.t[-1] * FRAME_HZ)) / FRAME_HZ
    walking = (ticks >= walk.start_s) & (ticks < walk.end_s)
    activity = np.where(walking, np.int8(what), np.int8(Activity.STANDING))
    frame = PostureFrame(ticks, {}, activity, np.zeros(len(ticks), np.uint16))
    whole = in_pieces(Gait(), pose, frame, [], [len(pose.t)])
    return whole, in_pieces(Gait(), pose, frame, range(0, len(ticks), ticks_a_time), [0])


@pytest.mark.parametrize("ticks_a_time", [1, 10])
def test_a_minute_of_a_long_walk_is_the_same_live_as_at_once(ticks_a_time: int) -> None:
    whole, live = at_once_and_live(MadeWalk(steps=160, asymmetry=0.06), Activity.WALKING, ticks_a_time)
    assert live == whole
    assert live[0].end_s == live[0].start_s + LONGEST_S


@pytest.mark.parametrize("ticks_a_time", [1, 10])
def test_a_walk_that_passes_for_standing_is_the_same_live_as_at_once(ticks_a_time: int) -> None:
    whole, live = at_once_and_live(MadeWalk(50.0, 30, 5.3), Activity.STANDING, ticks_a_time)
    assert live == whole
