"""What a living body adds to every posture: sway, breath and the rhythm of gait.

Sums of harmonics with written-down derivatives, let in and out by the coordinates SWAY, BREATH and GAIT.

Sizes. Sway of the trunk in quiet stance: a few tenths of a degree and a few millimetres (trunk acceleration of some
0.04 m/s² RMS on two legs, MDER.S91719). Gait: the vertical swing follows step length by the inverted pendulum
(Zijlstra & Hof 2003); pelvic rotation and obliquity 8–12° and tilt 2–4° from end to end; the back turns and bends
against the pelvis, so that T12 stays the quieter of the two.

Phases. The left foot lands at a whole turn of the stride's angle, the right one half a turn later. There the upward
force is highest (McCamley 2012) and the forward force goes from driving to braking (Zijlstra & Hof 2003); the body,
which sways towards the foot it stands on, is pushed away from it (MacKinnon & Winter 1993), and the pelvis turns
fastest, with the leg that comes forward, a little earlier. At 110 steps a minute the first harmonics of the forward
force, the one to the left and the turning stand at 87°, 97° and -151°; in four straight walks of the mobgap example at
73 to 114°, 78 to 104° and -175 to -118°.
"""

from __future__ import annotations

import numpy as np

from analysis.model import Floats
from hardware.twin.moves import step_length_m
from hardware.twin.pen import Axis, Walking
from hardware.twin.posture import Body
from hardware.twin.timeline import Coordinates, Episode

Triple = tuple[Floats, Floats, Floats]  # a function of time with its two derivatives

# (coordinate, amplitude in mm or mrad) of sway; X and Y mean forward and left here
_SWAY = ((Axis.X, 3.0), (Axis.Y, 2.0), (Axis.PITCH, 2.6), (Axis.ROLL, 1.7), (Axis.FLEX, 2.6), (Axis.BEND, 1.7))
_SWAY_HZ = (0.05, 0.9)  # postural sway lies below 1 Hz
_WAVES = 5
_BREATH_HZ = 0.24
_BREATH = ((Axis.FLEX, -5.0), (Axis.PITCH, 0.9), (Axis.Z, 0.3))  # breathing in straightens the back

# (coordinate, harmonic of the stride, amplitude in degrees or mm, phase in rad); Z's second harmonic follows the speed
_GAIT = (
    (Axis.X, 2, 9.0, -np.pi / 2),
    (Axis.X, 4, 1.5, 0.4),
    (Axis.Y, 1, 18.0, -np.pi / 2),
    (Axis.Y, 3, 1.6, 1.1),
    (Axis.Z, 4, 2.0, 2.2),
    (Axis.YAW, 1, 4.5, 0.5 + np.pi / 2),
    (Axis.PITCH, 2, 1.4, 1.9),
    (Axis.ROLL, 1, 4.2, 1.3),
    (Axis.ROLL, 3, 0.6, 0.2),
    (Axis.FLEX, 2, 1.0, 4.6),
    (Axis.BEND, 1, 3.4, 1.3 + np.pi),
    (Axis.TWIST, 1, 6.0, 0.5 + 3 * np.pi / 2),
)
_LENGTHS = (Axis.X, Axis.Y, Axis.Z)
_CALM_SPM = 108.0  # the cadence at which the table holds; amplitudes grow with cadence


