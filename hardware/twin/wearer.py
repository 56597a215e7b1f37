"""A simulated wearer: what the body really does, and what a sensor on it would feel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.model import Activity, Codes, Floats, Segment
from hardware.twin.imu import DEFAULT_RANGES, Imu, ImuErrors, Ranges
from hardware.twin.kinematics import orientation, pitch_deg, sensor_motion, sensor_place
from hardware.twin.pen import Axis, Rising
from hardware.twin.posture import Body
from hardware.twin.rhythm import Rhythm, impacts
from hardware.twin.script import Script, endless
from hardware.twin.source import SampleSource
from hardware.twin.timeline import Coordinates, Episode, Timeline

_IMPACT_DIRECTION = np.array([0.4, 0.1, 1.0])  # heel strikes shake the skin mostly up and down


@dataclass(frozen=True, slots=True)
class Truth:
    """What really is. Both angles are the change from the wearer's own quiet upright standing."""

    t: Floats  # (n,) s
    pelvic_tilt_deg: Floats  # (n,) forward +
    lumbar_lordosis_deg: Floats  # (n,) pitch(pelvis) − pitch(T12): flexion −
    activity: Codes  # (n,) Activity
    q: Mapping[Segment, Floats]  # (n, 4) segment → world


@dataclass(frozen=True, slots=True)
class Bout:
    """A run of one activity."""

    start_s: float
    end_s: float


class Wearer:
    """One person (size, sway and breath come from `seed`) living through a script.

    All times are seconds since the script's start and must be rising within one call.
    """

    def __init__(self, script: Script, seed: int = 0) -> None:
        rng = np.random.default_rng((seed, 0))
        self.script = script
        self.seed = seed
        self.body = Body.draw(rng)
        self._rhythm = Rhythm(rng, self.body)
        self._timeline = Timeline(script, self.body)

    def truth(self, t: Floats) -> Truth:
        coordinates = self._coordinates(t)
        q = {segment: orientation(coordinates, segment) for segment in Segment}
        # In quiet upright standing both segments are upright by definition, so both pitches start from zero.
        tilt = pitch_deg(q[Segment.PELVIS])
        lordosis = np.mod(tilt - pitch_deg(q[Segment.LUMBAR]) + 180.0, 360.0) - 180.0
        return Truth(t, tilt, lordosis, self._timeline.activity(t), q)

    def ideal(self, segment: Segment, t: Floats) -> tuple[Floats, Floats]:
        """Specific force (n, 3) in m/s² and angular rate (n, 3) in rad/s at the sensor's place.

        Free of every error, fixed to the bone, and in the segment's frame (x forward, y left, z up).
        """
        return sensor_motion(self.body, self._coordinates(t), segment)

    def on_skin(self, segment: Segment, t: Floats, skin: float, impact_m_s2: float) -> tuple[Floats, Floats]:
        """As `ideal`, but on skin that turns with flexion by the share `skin` and shakes after heel strikes."""
        coordinates = self._coordinates(t)
        acc, gyr = sensor_motion(self.body, coordinates, segment, skin)
        if impact_m_s2:
            train = impacts(t, self._timeline.spans(t), coordinates.value[Axis.GAIT])
            acc += impact_m_s2 * np.outer(train, _IMPACT_DIRECTION)
        return acc, gyr

    def place(self, segment: Segment, t: Floats) -> Floats:
        """(n, 3) m, where the sensor is in the world."""
        return sensor_place(self.body, self._coordinates(t), segment)

    def source(
        self,
        segment: Segment,
        rate_hz: float = 52.0,
        errors: ImuErrors | None = None,
        ranges: Ranges = DEFAULT_RANGES,
    ) -> SampleSource:
        """A worn sensor; `errors` are by default those of a sensor of this wearer's own."""
        chosen = errors or ImuErrors.default(2 * self.seed + list(Segment).index(segment))

        def motion(t: Floats) -> tuple[Floats, Floats]:
            return self.on_skin(segment, t, chosen.skin, chosen.impact_m_s2)

        return Imu(segment, rate_hz, motion, chosen, ranges, end_s=self.script.end_s)

    def rises(self, until_s: float) -> tuple[Rising, ...]:
        """Every sit-to-stand whose seat-off lies before `until_s`, in session time."""
        return tuple(
            Rising(*(episode.start_s + moment for moment in (rise.start_s, rise.seat_off_s, rise.end_s)))
            for episode in self._episodes(until_s)
            for rise in episode.rises
            if episode.start_s + rise.seat_off_s < until_s
        )

    def sitting_bouts(self, until_s: float) -> tuple[Bout, ...]:
        """Every bout from touching the seat to leaving it (or lying down), cut off at `until_s`."""
        bouts: list[Bout] = []
        began_s: float | None = None
        for at_s, activity in self._marks(until_s):
            if activity is Activity.SITTING and began_s is None:
                began_s = at_s
            elif activity is not Activity.SITTING and began_s is not None:
                bouts.append(Bout(began_s, at_s))
                began_s = None
        if began_s is not None:
            bouts.append(Bout(began_s, until_s))
        return tuple(bouts)

    def _coordinates(self, t: Floats) -> Coordinates:
        return self._rhythm.add(self._timeline.at(t), self._timeline.spans(t))

    def _episodes(self, until_s: float) -> Iterator[Episode]:
        at_s = 0.0
        while at_s < until_s:
            episode = self._timeline.episode_at(at_s)
            yield episode
            at_s = episode.end_s

    def _marks(self, until_s: float) -> Iterator[tuple[float, Activity]]:
        for episode in self._episodes(until_s):
            for mark in episode.marks:
                if episode.start_s + mark.at_s < until_s:
                    yield episode.start_s + mark.at_s, mark.activity


def demo(seed: int = 0) -> Wearer:
    """The wearer that steps in where no sensor is found: 12 s of quiet standing, then desk life for ever."""
    return Wearer(endless(seed), seed)
