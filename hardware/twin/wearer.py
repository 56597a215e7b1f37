"""A simulated wearer: what the body really does, and what a sensor on it would feel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.model import Activity, Codes, Floats, Segment
from hardware.twin.away import Aways
from hardware.twin.imu import DEFAULT_RANGES, Imu, ImuErrors, Ranges
from hardware.twin.kinematics import orientation, pitch_deg, sensor_motion, sensor_place
from hardware.twin.pen import Axis, Rising, Transition, TransitionKind
from hardware.twin.posture import HIP_ABOVE_SEAT_M, Body
from hardware.twin.rhythm import Rhythm, heel_strikes, impacts, knocked
from hardware.twin.script import Script, endless
from hardware.twin.source import SampleSource
from hardware.twin.timeline import Coordinates, Episode, Timeline

_IMPACT_DIRECTION = np.array([0.4, 0.1, 1.0])  # heel strikes shake the skin mostly up and down
_KNOCK_SHARE = {Segment.PELVIS: 1.0, Segment.LUMBAR: 0.6}  # the back dampens what the seat does

_STEPPING = 0.5  # of a walk's bounce; a smaller one is shuffling


@dataclass(frozen=True, slots=True)
class Truth:
    """What really is. Both angles are the change from the wearer's own quiet upright standing."""

    t: Floats  # (n,) s
    pelvic_tilt_deg: Floats  # (n,) forward +
    lumbar_lordosis_deg: Floats  # (n,) pitch(pelvis) − pitch(T12): flexion −
    activity: Codes  # (n,) Activity; NOT_WORN while every sensor is off
    q: Mapping[Segment, Floats]  # (n, 4) segment → world
    worn: Mapping[Segment, NDArray[np.bool_]]  # (n,) the sensor is on the body


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
        self._aways = Aways(self._timeline, self._rhythm, self.body, seed)

    def truth(self, t: Floats) -> Truth:
        coordinates = self._coordinates(t)
        q = {segment: orientation(coordinates, segment) for segment in Segment}
        # In quiet upright standing both segments are upright by definition, so both pitches start from zero.
        tilt = pitch_deg(q[Segment.PELVIS])
        lordosis = np.mod(tilt - pitch_deg(q[Segment.LUMBAR]) + 180.0, 360.0) - 180.0
        worn = {segment: ~self._aways.off(segment, t) for segment in Segment}
        return Truth(t, tilt, lordosis, self._activity(t), q, worn)

    def ideal(self, segment: Segment, t: Floats) -> tuple[Floats, Floats]:
        """Specific force (n, 3) in m/s² and angular rate (n, 3) in rad/s at the sensor's place.

        Free of every error, fixed to the bone, and in the segment's frame (x forward, y left, z up).
        """
        return sensor_motion(self.body, self._coordinates(t), segment)

    def on_skin(self, segment: Segment, t: Floats, skin: float, impact_m_s2: float) -> tuple[Floats, Floats]:
        """As `ideal`, but on skin that turns with flexion by the share `skin` and shakes after heel strikes and blows.

        While the sensor is off the body, what it feels where it is then.
        """
        coordinates = self._coordinates(t)
        spans = self._timeline.spans(t)
        acc, gyr = sensor_motion(self.body, coordinates, segment, skin)
        if impact_m_s2:
            train = impacts(t, spans, coordinates.value[Axis.GAIT])
            acc += impact_m_s2 * np.outer(train, _IMPACT_DIRECTION)
            acc += _KNOCK_SHARE[segment] * np.outer(knocked(t, spans), _IMPACT_DIRECTION)
        return self._aways.felt(segment, t, acc, gyr)

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

    def transitions(self, until_s: float) -> tuple[Transition, ...]:
        """Every change of support whose contact lies before `until_s` and was felt by a sensor, in session time."""
        found = [
            change.since(episode.start_s)
            for episode in self._episodes(until_s)
            for change in episode.transitions
            if episode.start_s + change.contact_s < until_s
        ]
        return tuple(change for change in found if not self._is_off(change.contact_s))

    def rises(self, until_s: float) -> tuple[Rising, ...]:
        """Every sit-to-stand whose seat-off lies before `until_s`, in session time."""
        return tuple(
            Rising(change.start_s, change.contact_s, change.end_s)
            for change in self.transitions(until_s)
            if change.kind is TransitionKind.SIT_TO_STAND
        )

    def contacts(self, until_s: float) -> Floats:
        """(m,) s, every initial contact of a foot before `until_s` while walking (or on the stairs) and worn."""
        strikes = [
            episode.start_s + heel_strikes(walk)
            for episode in self._episodes(until_s)
            for walk in episode.walks
            if walk.size >= _STEPPING
        ]
        t = np.concatenate(strikes) if strikes else np.empty(0)
        t = t[t < until_s]
        return t[self._activity(t) == Activity.WALKING] if len(t) else t

    def sitting_bouts(self, until_s: float) -> tuple[Bout, ...]:
        """Every bout from touching the seat to leaving it (or lying down, or no sensor), cut off at `until_s`."""
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
        return tuple(part for bout in bouts for part in self._worn_parts(bout))

    def not_worn(self, until_s: float) -> tuple[Bout, ...]:
        """Every span in which no sensor is on the body, cut off at `until_s`."""
        return tuple(Bout(start_s, min(end_s, until_s)) for start_s, end_s in self._aways.all_off(until_s))

    def seat_m(self, t: Floats) -> Floats:
        """(n,) m, height of the seat or bed at rising times t; NaN where nothing carries the body but its feet."""
        coordinates = self._timeline.at(t)
        height: Floats = coordinates.value[Axis.Z] - coordinates.value[Axis.FLOOR] - HIP_ABOVE_SEAT_M
        carried = np.isin(self._timeline.activity(t), (Activity.SITTING, Activity.LYING))
        return np.where(carried, height, np.nan)

    def _activity(self, t: Floats) -> Codes:
        codes = self._timeline.activity(t)
        for start_s, end_s in self._aways.all_off(float(t[-1])):
            codes[(t >= start_s) & (t < end_s)] = Activity.NOT_WORN
        return codes

    def _worn_parts(self, bout: Bout) -> Iterator[Bout]:
        start_s = bout.start_s
        for off_s, on_s in self._aways.all_off(bout.end_s):
            if start_s < off_s:
                yield Bout(start_s, min(off_s, bout.end_s))
            start_s = max(start_s, on_s)
        if start_s < bout.end_s:
            yield Bout(start_s, bout.end_s)

    def _is_off(self, at_s: float) -> bool:
        return any(start_s <= at_s < end_s for start_s, end_s in self._aways.all_off(at_s))

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
