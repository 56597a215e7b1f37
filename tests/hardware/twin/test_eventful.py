"""A day with everything in it: its truth is whole, and force and rate belong to the same movement throughout."""

import math

import numpy as np
import pytest

from analysis.model import GRAVITY, Activity, Floats, Segment
from hardware.twin.errands import Effort, Reach, Shuffle, Stairs, TakeOff
from hardware.twin.eventful import eventful_day
from hardware.twin.kinematics import pitch_deg, rotate
from hardware.twin.moves import GetUp, Hold, LieDown, Rise, RollOver, SitDown, Walk
from hardware.twin.pen import Axis, Place, TransitionKind
from hardware.twin.posture import PERCH, STAND_ON_DESK, STAND_UPRIGHT, Posture
from hardware.twin.script import of_moves
from hardware.twin.wearer import Wearer

HOUR_S = 3600.0
UP: Floats = np.array([0.0, 0.0, GRAVITY])


@pytest.fixture(scope="module")
def day() -> Wearer:
    return Wearer(eventful_day(4), 4)


def test_a_day_has_every_activity_and_lasts_as_long_as_it_says(day: Wearer) -> None:
    end_s = day.script.end_s
    truth = day.truth(np.arange(0.0, end_s, 1.0))
    assert end_s == 8 * HOUR_S
    assert set(np.unique(truth.activity)) == set(Activity) - {Activity.UNKNOWN}
    assert truth.activity[0] == Activity.STANDING
    assert truth.activity[-1] == Activity.SITTING
    assert {change.kind for change in day.transitions(end_s)} == set(TransitionKind)
    assert 20 <= len(day.rises(end_s)) <= 45


def test_bouts_transitions_and_activity_tell_the_same(day: Wearer) -> None:
    end_s = day.script.end_s
    t = np.arange(0.0, end_s, 0.1)
    activity = day.truth(t).activity
    seated_s = sum(bout.end_s - bout.start_s for bout in day.sitting_bouts(end_s))
    off_s = sum(bout.end_s - bout.start_s for bout in day.not_worn(end_s))
    assert (activity == Activity.SITTING).sum() * 0.1 == pytest.approx(seated_s, abs=5.0)
    assert (activity == Activity.NOT_WORN).sum() * 0.1 == pytest.approx(off_s, abs=2.0)
    for change in day.transitions(end_s):
        assert change.start_s < change.contact_s < change.end_s
        before, after = activity[np.searchsorted(t, (change.contact_s - 0.15, change.contact_s + 0.15))]
        is_rise = change.kind is TransitionKind.SIT_TO_STAND
        assert (before == Activity.SITTING) == (change.kind in (TransitionKind.SIT_TO_STAND, TransitionKind.SIT_TO_LIE))
        assert (after == Activity.SITTING) == (change.kind in (TransitionKind.STAND_TO_SIT, TransitionKind.LIE_TO_SIT))
        if is_rise:
            assert 0.8 <= change.end_s - change.start_s <= 4.0
        assert 0.34 <= change.seat_m <= 0.61


def test_the_seats_differ_in_height(day: Wearer) -> None:
    t = np.arange(0.0, day.script.end_s, 5.0)
    seat_m = day.seat_m(t)
    carried = np.isin(day.truth(t).activity, (Activity.SITTING, Activity.LYING))
    assert np.isfinite(seat_m[carried]).all()
    assert np.nanmin(seat_m) > 0.34
    assert np.nanmax(seat_m) - np.nanmin(seat_m) > 0.1


@pytest.mark.parametrize("segment", Segment)
def test_a_day_has_no_jumps(day: Wearer, segment: Segment) -> None:
    for start_s, end_s in [(bout.start_s - 20.0, bout.end_s + 20.0) for bout in day.not_worn(day.script.end_s)]:
        t = np.arange(start_s, end_s, 0.01)
        acc, gyr = day.on_skin(segment, t, 0.0, 0.0)
        assert np.abs(np.diff(acc, axis=0)).max() < 4.0
        assert np.abs(np.diff(gyr, axis=0)).max() < 1.5


def test_different_seeds_are_different_people() -> None:
    days = [Wearer(eventful_day(seed, 2.0), seed) for seed in range(6)]
    starts = {round(day.rises(2 * HOUR_S)[0].start_s, 3) for day in days}
    took = [rise.end_s - rise.start_s for day in days for rise in day.rises(2 * HOUR_S)]
    assert len(starts) == 6
    assert min(took) < 1.6 < 2.4 < max(took)
    again = Wearer(eventful_day(3, 2.0), 3)
    assert again.rises(2 * HOUR_S) == days[3].rises(2 * HOUR_S)
    with pytest.raises(ValueError, match="too short"):
        eventful_day(1, 0.03)


