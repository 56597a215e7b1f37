"""A day of the simulated wearer: postures one can check by hand, plausible amounts, and no jumps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.model import GRAVITY, Activity, Floats, Segment
from hardware.twin.moves import GetUp, Hold, LieDown, Move, Rise, Shift, SitDown, Walk
from hardware.twin.posture import (
    BEND_RIGHT,
    LEAN_BACK,
    LEAN_FORWARD,
    SIT_UPRIGHT,
    SIT_USUAL,
    SLUMP,
    STAND_UPRIGHT,
    Posture,
)
from hardware.twin.script import QUIET_S, Script, endless, of_moves, office_day, sit_then_stand, sitting, standing
from hardware.twin.wearer import Truth, Wearer, demo

HOUR_S = 3600.0
BLUR_DEG = 1.0  # sway and breath


def _in(posture: Posture) -> Truth:
    """A posture reached from the chair and held for 20 s."""
    wearer = Wearer(of_moves("one", Hold(QUIET_S), SitDown(SIT_USUAL), Shift(posture), Hold(30.0)), seed=2)
    return wearer.truth(np.arange(20.0, 40.0, 0.1))


@pytest.fixture(scope="module")
def hour() -> tuple[Wearer, Floats, Truth]:
    """An hour of what `make run` shows, at 100 Hz."""
    wearer = demo(3)
    t = np.arange(0.0, HOUR_S, 0.01)
    return wearer, t, wearer.truth(t)


@pytest.mark.parametrize("seed", range(4))
def test_every_script_starts_with_quiet_upright_standing(seed: int) -> None:
    t = np.arange(0.0, QUIET_S, 0.1)
    for script in (endless(seed), office_day(seed), sit_then_stand(seed=seed)):
        wearer = Wearer(script, seed)
        truth = wearer.truth(t)
        assert (truth.activity == Activity.STANDING).all()
        assert abs(truth.pelvic_tilt_deg.mean()) < 0.3
        assert abs(truth.lumbar_lordosis_deg.mean()) < 0.3
        assert 0.02 < truth.pelvic_tilt_deg.std() < 0.5
        acc, gyr = wearer.ideal(Segment.LUMBAR, t)
        assert np.linalg.norm(acc, axis=1) == pytest.approx(GRAVITY, abs=0.1)
        assert np.degrees(np.abs(gyr)).max() < 3.0


@pytest.mark.parametrize("posture", [SIT_USUAL, SIT_UPRIGHT, SLUMP, LEAN_FORWARD, LEAN_BACK])
def test_truth_is_the_posture_that_was_taken(posture: Posture) -> None:
    truth = _in(posture)
    assert (truth.activity == Activity.SITTING).all()
    np.testing.assert_allclose(truth.pelvic_tilt_deg, posture.tilt_deg, atol=BLUR_DEG)
    np.testing.assert_allclose(truth.lumbar_lordosis_deg, posture.lordosis_deg, atol=BLUR_DEG)


def test_seated_postures_have_published_sizes() -> None:
    usual, slump, upright, forward = (_in(posture) for posture in (SIT_USUAL, SLUMP, SIT_UPRIGHT, LEAN_FORWARD))
    assert usual.pelvic_tilt_deg.mean() == pytest.approx(-18.3, abs=0.5)  # PMID 22915074
    assert usual.lumbar_lordosis_deg.mean() == pytest.approx(-16.6, abs=0.5)
    flexed = usual.lumbar_lordosis_deg.mean() - slump.lumbar_lordosis_deg.mean()
    assert flexed == pytest.approx(9.8, abs=1.0)  # Mitchell 2008: 2.5 + 7.3
    assert forward.pelvic_tilt_deg.mean() - upright.pelvic_tilt_deg.mean() == pytest.approx(17.2, abs=1.0)
    assert forward.lumbar_lordosis_deg.mean() - upright.lumbar_lordosis_deg.mean() == pytest.approx(-0.4, abs=0.5)


@pytest.mark.parametrize("seed", range(5))
def test_ordinary_sensors_feel_the_truth_within_skin_and_noise(seed: int) -> None:
    """From registers alone: how far `up` moved in the sensor's frame between quiet standing and slumping."""
    wearer = Wearer(of_moves("slump", Hold(QUIET_S), SitDown(SLUMP), Hold(60.0)), seed)
    truth = wearer.truth(np.arange(20.0, 70.0, 0.1))
    expected = {
        Segment.PELVIS: abs(truth.pelvic_tilt_deg.mean()),
        Segment.LUMBAR: abs((truth.pelvic_tilt_deg - truth.lumbar_lordosis_deg).mean()),
    }
    for segment in Segment:
        source = wearer.source(segment)
        ups = [source.read(*span).counts[:, :3].mean(axis=0) for span in ((0.0, QUIET_S), (20.0, 70.0))]
        cosine = ups[0] @ ups[1] / np.prod([np.linalg.norm(up) for up in ups])
        assert np.degrees(np.arccos(cosine)) == pytest.approx(expected[segment], abs=2.5)


