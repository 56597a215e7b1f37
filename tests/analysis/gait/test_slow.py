"""What is walking among that which the activity takes for standing."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gait.slow import LOUD_M_S2, WINDOW_S, SlowWalks, is_loud, is_stepping
from analysis.gait.track import Track, tracks_of
from analysis.model import GRID_HZ, Pose, Segment
from tests.analysis.made_walks import MadeWalk


def window(pose: Pose, first_s: int) -> Track:
    (track,) = tracks_of([pose], first_s * round(GRID_HZ), (first_s + WINDOW_S) * round(GRID_HZ))
    return track


@settings(max_examples=40)
@given(st.floats(44.0, 72.0), st.floats(-0.2, 0.2), st.integers(4, 8), st.floats(-15.0, 15.0), st.floats(-4.0, 4.0))
def test_steady_slow_steps_are_steps(cadence: float, uneven: float, first_s: int, lean: float, turning: float) -> None:
    walk = MadeWalk(cadence, 30, asymmetry=uneven, lean_deg=lean, turning_deg_s=turning)
    assert is_stepping(window(walk.pose(), first_s))


def test_without_a_calibration_nobody_knows() -> None:
    assert not is_stepping(window(MadeWalk(55.0, 30).pose(is_calibrated=False), 5))


def test_one_stroke_in_a_second_is_loud_and_sway_is_not() -> None:
    pose = MadeWalk(55.0, 10, 8.2, rise_m=0.0, push_m_s2=0.0, sideways_m_s2=0.0).pose()
    acc = pose.acc[Segment.PELVIS].copy()
    acc[:, 2] += 0.4 * LOUD_M_S2 * np.sin(2 * np.pi * 0.7 * pose.t)
    assert not is_loud([_felt(pose, acc)], 0, 8).any()
    acc[140] += (0.0, 0.0, 1.5 * LOUD_M_S2)
    assert np.flatnonzero(is_loud([_felt(pose, acc)], 0, 8)).tolist() == [2]
    acc[140] = np.nan  # a tick that is missing tells nothing of its second
    assert not is_loud([_felt(pose, acc)], 0, 8).any()


def test_a_walk_is_told_to_its_last_second_whenever_it_is_asked() -> None:
    walk = MadeWalk(58.0, 22, 5.0)
    pose = walk.pose(after_s=4.0)
    end = int(pose.t[-1] * 10)
    for cuts in ([0, end], [0, 63, 64, 131, 137, 240, end], list(range(0, end + 1, 10))):
        watcher = SlowWalks()
        told = [span for a, b in pairwise(cuts) for span in watcher.stood(a, b, [pose])]
        told += watcher.ended([pose])
        assert told[0][0] == 50
        assert all(a[1] == b[0] for a, b in pairwise(told))
        assert told[-1][1] == pytest.approx(10 * walk.end_s, abs=10)


def _felt(pose: Pose, acc: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Pose:
    return replace(pose, acc={**pose.acc, Segment.PELVIS: acc})
