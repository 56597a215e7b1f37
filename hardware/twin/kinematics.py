"""From a body's coordinates to what its segments do: orientation, place, specific force and angular rate.

Method: the coordinates are twice differentiable functions whose derivatives are known (pen.py, rhythm.py). They are
carried through the chain world → pelvis → T12 → skin one rotation about one axis at a time, with the rules for a
rotating frame. Nothing is differentiated numerically, so force and rate agree exactly with orientation and place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.model import GRAVITY, Floats, Segment
from hardware.twin.pen import Axis
from hardware.twin.posture import Body
from hardware.twin.timeline import Coordinates

# (axis of rotation, coordinate), outermost first
_PELVIS = ((2, Axis.YAW), (1, Axis.PITCH), (0, Axis.ROLL), (2, Axis.SPIN))
_LUMBAR = ((1, Axis.FLEX), (0, Axis.BEND), (2, Axis.TWIST))


@dataclass(slots=True)
class _Frame:
    """A moving frame as seen from within: (3, n) each."""

    force: Floats  # m/s², specific force at its origin
    rate: Floats  # rad/s
    spin: Floats  # rad/s², derivative of rate

    def turn(self, axis: int, angle: Floats, rate: Floats, curve: Floats) -> None:
        """Into a frame that is turned by `angle` about one of this one's axes."""
        i, j = (axis + 1) % 3, (axis + 2) % 3
        cosine, sine = np.cos(angle), np.sin(angle)
        for vector in (self.force, self.rate, self.spin):
            old = vector[i].copy()
            vector[i] = cosine * old + sine * vector[j]
            vector[j] = cosine * vector[j] - sine * old
        # d/dt(Rᵀω) = Rᵀω̇ − (rate·e)×(Rᵀω)
        self.spin[i] += rate * self.rate[j]
        self.spin[j] -= rate * self.rate[i]
        self.rate[axis] += rate
        self.spin[axis] += curve

    def shift(self, place: Floats) -> None:
        """To another point (3,) m of the same rigid body: α×r + ω×(ω×r)."""
        self.force += _cross(self.spin, place) + _cross(self.rate, _cross(self.rate, place))


def sensor_motion(body: Body, coordinates: Coordinates, segment: Segment, skin: float = 0.0) -> tuple[Floats, Floats]:
    """Specific force (n, 3) in m/s² and angular rate (n, 3) in rad/s at the sensor, in its segment's frame.

    `skin` turns the sensor against the bone: back by this share of the segment's flexion (the pelvis: of its tilt).
    """
    value, rate, curve = coordinates.value, coordinates.rate, coordinates.curve
    force = curve[:3].copy()
    force[2] += GRAVITY
    frame = _Frame(force, np.zeros_like(force), np.zeros_like(force))
    for axis, row in _PELVIS:
        if row is not Axis.SPIN or value[row].any():
            frame.turn(axis, value[row], rate[row], curve[row])
    stretch = Axis.PITCH
    if segment is Segment.LUMBAR:
        frame.shift(_joint(body))
        for axis, row in _LUMBAR:
            frame.turn(axis, value[row], rate[row], curve[row])
        stretch = Axis.FLEX
    frame.shift(_sensor(body, segment))
    if skin:
        frame.turn(1, -skin * value[stretch], -skin * rate[stretch], -skin * curve[stretch])
    return frame.force.T.copy(), frame.rate.T.copy()


def orientation(coordinates: Coordinates, segment: Segment) -> Floats:
    """(n, 4) segment → world."""
    q = np.zeros((4, len(coordinates.t)))
    q[0] = 1.0
    for axis, row in _PELVIS if segment is Segment.PELVIS else _PELVIS + _LUMBAR:
        q = _turned(q, axis, coordinates.value[row])
    return q.T.copy()


def sensor_place(body: Body, coordinates: Coordinates, segment: Segment) -> Floats:
    """(n, 3) m, the sensor in the world."""
    pelvis = orientation(coordinates, Segment.PELVIS)
    place = coordinates.value[:3].T
    if segment is Segment.PELVIS:
        return place + rotate(pelvis, _sensor(body, segment))
    lumbar = orientation(coordinates, Segment.LUMBAR)
    return place + rotate(pelvis, _joint(body)) + rotate(lumbar, _sensor(body, segment))


def pitch_deg(q: Floats) -> Floats:
    """(n,) forward lean of a segment from its up vector in its own frame: atan2(-up_x, up_z)."""
    w, x, y, z = q.T
    up_x, up_z = 2 * (x * z - w * y), 1 - 2 * (x * x + y * y)
    pitch: Floats = np.degrees(np.arctan2(-up_x, up_z))
    return pitch


def rotate(q: Floats, vector: Floats) -> Floats:
    """(n, 3) vectors (3,) or (n, 3) turned by q (n, 4)."""
    axis = q[:, 1:]
    twice = 2 * np.cross(axis, vector)
    turned: Floats = vector + q[:, :1] * twice + np.cross(axis, twice)
    return turned


def _joint(body: Body) -> Floats:
    return np.array([-body.joint_behind_m, 0.0, body.joint_above_m])


def _sensor(body: Body, segment: Segment) -> Floats:
    """Where the sensor lies: from the hip axis on the pelvis, from the lumbar joint on T12."""
    if segment is Segment.PELVIS:
        return np.array([-body.sensor_behind_m, 0.0, body.sensor_above_m])
    return np.array([-body.spine_behind_m, 0.0, body.spine_m])


def _cross(a: Floats, b: Floats) -> Floats:
    """a × b along the first axis; quicker than np.cross on a few hundred columns."""
    return np.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def _turned(q: Floats, axis: int, angle: Floats) -> Floats:
    """q (4, n) followed by a turn about one of the segment's own axes."""
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    i, j, k = axis + 1, (axis + 1) % 3 + 1, (axis + 2) % 3 + 1
    out = cosine * q
    out[0] -= sine * q[i]
    out[i] += sine * q[0]
    out[j] += sine * q[k]
    out[k] -= sine * q[j]
    return out