def test_bending_right_lifts_the_left_side() -> None:
    wearer = Wearer(of_moves("bend", SitDown(SIT_USUAL), Shift(BEND_RIGHT), Hold(20.0)), seed=1)
    t = np.arange(8.0, 18.0, 0.1)
    for segment, lean_deg in ((Segment.PELVIS, 8.0), (Segment.LUMBAR, 17.0)):
        acc, _ = wearer.ideal(segment, t)
        assert np.degrees(np.arcsin(acc[:, 1] / np.linalg.norm(acc, axis=1))).mean() == pytest.approx(lean_deg, abs=0.5)


def test_lying_on_the_back_faces_up() -> None:
    script = of_moves("nap", SitDown(), LieDown(), Hold(20.0), GetUp(), Hold(5.0))
    wearer = Wearer(script, seed=4)
    truth = wearer.truth(np.arange(8.0, 24.0, 0.1))
    assert (truth.activity == Activity.LYING).all()
    np.testing.assert_allclose(truth.pelvic_tilt_deg, -88.0, atol=1.5)
    np.testing.assert_allclose(truth.lumbar_lordosis_deg, -4.0, atol=1.5)
    acc, _ = wearer.ideal(Segment.PELVIS, np.array([15.0]))
    assert acc[0, 0] == pytest.approx(GRAVITY, abs=0.1)
    assert wearer.rises(script.end_s) == ()
    assert [round(bout.end_s - bout.start_s, 1) for bout in wearer.sitting_bouts(script.end_s)] == [2.9, 7.0]


@pytest.mark.parametrize("trunk_deg", [32.0, 38.0, 44.0])
def test_a_rise_leans_before_it_lifts(trunk_deg: float) -> None:
    script = of_moves("rise", Hold(2.0), SitDown(), Hold(5.0), Rise(trunk_deg=trunk_deg), Hold(5.0))
    wearer = Wearer(script, seed=6)
    (rise,) = wearer.rises(script.end_s)
    assert rise.end_s - rise.start_s == pytest.approx(2.0)
    t = np.arange(rise.start_s, rise.end_s, 0.01)
    truth = wearer.truth(t)
    trunk = truth.pelvic_tilt_deg - truth.lumbar_lordosis_deg
    assert trunk.max() == pytest.approx(trunk_deg, abs=2.0)
    assert abs(t[trunk.argmax()] - rise.seat_off_s) < 0.1
    height = wearer.place(Segment.PELVIS, t)[:, 2]
    before, after = np.searchsorted(t, (rise.seat_off_s, rise.end_s))
    assert abs(height[before] - height[0]) < 0.06
    assert height[after - 1] - height[before] > 0.25
    assert np.diff(height).max() / 0.01 > 0.2  # m/s: the usual detectors' lower limit
    assert (truth.activity[:before] == Activity.SITTING).all()
    assert (truth.activity[before + 1 :] == Activity.STANDING).all()


