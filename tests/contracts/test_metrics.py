"""What every metric must do with postures anybody can check by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from analysis import metrics
from analysis.metrics import Metric
from analysis.model import Floats, Pose, Segment
from analysis.registry import discover

METRICS = discover(metrics, "METRIC", Metric)
Rate = tuple[float, float, float]  # °/s about forward, left and up
STILL = (0.0, 0.0, 0.0)
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())


def pose(pelvis: Rotation, lumbar: Rotation, pelvis_gyr: Rate = STILL, lumbar_gyr: Rate = STILL) -> Pose:
    """Segments so turned, and turning at so many °/s about their own axes."""
    q: dict[Segment, Floats] = {
        Segment.PELVIS: pelvis.as_quat(scalar_first=True).reshape(-1, 4),
        Segment.LUMBAR: lumbar.as_quat(scalar_first=True).reshape(-1, 4),
    }
    rows = len(q[Segment.PELVIS])
    rates = {Segment.PELVIS: pelvis_gyr, Segment.LUMBAR: lumbar_gyr}
    gyr = {segment: np.tile(np.radians(rate), (rows, 1)) for segment, rate in rates.items()}
    acc = {segment: np.zeros((rows, 3)) for segment in Segment}
    return Pose(np.arange(rows) / 50, q, acc, gyr, np.zeros(rows, np.uint16))


def tipped(angle_deg: float) -> Rotation:
    """Tipped forward: a positive turn about y, the body's left."""
    return Rotation.from_euler("y", angle_deg, degrees=True)


def rolled(angle_deg: float) -> Rotation:
    """Right side down: a positive turn about x, the body's front."""
    return Rotation.from_euler("x", angle_deg, degrees=True)


def twisted(angle_deg: float) -> Rotation:
    """Turned to the left: a positive turn about z, up."""
    return Rotation.from_euler("z", angle_deg, degrees=True)


UPRIGHT = tipped(0)

# pelvis, lumbar spine → what each metric says that is not 0
BY_HAND: list[tuple[Rotation, Rotation, Mapping[str, int]]] = [
    (UPRIGHT, UPRIGHT, {}),
    *((tipped(a), tipped(a), {"pelvic_tilt": a, "trunk_lean": a}) for a in (30, 90, -30, -90, 179, -179)),
    *((tipped(a), UPRIGHT, {"pelvic_tilt": a, "lumbar_lordosis": a}) for a in (30, 90, -90)),
    *((UPRIGHT, tipped(a), {"trunk_lean": a, "lumbar_lordosis": -a}) for a in (30, 90, -90)),
    (tipped(-30), tipped(30), {"pelvic_tilt": -30, "trunk_lean": 30, "lumbar_lordosis": -60}),
    (tipped(170), tipped(-170), {"pelvic_tilt": 170, "trunk_lean": -170, "lumbar_lordosis": -20}),
    # Leaning on one hip with a straight back bends nothing; bending takes the pelvis along or not.
    *((rolled(a), rolled(a), {"pelvic_obliquity": a}) for a in (20, -20, 89, -89)),
    *((rolled(a), UPRIGHT, {"pelvic_obliquity": a, "lateral_bend": -a}) for a in (20, -20, 89, -89)),
    *((UPRIGHT, rolled(a), {"lateral_bend": a}) for a in (20, -20, 89, -89)),
    (rolled(-50), rolled(50), {"pelvic_obliquity": -50, "lateral_bend": 100}),
    # Side bent about level and tipped forward within that: neither leaks into the other.
    (
        rolled(20) * tipped(40),
        tipped(40),
        {"pelvic_tilt": 40, "trunk_lean": 40, "pelvic_obliquity": 20, "lateral_bend": -20},
    ),
    # A pure twist, also of a tipped body about the upright, is no tilt and no bend.
    *((twisted(a), twisted(-a), {}) for a in (10, 90, 179)),
    (twisted(30) * tipped(20), twisted(-5) * tipped(20), {"pelvic_tilt": 20, "trunk_lean": 20}),
]

