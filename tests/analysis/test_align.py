"""Two streams on one grid: nothing depends on cutting, and what is missing says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.align import BRIDGE_S, LAG_S, SILENCE_S, Aligner
from analysis.model import GRID_HZ, Floats, Pose, Quality, Segment, SegmentOrientation

PELVIS, LUMBAR = Segment.PELVIS, Segment.LUMBAR


def part(segment: Segment, t: Floats) -> SegmentOrientation:
    """A segment that turns about y by 0.5 rad/s; acc and gyr carry the time, so that interpolation shows."""
    half = 0.25 * t
    q = np.column_stack([np.cos(half), 0 * t, np.sin(half), 0 * t])
    return SegmentOrientation(
        segment, t, q, np.column_stack([t, t, t]), np.column_stack([t, -t, t]), t.astype("u2") * 0
    )


def times(start_s: float, end_s: float, hz: float = 52.0, holes: tuple[tuple[float, float], ...] = ()) -> Floats:
    t = np.arange(start_s, end_s, 1 / hz)
    for a, b in holes:
        t = t[(t < a) | (t >= b)]
    return t


def column(poses: list[Pose], name: str, segment: Segment | None = None) -> Floats:
    return np.concatenate([getattr(pose, name)[segment] if segment else getattr(pose, name) for pose in poses])


@settings(max_examples=40)
@given(st.lists(st.floats(0.05, 0.9), min_size=1, max_size=40), st.booleans())
def test_cutting_changes_nothing_while_the_streams_keep_together(widths: list[float], grouped: bool) -> None:
    streams = {
        PELVIS: times(0.013, 14.0, holes=((3.0, 3.2), (5.0, 5.4))),
        LUMBAR: times(0.3, 14.0, 47.0, holes=((5.1, 5.9),)),
    }
    whole = Aligner()
    expected = whole.feed([part(*stream) for stream in streams.items()]) + whole.flush()
    cut, poses, at_s, index = Aligner(), [], 0.0, 0
    while at_s < 14.0:
        end_s = at_s + widths[index % len(widths)]
        pieces = [part(segment, t[(t >= at_s) & (t < end_s)]) for segment, t in streams.items()]
        pieces = [piece for piece in pieces if len(piece.t)]
        for group in [pieces] if grouped else [[piece] for piece in pieces]:
            poses += cut.feed(group)
        at_s, index = end_s, index + 1
    poses += cut.flush()
    for name in ("t", "quality"):
        assert np.array_equal(column(poses, name), column(expected, name))
    for segment in Segment:
        for name in ("q", "acc", "gyr"):
            assert np.array_equal(column(poses, name, segment), column(expected, name, segment), equal_nan=True)


def test_values_lie_between_their_neighbours() -> None:
    aligner = Aligner()
    poses = aligner.feed([part(PELVIS, times(0.0, 4.0)), part(LUMBAR, times(0.0, 4.0, 31.0))]) + aligner.flush()
    t = column(poses, "t")
    assert np.array_equal(t, np.arange(len(t)) / GRID_HZ)
    both = column(poses, "quality") == 0
    assert both[: round(3.9 * GRID_HZ)].all()
    for segment in Segment:
        assert np.allclose(column(poses, "acc", segment)[both], t[both, None])
        up = quaternion.up_in_body(column(poses, "q", segment)[both])
        assert np.allclose(np.arctan2(-up[:, 0], up[:, 2]), np.angle(np.exp(0.5j * t[both])), atol=1e-5)


def test_opposite_signs_of_one_orientation_are_not_mixed() -> None:
    whole = part(PELVIS, times(0.0, 2.0))
    sign = np.where(np.arange(len(whole.t)) % 2, -1.0, 1.0)[:, None]
    flipped = SegmentOrientation(PELVIS, whole.t, whole.q * sign, whole.acc, whole.gyr, whole.quality)
    aligner = Aligner()
    q = column(aligner.feed([flipped]) + aligner.flush(), "q", PELVIS)
    assert np.allclose(quaternion.norm(q), 1.0)
    assert np.allclose(np.abs(q[:, 0]), np.cos(0.25 * np.arange(len(q)) / GRID_HZ), atol=1e-4)


@pytest.mark.parametrize("segment", list(Segment))
def test_one_sensor_alone_is_told_a_lag_later(segment: Segment) -> None:
    aligner = Aligner()
    poses = aligner.feed([part(segment, times(0.0, 5.0))])
    assert column(poses, "t")[-1] == pytest.approx(5.0 - LAG_S, abs=0.05)
    poses += aligner.flush()
    assert column(poses, "t")[-1] == pytest.approx(5.0, abs=0.05)
    other = LUMBAR if segment is PELVIS else PELVIS
    missing = Quality.LUMBAR_MISSING if segment is PELVIS else Quality.PELVIS_MISSING
    assert (column(poses, "quality") == missing).all()
    assert np.isnan(column(poses, "q", other)).all()
    assert np.isfinite(column(poses, "q", segment)).all()


def test_holes_are_bridged_only_when_short() -> None:
    short, long = (2.0, 2.0 + BRIDGE_S - 0.06), (4.0, 4.0 + BRIDGE_S + 0.06)
    aligner = Aligner()
    poses = aligner.feed([part(PELVIS, times(0.0, 6.0, holes=(short, long))), part(LUMBAR, times(0.0, 6.0))])
    t, quality = column(poses, "t"), column(poses, "quality").astype(int)
    missing = t[(quality & Quality.PELVIS_MISSING) > 0]
    assert len(missing) > 0
    assert missing.min() > 3.9
    assert missing.max() < 4.4


def test_a_laggard_is_left_behind_and_comes_back() -> None:
    aligner = Aligner()
    poses = aligner.feed([part(PELVIS, times(0.0, 3.0)), part(LUMBAR, times(0.0, 1.0))])
    poses += aligner.feed([part(LUMBAR, times(1.0, 5.0)), part(PELVIS, times(3.0, 5.0))])
    t, quality = column(poses, "t"), column(poses, "quality").astype(int)
    late = t[(quality & Quality.LUMBAR_MISSING) > 0]
    assert late.min() == pytest.approx(1.0, abs=0.05)
    assert late.max() == pytest.approx(3.0 - LAG_S, abs=0.05)


def test_a_long_silence_is_told_briefly_and_costs_no_memory() -> None:
    aligner = Aligner()
    poses = aligner.feed([part(segment, times(0.0, 2.0)) for segment in Segment])
    poses += aligner.feed([part(segment, times(50_000.0, 50_002.0)) for segment in Segment])
    t = column(poses, "t")
    silent = t[np.isnan(column(poses, "q", PELVIS)[:, 0])]
    assert silent.max() < 2.0 + SILENCE_S + 0.1
    assert len(t) < 1000
    assert t[-1] > 50_001
