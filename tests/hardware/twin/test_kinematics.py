"""Force and rate must belong to the very same movement as orientation and place."""

import numpy as np
import pytest

from analysis.model import GRAVITY, Activity, Floats, Segment
from hardware.twin.kinematics import orientation, pitch_deg, rotate, sensor_motion
from hardware.twin.moves import Fidget, GetUp, Hold, LieDown, Move, Rise, Shift, SitDown, Walk
from hardware.twin.pen import Axis
from hardware.twin.posture import LEAN_FORWARD, SLUMP, Body, Posture
from hardware.twin.script import of_moves
from hardware.twin.timeline import Coordinates, Timeline
from hardware.twin.wearer import Wearer

LIVELY: tuple[Move, ...] = (
    Hold(3.0),
    SitDown(),
    Fidget(3.0, -4.0, 2.0, 5.0, 0.02),
    Shift(SLUMP),
    LieDown(),
    GetUp(),
    Shift(LEAN_FORWARD),
    Rise(),
    Walk(30.0),
    Hold(8.0),
)
STEP_S = 0.002


@pytest.fixture(scope="module")
def minute() -> tuple[Wearer, Floats]:
    return Wearer(of_moves("lively", *LIVELY), seed=5), np.arange(0.0, 60.0, STEP_S)


def _angle_deg(a: Floats, b: Floats) -> Floats:
    angle: Floats = np.degrees(2 * np.arccos(np.clip(np.abs((a * b).sum(axis=1)), 0.0, 1.0)))
    return angle


def _integrated(start: Floats, gyr: Floats) -> Floats:
    """Orientation from rates half a step apart, one exact turn after the other."""
    turn = gyr * STEP_S
    angle = np.linalg.norm(turn, axis=1)
    parts = np.column_stack([np.cos(angle / 2), turn * (np.sinc(angle / 2 / np.pi) / 2)[:, None]])
    q = [start]
    for w, x, y, z in parts:
        a, b, c, d = q[-1]
        q.append(
            np.array(
                [
                    a * w - b * x - c * y - d * z,
                    a * x + b * w + c * z - d * y,
                    a * y - b * z + c * w + d * x,
                    a * z + b * y - c * x + d * w,
                ]
            )
        )
    return np.array(q)


@pytest.mark.parametrize("segment", list(Segment))
def test_the_integrated_rate_is_the_orientation(minute: tuple[Wearer, Floats], segment: Segment) -> None:
    wearer, t = minute
    q = wearer.truth(t).q[segment]
    _, gyr = wearer.ideal(segment, t + STEP_S / 2)
    assert np.abs(gyr).max() > 1.0
    assert _angle_deg(_integrated(q[0], gyr)[:-1], q).max() < 0.05


@pytest.mark.parametrize("segment", list(Segment))
def test_the_twice_integrated_acceleration_is_the_place(minute: tuple[Wearer, Floats], segment: Segment) -> None:
    wearer, t = minute
    q = wearer.truth(t).q[segment]
    force, _ = wearer.ideal(segment, t)
    acc = rotate(q, force) - np.array([0.0, 0.0, GRAVITY])
    place = wearer.place(segment, t)
    second = (place[2:] - 2 * place[1:-1] + place[:-2]) / STEP_S**2
    assert np.abs(second - acc[1:-1]).max() < 0.02
    # Twice summed: x[n+1] = 2 x[n] - x[n-1] + a dt², from the first two places.
    velocity = (place[1] - place[0]) / STEP_S + np.cumsum(acc[1:-1], axis=0) * STEP_S
    walked = place[1] + np.cumsum(velocity, axis=0) * STEP_S
    assert np.linalg.norm(place[:, :2], axis=1).max() > 3.0
    assert np.abs(walked - place[2:]).max() < 0.01


def _still(**angles_deg: float) -> Coordinates:
    value = np.zeros((len(Axis), 1))
    for name, angle in angles_deg.items():
        value[Axis[name]] = np.radians(angle)
    return Coordinates(np.zeros(1), value, np.zeros_like(value), np.zeros_like(value))