def test_walking_has_its_cadence_and_its_sizes() -> None:
    wearer = Wearer(of_moves("walk", Hold(2.0), Walk(60.0, cadence_spm=108.0), Hold(2.0)), seed=8)
    rate_hz = 100.0
    t = np.arange(5.0, 15.0, 1 / rate_hz)
    truth = wearer.truth(t)
    assert (truth.activity == Activity.WALKING).all()
    acc, _ = wearer.ideal(Segment.PELVIS, t)
    hz = np.fft.rfftfreq(len(t), 1 / rate_hz)
    for column, expected_hz in ((2, 1.8), (0, 1.8), (1, 0.9)):  # steps up and on, strides from side to side
        spectrum = np.abs(np.fft.rfft((acc[:, column] - acc[:, column].mean()) * np.hanning(len(t))))
        assert hz[spectrum.argmax()] == pytest.approx(expected_hz, abs=0.11)
    assert 1.0 < acc[:, 2].std() < 3.0
    assert 2.0 < np.ptp(truth.pelvic_tilt_deg) < 5.0
    speed = np.diff(wearer.place(Segment.PELVIS, t)[:, :2], axis=0) * rate_hz
    assert np.median(np.linalg.norm(speed, axis=1)) == pytest.approx(1.17, abs=0.1)


def test_an_hour_has_no_jumps(hour: tuple[Wearer, Floats, Truth]) -> None:
    wearer, t, truth = hour
    turn_deg = np.abs(np.diff([truth.pelvic_tilt_deg, truth.lumbar_lordosis_deg]))
    assert turn_deg.max() < 1.5  # in 10 ms: 150 °/s
    for segment in Segment:
        acc, gyr = wearer.ideal(segment, t)
        assert np.abs(np.diff(acc, axis=0)).max() < 2.0  # jerk below 200 m/s³
        assert np.abs(np.diff(gyr, axis=0)).max() < 0.4
        assert np.abs(acc).max() < 4 * GRAVITY
        assert (np.abs(np.diff(truth.q[segment], axis=0)) < 0.03).all()


def test_episodes_join_without_a_seam() -> None:
    """Just before and just after an episode's end the body is the same to the last micrometre."""
    wearer = demo(5)
    for rise in wearer.rises(HOUR_S):
        around = rise.start_s + np.array([-1e-6, 1e-6])  # an episode of `endless` begins with a rise
        place = wearer.place(Segment.LUMBAR, around)
        acc, gyr = wearer.ideal(Segment.LUMBAR, around)
        assert np.abs(np.diff(place, axis=0)).max() < 1e-6
        assert np.abs(np.diff(acc, axis=0)).max() < 1e-3
        assert np.abs(np.diff(gyr, axis=0)).max() < 1e-5


def test_an_endless_hour_rises_every_few_minutes(hour: tuple[Wearer, Floats, Truth]) -> None:
    wearer, _, truth = hour
    rises = wearer.rises(HOUR_S)
    assert 9 <= len(rises) <= 20
    assert all(120.0 < b.start_s - a.start_s < 480.0 for a, b in pairwise(rises))
    assert set(np.unique(truth.activity)) == {Activity.SITTING, Activity.STANDING, Activity.WALKING}
    seated = truth.activity == Activity.SITTING
    bouts = wearer.sitting_bouts(HOUR_S)
    assert sum(bout.end_s - bout.start_s for bout in bouts) == pytest.approx(seated.sum() * 0.01, abs=1.0)
    assert np.ptp(np.percentile(truth.lumbar_lordosis_deg[seated], (5, 95))) > 8.0
    # Still sitting at the cut: the last bout is cut off there.
    assert wearer.sitting_bouts(100.0)[-1].end_s == 100.0


