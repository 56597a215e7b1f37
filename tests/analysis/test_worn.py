"""Worn or not: a table, a charger, a drawer and a bag are found out; the stillest of people are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import quaternion
from analysis.align import Aligner
from analysis.model import GRAVITY, Activity, Floats, Pose, Quality, Segment
from analysis.mounting import Mountings
from analysis.orientation import OrientationFilter
from analysis.worn import Off, WornWatch, not_worn
from hardware.twin.errands import Effort, Reach, Shuffle, TakeOff
from hardware.twin.imu import ImuErrors
from hardware.twin.moves import GetUp, Hold, LieDown, Move, Rise, RollOver, SitDown, Walk
from hardware.twin.pen import Place
from hardware.twin.posture import SLUMP, Posture
from hardware.twin.recording import load_cairo
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer
from tests.analysis.simulated import shared

AWAY: tuple[Move, ...] = (Hold(120.0), Walk(20.0), Hold(60.0))
SHORTLY: tuple[Move, ...] = (Hold(30.0), Walk(20.0), Hold(30.0))
BENT = Posture(Activity.STANDING, 42.0, -38.0)
BUSY: tuple[Move, ...] = (
    *(Hold(25.0), Effort(BENT, 4, 4.0), Shuffle(140.0, 0.0, 2.0), Walk(15.0), SitDown(), Reach(40.0), Hold(10.0)),
    *(LieDown(), Hold(8.0), RollOver(90.0), Hold(8.0), RollOver(-90.0), Hold(8.0), RollOver(0.0), GetUp(), Hold(5.0)),
    *(Rise(), Effort(BENT, 3, 3.0, 0.3, 1.0), Walk(16.0), Hold(10.0)),
)


def oriented(segment: Segment, t: Floats, acc: Floats, gyr: Floats, mounting: Floats | None) -> list[Pose]:
    """One sensor alone on the grid."""
    return list(aligned({segment: (t, acc, gyr)}, {segment: mounting}))


def aligned(
    samples: dict[Segment, tuple[Floats, Floats, Floats]], mountings: dict[Segment, Floats | None]
) -> Iterable[Pose]:
    aligner, mounted = Aligner(), Mountings()
    parts = []
    for segment, (t, acc, gyr) in samples.items():
        mounted.put(segment, -np.inf, mountings[segment])
        one = OrientationFilter(segment)
        parts += [*one.feed(t, acc, gyr), *one.flush()]
    return [mounted.applied(pose) for pose in [*aligner.feed(parts), *aligner.flush()]]


def poses(wearer: Wearer, segments: Sequence[Segment] = tuple(Segment)) -> list[Pose]:
    """A simulated wearer whose mounting is known exactly."""
    samples, mountings = {}, {}
    for segment in segments:
        source = wearer.source(segment)
        counts = source.read(0.0, wearer.script.end_s)
        raw = counts.counts.astype(np.float64)
        samples[segment] = counts.t, raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
        mountings[segment] = ImuErrors.default(2 * wearer.seed + list(Segment).index(segment)).mounting
    return list(aligned(samples, mountings))


def watched(given_poses: Iterable[Pose]) -> tuple[Pose, list[Off]]:
    """All that is let through, as one pose, and all that is told."""
    watch = WornWatch()
    through, told = [], []
    for pose in given_poses:
        through.append(watch.feed(pose))
        told += watch.news()
    return joined(through), told


def joined(parts: Sequence[Pose]) -> Pose:
    def column(name: str, segment: Segment) -> Floats:
        return np.concatenate([getattr(part, name)[segment] for part in parts])

    columns = {name: {segment: column(name, segment) for segment in Segment} for name in ("q", "acc", "gyr")}
    t, quality = (np.concatenate([getattr(part, name) for part in parts]) for name in ("t", "quality"))
    return Pose(t=t, quality=quality, **columns)


def pieces(pose: Pose, places: Iterable[int]) -> list[Pose]:
    edges = sorted({0, len(pose.t), *(place % len(pose.t) for place in places)})
    return [
        Pose(
            pose.t[a:b],
            {segment: rows[a:b] for segment, rows in pose.q.items()},
            {segment: rows[a:b] for segment, rows in pose.acc.items()},
            {segment: rows[a:b] for segment, rows in pose.gyr.items()},
            pose.quality[a:b],
        )
        for a, b in pairwise(edges)
    ]


def codes(pose: Pose) -> np.ndarray:
    return not_worn(pose, np.full(len(pose.t), Activity.SITTING, np.int8))


@cache
def taken_off(place: Place, seed: int) -> Wearer:
    off = TakeOff(AWAY, place, number=seed)
    return Wearer(of_moves("off", Hold(40.0), SitDown(), Hold(30.0), Rise(), Hold(3.0), off, Hold(40.0)), seed)


@pytest.mark.parametrize("segments", [tuple(Segment), (Segment.PELVIS,), (Segment.LUMBAR,)])
@pytest.mark.parametrize("place", [Place.TABLE, Place.CRADLE, Place.DRAWER, Place.BAG])
def test_what_lies_somewhere_is_not_worn(place: Place, segments: tuple[Segment, ...]) -> None:
    for seed in (1, 2):
        wearer = taken_off(place, seed)
        (span,) = wearer.not_worn(wearer.script.end_s)
        pose, told = watched(poses(wearer, segments))
        found = {off.since_s: off for off in told}
        (off,) = found.values()
        assert off.since_s == pytest.approx(span.start_s, abs=25.0)
        assert off.known_s - span.start_s < 120.0
        assert off.until_s == pytest.approx(span.end_s, abs=15.0)
        off_s = (codes(pose) == Activity.NOT_WORN).sum() / 50.0
        assert off_s == pytest.approx(span.end_s - off.known_s, abs=25.0)
        assert (codes(pose)[pose.t < span.start_s] != Activity.NOT_WORN).all()


def loose(
    place: Place, seed: int, meanwhile: tuple[Move, ...], segments: tuple[Segment, ...] = tuple(Segment)
) -> Wearer:
    off = TakeOff(meanwhile, place, segments, number=seed)
    return Wearer(of_moves("loose", Hold(20.0), off, Hold(15.0)), seed)


def is_off(pose: Pose, segment: Segment) -> np.ndarray:
    off: np.ndarray = np.isnan(pose.acc[segment][:, 0])
    return off


@pytest.mark.parametrize("place", [Place.TABLE, Place.CRADLE, Place.DRAWER, Place.BAG])
def test_two_sensors_in_the_hands_are_known_while_they_are_there(place: Place) -> None:
    """They turn against each other as no back does; once on again, what the hands did is forgotten."""
    delays_s = []
    for seed in range(6):
        wearer = loose(place, seed, SHORTLY)
        (span,) = wearer.not_worn(wearer.script.end_s)
        pose, _ = watched(poses(wearer))
        off = is_off(pose, Segment.PELVIS) & is_off(pose, Segment.LUMBAR)
        known_s = float(pose.t[off][0])
        delays_s.append(known_s - span.start_s)
        assert known_s > span.start_s
        assert off[(pose.t > known_s) & (pose.t < span.end_s)].all()
        for segment in Segment:
            assert np.abs(np.diff(is_off(pose, segment).astype(int))).sum() == 2
    assert sum(delay_s < 10.0 for delay_s in delays_s) >= 5
    assert max(delays_s) < 12.0


@pytest.mark.parametrize("segment", list(Segment))
@pytest.mark.parametrize("place", [Place.TABLE, Place.CRADLE, Place.DRAWER, Place.BAG])
def test_what_one_sensor_does_on_a_table_says_nothing_of_the_other(place: Place, segment: Segment) -> None:
    """Its wearer bends, turns round, sits, lies and rolls over."""
    (other,) = set(Segment) - {segment}
    for seed in (0, 1):
        whole = joined(poses(loose(place, seed, BUSY, (segment,))))
        from_the_table = np.flatnonzero(whole.t >= 42.0)[0]
        for seen in (whole, pieces(whole, [from_the_table])[1]):
            pose, told = watched([seen])
            assert told == []
            assert is_off(pose, segment).any()
            assert not is_off(pose, other).any()


def test_a_bag_that_is_carried_keeps_the_sensors_as_they_lay() -> None:
    for seed in range(12):
        wearer = loose(Place.BAG, seed, (Hold(45.0), Walk(60.0), Hold(20.0)))
        (span,) = wearer.not_worn(wearer.script.end_s)
        pose, _ = watched(poses(wearer))
        inside = (pose.t > span.start_s + 30.0) & (pose.t < span.end_s - 25.0)
        for segment in Segment:
            assert is_off(pose, segment)[inside].all()


@pytest.mark.parametrize("turn_deg", [60.0, 120.0, 180.0])
def test_headings_that_differ_are_no_turn(turn_deg: float) -> None:
    """From the start, as drift makes it, or all at once, as after a gap, while one bends down and up."""
    whole = joined(poses(Wearer(of_moves("bends", Hold(12.0), Effort(BENT, 8, 3.0), Hold(10.0)), 1)))
    half = np.radians(turn_deg) / 2
    for at_s in (0.0, *np.arange(15.0, 33.0, 1.5)):
        later = whole.t >= at_s
        q = whole.q[Segment.PELVIS].copy()
        q[later] = quaternion.multiply(np.array([[np.cos(half), 0.0, 0.0, np.sin(half)]]), q[later])
        pose, told = watched([replace(whole, q={**whole.q, Segment.PELVIS: q})])
        assert told == []
        assert not (pose.quality & Quality.NOT_WORN).any()


@pytest.mark.parametrize("move", [(SitDown(), Hold(900.0)), (SitDown(SLUMP), LieDown(), Hold(900.0))])
def test_a_quarter_of_an_hour_without_moving_is_still_a_body(move: tuple[Move, ...]) -> None:
    """Constructive rest on the back, and sitting as if frozen: breath goes on."""
    for seed in (0, 1):
        for segments in (tuple(Segment), (Segment.PELVIS,), (Segment.LUMBAR,)):
            pose, told = watched(poses(Wearer(of_moves("still", Hold(12.0), *move), seed), segments))
            assert told == []
            assert not (pose.quality & Quality.NOT_WORN).any()


def test_one_sensor_on_a_table_leaves_the_other() -> None:
    off = TakeOff((Hold(300.0),), Place.TABLE, (Segment.LUMBAR,))
    wearer = Wearer(of_moves("one", Hold(60.0), off, Hold(30.0)), 3)
    pose, told = watched(poses(wearer))
    late = (pose.t > 200.0) & (pose.t < 350.0)
    assert told == []
    assert np.isnan(pose.acc[Segment.LUMBAR][late]).all()
    assert np.isnan(pose.q[Segment.LUMBAR][late]).all()
    assert np.isfinite(pose.q[Segment.PELVIS][late]).all()
    assert (pose.quality[late] & Quality.NOT_WORN).all()
    assert (codes(pose) == Activity.SITTING).all()
    assert np.isfinite(pose.q[Segment.LUMBAR][pose.t > 385.0]).all()


def test_without_a_calibration_a_table_is_still_a_table() -> None:
    wearer = taken_off(Place.TABLE, 2)
    sensors = [replace(pose, q={one: np.full_like(q, np.nan) for one, q in pose.q.items()}) for pose in poses(wearer)]
    pose, told = watched(sensors)
    assert told
    assert (codes(pose)[(pose.t > 200.0) & (pose.t < 260.0)] == Activity.NOT_WORN).all()


def test_a_sensor_that_is_silent_is_neither() -> None:
    """What is missing stays missing, with its own reason."""
    wearer = Wearer(of_moves("still", Hold(100.0)), 1)
    whole = joined(poses(wearer, (Segment.PELVIS,)))
    pose, told = watched([whole])
    assert told == []
    assert np.isnan(pose.acc[Segment.LUMBAR]).all()
    assert not (pose.quality & Quality.NOT_WORN).any()


@cache
def whole_day(place: Place) -> Pose:
    return joined(poses(taken_off(place, 2)))


@settings(max_examples=25)
@given(st.sampled_from([Place.BAG, Place.CRADLE]), st.lists(st.integers(1, 20_000), max_size=40))
def test_cutting_changes_nothing(place: Place, places: list[int]) -> None:
    one, told = watched([whole_day(place)])
    other, told_in_pieces = watched(pieces(whole_day(place), places))
    assert told == told_in_pieces
    assert np.array_equal(one.quality, other.quality)
    for segment in Segment:
        assert np.array_equal(one.q[segment], other.q[segment], equal_nan=True)


@pytest.mark.recordings
def test_people_told_to_sit_still_are_worn() -> None:
    """All postures of one person after another, calibrated or not, both sensors or one."""
    paths = sorted(shared("cairo_sitting").glob("*.npz"))
    assert paths
    for path in paths[::6]:
        sources = load_cairo(path).sources
        samples = {}
        for segment, source in sources.items():
            counts = source.read(0.0, source.end_s)
            raw = counts.counts.astype(np.float64)
            samples[segment] = counts.t, raw[:, :3] * source.acc_scale, raw[:, 3:] * source.gyr_scale
        for chosen in (tuple(Segment), (Segment.PELVIS,), (Segment.LUMBAR,)):
            some = {segment: samples[segment] for segment in chosen}
            pose, told = watched(aligned(some, dict.fromkeys(Segment)))
            assert told == []
            assert not (pose.quality & Quality.NOT_WORN).any()


@pytest.mark.recordings
def test_walking_and_daily_activities_are_worn() -> None:
    """Lower back, x up, y right, z forward."""
    to_body = np.array([[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0]])
    for path in sorted(shared("mobgap_example").glob("*.npz")):
        with np.load(path) as arrays:
            for name in [key for key in arrays.files if key.endswith("_acc_g")]:
                acc = arrays[name] * GRAVITY @ to_body.T
                gyr = np.radians(arrays[name.replace("_acc_g", "_gyr_dps")]) @ to_body.T
                t = np.arange(len(acc)) / 100.0
                pose, told = watched(oriented(Segment.LUMBAR, t, acc, gyr, np.array([1.0, 0.0, 0.0, 0.0])))
                assert told == []
                assert not (pose.quality & Quality.NOT_WORN).any()
