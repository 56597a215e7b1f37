"""What every metric must do with postures anybody can check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from analysis import metrics
from analysis.metrics import Metric
from analysis.model import Floats, Pose, Segment
from analysis.registry import discover

METRICS = discover(metrics, "METRIC", Metric)
EVERY = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())

# forward tip of pelvis and lumbar spine in degrees → what the metric says
BY_HAND = {
    "pelvic_tilt": [(0, 0, 0), (30, 0, 30), (90, 0, 90), (-30, 30, -30), (-90, 0, -90), (179, 0, 179), (-179, 0, -179)],
    "lumbar_lordosis": [(0, 0, 0), (30, 30, 0), (30, 0, 30), (0, 30, -30), (90, 0, 90), (0, 90, -90), (170, -170, -20)],
}


def pose(pelvis: Rotation, lumbar: Rotation) -> Pose:
    q: dict[Segment, Floats] = {
        Segment.PELVIS: pelvis.as_quat(scalar_first=True).reshape(-1, 4),
        Segment.LUMBAR: lumbar.as_quat(scalar_first=True).reshape(-1, 4),
    }
    rows = len(q[Segment.PELVIS])
    still = {segment: np.zeros((rows, 3)) for segment in Segment}
    return Pose(np.arange(rows) / 50, q, still, still, np.zeros(rows, np.uint16))


def tipped(*angles_deg: float) -> Rotation:
    """Tipped forward: a positive turn about y, the body's left."""
    return Rotation.from_euler("y", np.array(angles_deg), degrees=True)


def test_there_are_metrics_and_each_has_postures_checked_by_hand() -> None:
    assert METRICS.keys() == BY_HAND.keys()


@EVERY
def test_a_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.label
    assert metric.unit == "°"
    assert metric.meaning.endswith(".")
    assert metric.error > 0
    assert metric.error_source
    assert metric.needs <= set(Segment)


@pytest.mark.parametrize("name", METRICS)
def test_postures_checked_by_hand(name: str) -> None:
    for pelvis, lumbar, expected in BY_HAND[name]:
        assert METRICS[name].compute(pose(tipped(pelvis), tipped(lumbar)))[0] == pytest.approx(expected, abs=1e-9)


@EVERY
def test_heading_changes_nothing(metric: Metric) -> None:
    heading = Rotation.from_euler("z", np.arange(0.0, 360.0, 30.0)[:, None], degrees=True)
    pelvis, lumbar = Rotation.from_euler("yx", [25, 5], degrees=True), Rotation.from_euler("yx", [-10, 3], degrees=True)
    values = metric.compute(pose(heading * pelvis, heading.inv() * lumbar))
    assert np.ptp(values) < 1e-9


@EVERY
def test_the_mirror_image_has_the_same_value(metric: Metric) -> None:
    def both(side: float) -> Pose:
        return pose(
            Rotation.from_euler("yxz", [25, 12 * side, 40 * side], degrees=True),
            Rotation.from_euler("yxz", [-8, -7 * side, 10 * side], degrees=True),
        )

    assert metric.compute(both(1)) == pytest.approx(metric.compute(both(-1)))


@EVERY
def test_one_value_a_row_from_that_row_alone_and_nan_for_unknown(metric: Metric) -> None:
    rng = np.random.default_rng(3)
    turns = Rotation.random(40, rng=rng), Rotation.random(40, rng=rng)
    whole = pose(*turns)
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
        alone = Pose(whole.t[span], {segment: q[span] for segment, q in whole.q.items()}, {}, {}, whole.quality[span])
        assert np.array_equal(metric.compute(alone), values[span], equal_nan=True)