class Rhythm:
    """One person's sway and breath."""

    def __init__(self, rng: np.random.Generator, body: Body) -> None:
        self._body = body
        self._waves = [(axis, *_spectrum(rng, amplitude * 1e-3 * rng.uniform(0.8, 1.2))) for axis, amplitude in _SWAY]
        self._breath_hz = _BREATH_HZ * rng.uniform(0.85, 1.15)
        self._breath_depth = rng.uniform(0.7, 1.3)

    def add(self, coordinates: Coordinates, spans: list[tuple[Episode, slice]]) -> Coordinates:
        """The coordinates with sway, breath and gait; SWAY, BREATH and GAIT stay what they were."""
        t = coordinates.t
        extra = np.zeros((3, *coordinates.value.shape))
        sway, breath, gait = (_gain(coordinates, axis) for axis in (Axis.SWAY, Axis.BREATH, Axis.GAIT))
        for axis, amplitude, omega, phase in self._waves:
            _modulate(extra[:, axis], sway, _harmonics(t, amplitude, omega, phase))
        breathing = _unit_wave(2 * np.pi * self._breath_hz * t, 2 * np.pi * self._breath_hz)
        for axis, depth in _BREATH:
            _modulate(extra[:, axis], breath, breathing, self._breath_depth * depth * 1e-3)
        for episode, span in spans:
            for walk in episode.walks:
                self._stride(episode, walk, t, span, extra, gait)
        _turn(extra, coordinates)
        return Coordinates(t, coordinates.value + extra[0], coordinates.rate + extra[1], coordinates.curve + extra[2])

    def _stride(self, episode: Episode, walk: Walking, t: Floats, span: slice, extra: Floats, gait: Triple) -> None:
        part = _during(episode, walk, t, span)
        if part.start == part.stop:
            return
        angle, speed, change = stride_phase(t[part] - episode.start_s - walk.start_s, walk)
        gain = gait[0][part], gait[1][part], gait[2][part]
        vigour = walk.size * walk.cadence_spm / _CALM_SPM
        rise_m = _pendulum_m(walk.cadence_spm, self._body.standing_hip_m)
        waves = {n: _wave(n, angle, speed, change) for n in {row[1] for row in _GAIT}}
        for axis, harmonic, amplitude, phase in ((Axis.Z, 2, 500.0 * rise_m * walk.size / vigour, np.pi), *_GAIT):
            size = amplitude * vigour * (1e-3 if axis in _LENGTHS else np.pi / 180)
            cosine, sine = waves[harmonic]
            wave = _mix(cosine, sine, np.cos(phase), -np.sin(phase))
            _modulate(extra[:, axis, part], gain, wave, size)


def impacts(t: Floats, spans: list[tuple[Episode, slice]], gain: Floats) -> Floats:
    """(n,) A unit train of what a heel strike leaves in soft tissue: 9 Hz, gone in a tenth of a second.

    `gain` is the coordinate GAIT.
    """
    train = np.zeros(len(t))
    for episode, span in spans:
        for walk in episode.walks:
            part = _during(episode, walk, t, span)
            if part.start == part.stop:
                continue
            angle, speed, _ = stride_phase(t[part] - episode.start_s - walk.start_s, walk)
            since_s = np.mod(angle, np.pi) / speed  # each half stride begins with a heel strike
            train[part] = walk.impact * np.exp(-since_s / 0.035) * np.sin(2 * np.pi * 9.0 * since_s)
    return train * gain


def knocked(t: Floats, spans: list[tuple[Episode, slice]]) -> Floats:
    """(n,) m/s² What is left of each blow: soft tissue on a seat rings at some 6 Hz for a fifth of a second."""
    rest = np.zeros(len(t))
    for episode, span in spans:
        for knock in episode.knocks:
            at_s = episode.start_s + knock.at_s
            first, last = np.searchsorted(t[span], (at_s, at_s + 0.5))
            part = slice(span.start + int(first), span.start + int(last))
            since_s = t[part] - at_s
            rest[part] += knock.size_m_s2 * np.exp(-since_s / 0.07) * np.sin(2 * np.pi * 6.0 * since_s)
    return rest


def heel_strikes(walk: Walking) -> Floats:
    """(m,) s since the episode's start: whenever the stride's angle passes a whole half turn."""
    tau = np.arange(0.0, walk.end_s - walk.start_s, 0.004)
    angle, _, _ = stride_phase(tau, walk)
    halves = np.arange(np.ceil(angle[0] / np.pi), np.floor(angle[-1] / np.pi) + 1) * np.pi
    strikes: Floats = walk.start_s + np.interp(halves, angle, tau)
    return strikes