# pelvis, lumbar spine and how fast each turns → what each metric of speed says that is not 0
SPEEDS_BY_HAND: list[tuple[Rotation, Rotation, Rate, Rate, Mapping[str, int]]] = [
    (UPRIGHT, UPRIGHT, (3, 0, 4), STILL, {"pelvis_speed": 5, "twist_speed": -4}),
    (UPRIGHT, UPRIGHT, STILL, (-2, 3, 6), {"trunk_speed": 7, "twist_speed": 6}),
    # Turning on the spot with the chair, and bending either way, is no twist.
    (UPRIGHT, twisted(50), (0, 0, 90), (0, 0, 90), {"pelvis_speed": 90, "trunk_speed": 90}),
    (UPRIGHT, UPRIGHT, (0, -20, 0), (0, 20, 0), {"pelvis_speed": 20, "trunk_speed": 20}),
    (UPRIGHT, UPRIGHT, (20, 0, 0), (-20, 0, 0), {"pelvis_speed": 20, "trunk_speed": 20}),
    # A trunk tipped right over turns about the vertical by rolling about its own length.
    (UPRIGHT, tipped(90), STILL, (-8, 0, 0), {"trunk_speed": 8, "twist_speed": 8}),
    (UPRIGHT, tipped(90), STILL, (0, 0, 8), {"trunk_speed": 8}),
]


def test_there_are_metrics_and_each_has_postures_checked_by_hand() -> None:
    postures, speeds = (set().union(*(row[-1] for row in rows)) for rows in (BY_HAND, SPEEDS_BY_HAND))
    assert postures | speeds == METRICS.keys()
    assert speeds == {name for name, metric in METRICS.items() if metric.unit == "°/s"}


@EVERY
def test_a_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.label
    assert metric.unit in ("°", "°/s")
    assert metric.meaning.endswith(".")
    assert metric.error > 0
    assert metric.error_source
    assert metric.needs <= set(Segment)


@EVERY
def test_postures_checked_by_hand(metric: Metric) -> None:
    name = next(name for name, one in METRICS.items() if one is metric)
    for pelvis, lumbar, expected in BY_HAND:
        assert metric.compute(pose(pelvis, lumbar))[0] == pytest.approx(expected.get(name, 0.0), abs=1e-9)


@EVERY
def test_speeds_checked_by_hand(metric: Metric) -> None:
    name = next(name for name, one in METRICS.items() if one is metric)
    if metric.unit == "°/s":
        for pelvis, lumbar, pelvis_gyr, lumbar_gyr, expected in SPEEDS_BY_HAND:
            value = metric.compute(pose(pelvis, lumbar, pelvis_gyr, lumbar_gyr))[0]
            assert value == pytest.approx(expected.get(name, 0.0), abs=1e-9)


@EVERY
def test_heading_changes_nothing(metric: Metric) -> None:
    heading = Rotation.from_euler("z", np.arange(0.0, 360.0, 30.0)[:, None], degrees=True)
    pelvis, lumbar = Rotation.from_euler("yx", [25, 5], degrees=True), Rotation.from_euler("yx", [-10, 3], degrees=True)
    values = metric.compute(pose(heading * pelvis, heading.inv() * lumbar, (3, -9, 2), (1, 5, -8)))
    assert np.ptp(values) < 1e-9


@EVERY
def test_the_mirror_image_has_the_same_value_or_the_opposite_one(metric: Metric) -> None:
    def both(side: float) -> Pose:
        return pose(
            Rotation.from_euler("yxz", [25, 12 * side, 40 * side], degrees=True),
            Rotation.from_euler("yxz", [-8, -7 * side, 10 * side], degrees=True),
            (4 * side, -6, 9 * side),
            (-2 * side, 3, -5 * side),
        )

    mirrored = metric.compute(both(-1)) * (-1 if metric.is_sideways else 1)
    assert metric.compute(both(1)) == pytest.approx(mirrored)


@EVERY
def test_one_value_a_row_from_that_row_alone_and_nan_for_unknown(metric: Metric) -> None:
    rng = np.random.default_rng(3)
    turns = Rotation.random(40, rng=rng), Rotation.random(40, rng=rng)
    whole = pose(*turns)
    for rates in whole.gyr.values():
        rates[:] = 0.3 * rng.normal(size=rates.shape)
    for segment in metric.needs:
        whole.q[segment][7] = np.nan
    values = metric.compute(whole)
    assert values.shape == (40,)
    assert values.dtype == np.float64
    assert np.isnan(values[7])
    assert np.isfinite(np.delete(values, 7)).all()
    assert (np.abs(np.delete(values, 7)) <= 180).all()
    for row in range(40):
        span = slice(row, row + 1)
        q, acc, gyr = ({segment: rows[span] for segment, rows in of.items()} for of in (whole.q, whole.acc, whole.gyr))
        alone = Pose(whole.t[span], q, acc, gyr, whole.quality[span])
        assert np.array_equal(metric.compute(alone), values[span], equal_nan=True)