@pytest.mark.parametrize(
    ("spin_deg", "expected"), [(0.0, (1, 0, 0)), (90.0, (0, -1, 0)), (-90.0, (0, 1, 0)), (180.0, (-1, 0, 0))]
)
def test_lying_on_each_side_turns_that_side_down(spin_deg: float, expected: tuple[int, int, int]) -> None:
    """Supine the belly is up, on the left side the right side is, prone the back is."""
    flat = Posture(Activity.LYING, -90.0)
    for moves in (
        (SitDown(), LieDown(flat, spin_deg=spin_deg, elbow_deg=30.0, turn=-1, bed_m=0.5), Hold(10.0)),
        (SitDown(), LieDown(flat), Hold(3.0), RollOver(spin_deg, flat), Hold(10.0)),
    ):
        wearer = Wearer(of_moves("lie", *moves), seed=1)
        t = np.array([wearer.script.end_s - 1.0])
        acc, _ = wearer.ideal(Segment.PELVIS, t)
        np.testing.assert_allclose(acc[0] / GRAVITY, expected, atol=0.03)
        assert wearer.truth(t).activity[0] == Activity.LYING


def test_up_from_every_side_one_sits_upright_again() -> None:
    for spin_deg in (0.0, 90.0, -90.0, 180.0):
        moves = (SitDown(), LieDown(spin_deg=spin_deg), Hold(5.0), GetUp(PERCH, seat_m=0.5, elbow_deg=20.0), Hold(5.0))
        wearer = Wearer(of_moves("up", *moves), seed=1)
        t = np.array([wearer.script.end_s - 1.0])
        truth = wearer.truth(t)
        assert truth.activity[0] == Activity.SITTING
        assert truth.pelvic_tilt_deg[0] == pytest.approx(PERCH.tilt_deg, abs=1.0)
        assert wearer.seat_m(t)[0] == pytest.approx(0.5)
        assert [change.kind for change in wearer.transitions(wearer.script.end_s)] == [
            TransitionKind.STAND_TO_SIT,
            TransitionKind.SIT_TO_LIE,
            TransitionKind.LIE_TO_SIT,
        ]


def test_a_low_seat_is_further_down_and_arms_lift_earlier() -> None:
    def rise(seat_m: float, arms: float) -> tuple[float, float]:
        moves = (Hold(1.0), SitDown(seat_m=seat_m), Hold(3.0), Rise(arms=arms, aside_deg=8.0), Hold(3.0))
        wearer = Wearer(of_moves("rise", *moves), seed=1)
        (found,) = wearer.rises(wearer.script.end_s)
        z = wearer.place(Segment.PELVIS, np.array([found.start_s, found.end_s]))[:, 2]
        return float(z[1] - z[0]), (found.seat_off_s - found.start_s) / (found.end_s - found.start_s)

    low, high = rise(0.36, 0.0), rise(0.60, 1.0)
    assert low[0] - high[0] == pytest.approx(0.24, abs=0.01)
    assert high[1] < low[1]


def test_sitting_down_hard_is_felt_at_the_seat() -> None:
    def peak(impact_m_s2: float) -> float:
        wearer = Wearer(of_moves("sit", Hold(2.0), SitDown(impact_m_s2=impact_m_s2), Hold(3.0)), seed=1)
        (change,) = wearer.transitions(wearer.script.end_s)
        acc, _ = wearer.on_skin(Segment.PELVIS, change.contact_s + np.arange(0.0, 0.2, 0.005), 0.0, 1.0)
        return float(np.ptp(np.linalg.norm(acc, axis=1)))

    assert peak(5.0) > peak(0.0) + 2.5


def test_stairs_lift_the_floor_and_back() -> None:
    up, down = Stairs(12, True), Stairs(12, False)
    moves = (Hold(2.0), up, Hold(2.0), SitDown(seat_m=0.45), Hold(2.0), Rise(), down, Hold(2.0))
    wearer = Wearer(of_moves("stairs", *moves), seed=2)
    height = wearer.place(Segment.PELVIS, np.array([1.0, up.duration_s + 3.5, wearer.script.end_s - 0.5]))[:, 2]
    assert height[1] - height[0] == pytest.approx(12 * 0.17, abs=0.01)
    assert height[2] == pytest.approx(height[0], abs=0.01)
    assert [round(change.seat_m, 6) for change in wearer.transitions(wearer.script.end_s)] == [0.45, 0.45]
    climbing = wearer.truth(np.array([2.0 + up.duration_s / 2])).activity
    assert climbing[0] == Activity.WALKING


@pytest.mark.parametrize("limp", [0.0, 0.2])
def test_contacts_come_at_the_cadence_and_where_the_body_is_lowest(limp: float) -> None:
    wearer = Wearer(of_moves("walk", Hold(2.0), Walk(40.0, cadence_spm=100.0, limp=limp), Hold(2.0)), seed=3)
    contacts = wearer.contacts(wearer.script.end_s)
    steps = np.diff(contacts)
    assert 60.0 / steps.mean() == pytest.approx(100.0, abs=1.0)
    assert abs(np.median(steps[::2]) - np.median(steps[1::2])) == pytest.approx(2 * limp * 2 * 0.6 / math.pi, abs=0.03)
    for contact in contacts[5:15]:
        t = contact + np.arange(-0.2, 0.2, 0.01)
        assert abs(t[wearer.place(Segment.PELVIS, t)[:, 2].argmin()] - contact) < 0.08


