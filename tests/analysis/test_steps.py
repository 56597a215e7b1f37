"""Half seconds of movement: lifts that can be checked by hand, whatever the accelerometer's scale and heading."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.detectors.steps import FEATURES, Stepper, Steps
from analysis.model import GRAVITY, Floats, Pose, Segment

LIFT_M, TAKES_S = 0.35, 1.2


def lifted(scale: float = 1.0) -> Pose:
    """At rest, lifted by LIFT_M along a minimum-jerk curve about t = 10 s, at rest."""
    t = np.arange(1000) / 50
    u = np.clip((t - 10.0) / TAKES_S + 0.5, 0.0, 1.0)
    rise = LIFT_M * (60 * u - 180 * u**2 + 120 * u**3) / TAKES_S**2 * ((u > 0) & (u < 1))
    acc = np.zeros((1000, 3))
    acc[:, 2] = scale * (GRAVITY + rise)
    return pose(t, acc)


def pose(t: Floats, acc: Floats) -> Pose:
    q = np.tile([1.0, 0.0, 0.0, 0.0], (len(t), 1))
    nothing = np.full_like(acc, np.nan)
    return Pose(
        t,
        {Segment.PELVIS: q, Segment.LUMBAR: q * np.nan},
        {Segment.PELVIS: acc, Segment.LUMBAR: nothing},
        {Segment.PELVIS: acc * 0.0, Segment.LUMBAR: nothing},
        np.zeros(len(t), np.uint16),
    )


def steps_of(one: Pose) -> Steps:
    steps = Stepper().feed(one, one)
    assert steps is not None
    return steps


@pytest.mark.parametrize("scale", [1.0, 1.03])
def test_a_lift_is_measured_and_a_wrong_scale_does_no_harm(scale: float) -> None:
    steps = steps_of(lifted(scale))
    lift = steps.features[:, FEATURES.index("lift")]
    assert lift.max() == pytest.approx(scale * LIFT_M, rel=0.1)
    assert abs(float(steps.end_s[lift.argmax()]) - 0.25 - 10.0) <= 0.5
    assert np.abs(lift[steps.end_s < 7.0]).max() < 1e-9


def test_broken_samples_are_no_lift() -> None:
    one = lifted()
    one.acc[Segment.PELVIS][200:203, 2] = -30.0
    steps = steps_of(one)
    assert not steps.is_whole[np.searchsorted(steps.end_s, 4.2)]
    assert np.abs(steps.features[steps.end_s < 7.0, FEATURES.index("lift")]).max() < 0.02


def test_a_sensor_that_rebounds_for_a_moment_is_not_broken() -> None:
    one = lifted()
    one.acc[Segment.PELVIS][500, 2] = -8.0
    steps = steps_of(one)
    assert steps.is_whole[np.searchsorted(steps.end_s, 10.2)]
    assert steps.features[:, FEATURES.index("lift")].max() == pytest.approx(LIFT_M, abs=0.15)


def test_a_back_sways_above_a_still_pelvis() -> None:
    one, none = lifted(), lifted()
    for each, turn in ((one, np.sin(2 * np.pi * 0.25 * one.t)), (none, 0.0 * one.t)):
        each.q[Segment.LUMBAR][:] = each.q[Segment.PELVIS]
        each.acc[Segment.LUMBAR][:] = each.acc[Segment.PELVIS]
        each.gyr[Segment.LUMBAR][:] = 0.0
        each.gyr[Segment.LUMBAR][:, 0] = 0.3 * turn
    sways, still = (
        [steps_of(each).features[4:16, FEATURES.index(name)] for name in ("swaying", "turning")] for each in (one, none)
    )
    assert (sways[0] > 0.2).all()
    assert np.abs(sways[1]).max() == np.abs(np.array(still)).max() == 0.0