@pytest.mark.parametrize(
    ("angles", "pelvis", "lumbar"),
    [
        ({}, [0, 0, 1], [0, 0, 1]),
        ({"YAW": 77.0}, [0, 0, 1], [0, 0, 1]),
        ({"PITCH": 30.0}, [-0.5, 0, np.sqrt(0.75)], [-0.5, 0, np.sqrt(0.75)]),
        ({"PITCH": 90.0}, [-1, 0, 0], [-1, 0, 0]),
        ({"ROLL": 90.0}, [0, 1, 0], [0, 1, 0]),
        ({"FLEX": 30.0}, [0, 0, 1], [-0.5, 0, np.sqrt(0.75)]),
        ({"PITCH": -88.0, "FLEX": 88.0}, [np.sin(np.radians(88)), 0, np.cos(np.radians(88))], [0, 0, 1]),
    ],
)
def test_at_rest_only_gravity_is_felt(angles: dict[str, float], pelvis: list[float], lumbar: list[float]) -> None:
    for segment, up in ((Segment.PELVIS, pelvis), (Segment.LUMBAR, lumbar)):
        force, rate = sensor_motion(Body(), _still(**angles), segment)
        np.testing.assert_allclose(force[0], GRAVITY * np.array(up, float), atol=1e-12)
        np.testing.assert_array_equal(rate, 0.0)


def test_a_turning_pelvis_pulls_and_swings_its_sensor() -> None:
    """About the hip axis at 2 rad/s and 3 rad/s²: centripetal ω²r and tangential αr, by hand."""
    still = _still()
    still.rate[Axis.PITCH], still.curve[Axis.PITCH] = 2.0, 3.0
    body = Body(sensor_behind_m=0.1, sensor_above_m=0.05)
    force, rate = sensor_motion(body, still, Segment.PELVIS)
    # r = (-0.1, 0, 0.05); α×r = (α·0.05, 0, α·0.1); ω×(ω×r) = -ω² r
    np.testing.assert_allclose(force[0], [3 * 0.05 + 4 * 0.1, 0.0, GRAVITY + 3 * 0.1 - 4 * 0.05])
    np.testing.assert_allclose(rate[0], [0.0, 2.0, 0.0])


def test_skin_turns_back_by_its_share_of_flexion() -> None:
    flexed = _still(FLEX=40.0)
    bone, _ = sensor_motion(Body(), flexed, Segment.LUMBAR)
    skin, _ = sensor_motion(Body(), flexed, Segment.LUMBAR, skin=0.05)
    lean = [float(np.degrees(np.arctan2(-force[0, 0], force[0, 2]))) for force in (bone, skin)]
    assert lean == pytest.approx([40.0, 38.0])


def test_pitch_is_a_lean_forward() -> None:
    assert pitch_deg(orientation(_still(PITCH=25.0, YAW=140.0), Segment.PELVIS)) == pytest.approx(25.0)
    assert pitch_deg(orientation(_still(PITCH=25.0, FLEX=10.0), Segment.LUMBAR)) == pytest.approx(35.0)
    assert pitch_deg(orientation(_still(PITCH=-90.0), Segment.PELVIS)) == pytest.approx(-90.0)


def test_rise_and_walk_come_back_to_where_they_began() -> None:
    script = of_moves("there and back", Hold(1.0), Walk(40.0, turn=-1, aspect=0.3), SitDown(), Rise(), Hold(5.0))
    body = Body()
    start, end = Timeline(script, body).at(np.array([0.5, script.end_s - 1.0])).value.T
    end[Axis.YAW] += 2 * np.pi
    np.testing.assert_allclose(end, start, atol=1e-12)


def test_a_posture_is_held_as_written() -> None:
    """Tilt, lordosis and their signs, with no sway or breath to blur them."""
    posture = Posture(Activity.SITTING, tilt_deg=-21.0, lordosis_deg=-27.0)
    timeline = Timeline(of_moves("one", SitDown(posture), Hold(10.0)), Body())
    coordinates = timeline.at(np.array([5.0]))
    tilt = pitch_deg(orientation(coordinates, Segment.PELVIS))
    trunk = pitch_deg(orientation(coordinates, Segment.LUMBAR))
    assert tilt == pytest.approx(-21.0)
    assert tilt - trunk == pytest.approx(-27.0)
    assert trunk == pytest.approx(posture.trunk_deg)
    assert coordinates.value[Axis.Z] == pytest.approx(Body().sitting_hip_m)