def stride_phase(tau: Floats, walk: Walking) -> Triple:
    """The stride's angle in rad, `tau` seconds into a walk: strides differ in time by some 2%."""
    omega = np.pi * walk.cadence_spm / 60.0
    slow = 2 * np.pi * 0.13
    angle = omega * tau + 0.14 * np.sin(slow * tau)
    speed = omega + 0.14 * slow * np.cos(slow * tau)
    change = -0.14 * slow**2 * np.sin(slow * tau)
    if walk.limp:
        angle = angle + walk.limp * np.cos(omega * tau)
        speed = speed - walk.limp * omega * np.sin(omega * tau)
        change = change - walk.limp * omega**2 * np.cos(omega * tau)
    return angle, speed, change


def _during(episode: Episode, walk: Walking, t: Floats, span: slice) -> slice:
    bounds = np.searchsorted(t[span], (episode.start_s + walk.start_s, episode.start_s + walk.end_s))
    return slice(span.start + int(bounds[0]), span.start + int(bounds[1]))


def _pendulum_m(cadence_spm: float, leg_m: float) -> float:
    """Rise of the body's centre within a step; 1.25 is the usual correction of Zijlstra & Hof's pendulum."""
    half = step_length_m(cadence_spm) / 2.5
    return leg_m - float(np.sqrt(leg_m**2 - half**2))


def _spectrum(rng: np.random.Generator, amplitude: float) -> tuple[Floats, Floats, Floats]:
    """Amplitudes, angular frequencies and phases of a sum of waves with RMS `amplitude`."""
    edges = np.geomspace(*_SWAY_HZ, _WAVES + 1)
    hz = rng.uniform(edges[:-1], edges[1:])
    weight = hz**-0.5
    return (
        amplitude * np.sqrt(2.0) * weight / np.linalg.norm(weight),
        2 * np.pi * hz,
        rng.uniform(0.0, 2 * np.pi, _WAVES),
    )


def _harmonics(t: Floats, amplitude: Floats, omega: Floats, phase: Floats) -> Triple:
    angle = np.outer(omega, t) + phase[:, None]
    sine, cosine = np.sin(angle), np.cos(angle)
    return amplitude @ sine, (amplitude * omega) @ cosine, -(amplitude * omega**2) @ sine


def _unit_wave(angle: Floats, omega: float) -> Triple:
    sine = np.sin(angle)
    return sine, omega * np.cos(angle), -(omega**2) * sine


def _wave(n: int, angle: Floats, speed: Floats, change: Floats) -> tuple[Triple, Triple]:
    """cos(n·angle) and sin(n·angle) with their derivatives."""
    cosine, sine = np.cos(n * angle), np.sin(n * angle)
    first, second = n * speed, n * change
    return (
        (cosine, -first * sine, -second * sine - first**2 * cosine),
        (sine, first * cosine, second * cosine - first**2 * sine),
    )


def _mix(one: Triple, other: Triple, a: float, b: float) -> Triple:
    return a * one[0] + b * other[0], a * one[1] + b * other[1], a * one[2] + b * other[2]


def _gain(coordinates: Coordinates, axis: Axis) -> Triple:
    return coordinates.value[axis], coordinates.rate[axis], coordinates.curve[axis]


def _modulate(into: Floats, gain: Triple, wave: Triple, size: float = 1.0) -> None:
    """Add size · gain · wave and its derivatives to `into` (3, n)."""
    into[0] += size * (gain[0] * wave[0])
    into[1] += size * (gain[1] * wave[0] + gain[0] * wave[1])
    into[2] += size * (gain[2] * wave[0] + 2 * gain[1] * wave[1] + gain[0] * wave[2])


def _turn(extra: Floats, coordinates: Coordinates) -> None:
    """From forward and left to the world's X and Y: extra = R(yaw) · extra, in place."""
    yaw, spin, change = (array[Axis.YAW] for array in (coordinates.value, coordinates.rate, coordinates.curve))
    place, speed, push = (extra[order, :2].copy() for order in range(3))
    side, side_speed = np.stack([-place[1], place[0]]), np.stack([-speed[1], speed[0]])
    cosine, sine = np.cos(yaw), np.sin(yaw)
    local = (
        place,
        speed + spin * side,
        push + 2 * spin * side_speed + change * side - spin**2 * place,
    )
    for order, vector in enumerate(local):
        extra[order, 0] = cosine * vector[0] - sine * vector[1]
        extra[order, 1] = sine * vector[0] + cosine * vector[1]