@pytest.mark.parametrize("seed", range(3))
def test_an_office_day_is_mostly_seated_and_has_everything(seed: int) -> None:
    wearer = Wearer(office_day(seed), seed)
    end_s = wearer.script.end_s
    assert end_s == 8 * HOUR_S
    bouts, rises = wearer.sitting_bouts(end_s), wearer.rises(end_s)
    assert 10 <= len(rises) <= 35
    assert 0.6 < sum(bout.end_s - bout.start_s for bout in bouts) / end_s < 0.95
    minutes = [(bout.end_s - bout.start_s) / 60 for bout in bouts]
    assert max(minutes) > 30.0
    assert np.std(minutes) > 5.0
    activity = wearer.truth(np.arange(0.0, end_s, 1.0)).activity
    assert {Activity.SITTING, Activity.STANDING, Activity.WALKING, Activity.LYING} <= set(activity)
    assert activity[-1] == Activity.SITTING


def test_seeds_make_different_days_and_the_same_seed_the_same() -> None:
    def starts(seed: int) -> list[float]:
        return [rise.start_s for rise in Wearer(office_day(seed), seed).rises(4 * HOUR_S)]

    assert starts(1) == starts(1)
    assert starts(1) != starts(2)


def test_sit_then_stand_never_rises_before_its_time() -> None:
    wearer = Wearer(sit_then_stand(), seed=1)
    (rise,) = wearer.rises(wearer.script.end_s)
    first, second = wearer.sitting_bouts(wearer.script.end_s)
    assert rise.start_s - first.start_s >= 31 * 60.0
    assert first.end_s - first.start_s == pytest.approx(31 * 60.0, abs=5.0)
    assert first.end_s == rise.seat_off_s
    assert second.start_s - first.end_s == pytest.approx(180.0, abs=5.0)
    truth = wearer.truth(np.arange(first.start_s + 3, rise.start_s, 0.5))
    assert (truth.activity == Activity.SITTING).all()
    assert truth.pelvic_tilt_deg.std() > 0.5


def test_after_its_end_a_body_stays_as_it_is() -> None:
    wearer = Wearer(of_moves("short", SitDown(SLUMP)), seed=0)
    truth = wearer.truth(np.array([5.0, 1e5]))
    np.testing.assert_allclose(truth.lumbar_lordosis_deg, SLUMP.lordosis_deg, atol=BLUR_DEG)
    assert len(wearer.source(Segment.PELVIS).read(0.0, 100.0).t) < 3 * 52


def test_any_moment_can_be_looked_at_again(hour: tuple[Wearer, Floats, Truth]) -> None:
    wearer, t, truth = hour
    for start in (0, 31_000, 5_000):
        again = wearer.truth(t[start : start + 500])
        np.testing.assert_allclose(again.pelvic_tilt_deg, truth.pelvic_tilt_deg[start : start + 500], atol=1e-9)
        np.testing.assert_array_equal(again.activity, truth.activity[start : start + 500])
    with pytest.raises(ValueError, match="rising"):
        wearer.truth(np.array([2.0, 1.0]))


def test_a_script_is_expanded_only_as_far_as_somebody_looks() -> None:
    asked: list[int] = []
    whole = endless(1)

    def episode(k: int, start_s: float) -> tuple[Move, ...]:
        asked.append(k)
        return whole.episode(k, start_s)

    wearer = Wearer(Script("watched", episode), seed=1)
    wearer.truth(np.arange(0.0, 10.0, 0.1))
    assert asked == [0]
    wearer.truth(np.array([86400.0]))
    assert asked == sorted(set(asked))


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), duration_s=st.floats(5.0, 2000.0))
def test_filled_time_is_exact_and_stays_on_its_support(seed: int, duration_s: float) -> None:
    for fill, support in ((sitting, Activity.SITTING), (standing, Activity.STANDING)):
        moves = list(fill(np.random.default_rng(seed), duration_s))
        assert sum(move.duration_s for move in moves) == pytest.approx(duration_s)
        assert all(move.posture.support is support for move in moves if isinstance(move, Shift))


def test_a_walk_too_short_for_a_rectangle_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        Walk(5.0)
    assert STAND_UPRIGHT.trunk_deg == 0.0