def test_other_movement_is_none_of_the_rest_and_reaching_is_still_sitting() -> None:
    bent = Posture(Activity.STANDING, 40.0, -35.0)
    moves = (Hold(2.0), Effort(bent, 3, 4.0, drop_m=0.2), Shuffle(90.0, 0.3), SitDown(), Reach(40.0), Hold(2.0))
    wearer = Wearer(of_moves("other", *moves), seed=2)
    truth = wearer.truth(np.array([4.0, 15.0, 21.2]))
    assert truth.activity.tolist() == [Activity.OTHER, Activity.STANDING, Activity.SITTING]
    assert truth.pelvic_tilt_deg[0] == pytest.approx(40.0, abs=2.0)
    assert truth.pelvic_tilt_deg[2] > 10.0
    assert STAND_ON_DESK.trunk_deg > 15.0
    assert STAND_UPRIGHT.trunk_deg == 0.0


@pytest.mark.parametrize("place", Place)
def test_off_the_body_gravity_alone_is_felt_at_rest(place: Place) -> None:
    off = TakeOff((Hold(200.0), Walk(30.0), Hold(100.0)), place, number=3)
    wearer = Wearer(of_moves("off", Hold(20.0), off, Hold(20.0)), seed=3)
    (span,) = wearer.not_worn(wearer.script.end_s)
    assert 20.0 <= span.start_s < 24.0
    t = np.arange(100.0, 180.0, 0.02)
    acc, gyr = wearer.on_skin(Segment.PELVIS, t, 0.05, 1.0)
    if place is Place.HANDS:
        assert np.degrees(gyr.std()) > 5.0
        return
    assert np.abs(gyr).max() == 0.0
    assert np.linalg.norm(np.median(acc, axis=0)) == pytest.approx(GRAVITY, abs=1e-6)
    walking, _ = wearer.on_skin(Segment.PELVIS, np.arange(225.0, 245.0, 0.02), 0.05, 1.0)
    assert (np.linalg.norm(walking, axis=1).std() > 0.3) == (place is Place.BAG)


def test_put_on_again_a_sensor_sits_a_little_otherwise_and_only_the_one_taken_off() -> None:
    off = TakeOff((Hold(120.0),), Place.TABLE, (Segment.LUMBAR,), remount_deg=3.0)
    wearer = Wearer(of_moves("off", Hold(20.0), off, Hold(60.0)), seed=5)
    truth = wearer.truth(np.array([10.0, 80.0, 190.0]))
    assert truth.worn[Segment.PELVIS].all()
    assert truth.worn[Segment.LUMBAR].tolist() == [True, False, True]
    assert (truth.activity == Activity.STANDING).all()
    ups = {}
    for segment in Segment:
        before, _ = wearer.on_skin(segment, np.arange(1.0, 18.0, 0.02), 0.0, 0.0)
        after, _ = wearer.on_skin(segment, np.arange(150.0, 190.0, 0.02), 0.0, 0.0)
        a, b = before.mean(axis=0), after.mean(axis=0)
        ups[segment] = math.degrees(math.acos(min(1.0, a @ b / math.sqrt((a @ a) * (b @ b)))))
    assert ups[Segment.PELVIS] < 0.3
    assert 0.5 < ups[Segment.LUMBAR] < 12.0


def test_a_loose_sensor_turns_as_its_gyroscope_says() -> None:
    """Its rates, added up, take gravity where its accelerometer finds it."""
    off = TakeOff((Hold(90.0),), Place.CRADLE, number=1)
    wearer = Wearer(of_moves("off", Hold(10.0), off, Hold(10.0)), seed=6)
    step_s = 0.002
    t = np.arange(5.0, 108.0, step_s)
    acc, gyr = wearer.on_skin(Segment.LUMBAR, t, 0.0, 0.0)
    q = np.array([[1.0, 0.0, 0.0, 0.0]])
    up = acc[0] / np.linalg.norm(acc[0])
    for rate in gyr:
        w, x, y, z = q[0]
        a, b, c = rate * step_s / 2
        real, first = w - x * a - y * b - z * c, x + w * a + y * c - z * b
        q = np.array([[real, first, y + w * b + z * a - x * c, z + w * c + x * b - y * a]])
        q /= np.linalg.norm(q)
    turned_back = rotate(q * (1.0, -1.0, -1.0, -1.0), up)[0]
    last = acc[-200:].mean(axis=0)
    assert math.degrees(math.acos(turned_back @ last / np.linalg.norm(last))) < 1.5
    assert pitch_deg(q).shape == (1,)
    assert Axis.SPIN == 12
