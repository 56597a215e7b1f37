"""A script as coordinates over time, worked out an episode at a time and only where somebody looks."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.model import Activity, Codes, Floats
from hardware.twin.pen import Away, Axis, Knock, Mark, Pen, Transition, Walking, minimum_jerk
from hardware.twin.posture import Body
from hardware.twin.script import Script

_KEPT = 6  # compiled episodes in memory; readers of both sensors stay close together


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A body's coordinates and their two derivatives at some times."""

    t: Floats  # (n,)   s, rising
    value: Floats  # (len(Axis), n) m, rad or 1
    rate: Floats  # (len(Axis), n) per s
    curve: Floats  # (len(Axis), n) per s²


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of script as arrays; every step has ended when it ends."""

    start_s: float
    end_s: float
    base: Floats  # (len(Axis),) at its start
    axis: NDArray[np.intp]  # (m,) of each step
    step_start: Floats  # (m,) s since start_s
    step_end: Floats  # (m,)
    delta: Floats  # (m,)
    is_cruise: NDArray[np.bool_]  # (m,)
    walks: tuple[Walking, ...]
    transitions: tuple[Transition, ...]
    knocks: tuple[Knock, ...]
    aways: tuple[Away, ...]
    marks: tuple[Mark, ...]

    def at(self, t: Floats) -> tuple[Floats, Floats, Floats]:
        """Value, rate and curve, each (len(Axis), n), at rising times of this episode."""
        shape = (len(Axis), len(t))
        tau = t - self.start_s
        value = np.repeat(self.base[:, None], len(t), axis=1)
        rate, curve = np.zeros(shape), np.zeros(shape)
        over = self.step_end <= tau[0]
        value += np.bincount(self.axis, self.delta * (over & ~self.is_cruise), len(Axis))[:, None]
        self._coast(over & self.is_cruise, tau, value, rate)
        for i in np.flatnonzero(~over & (self.step_start < tau[-1])):
            self._add(int(i), tau, value, rate, curve)
        return value, rate, curve

    def _coast(self, cruises: NDArray[np.bool_], tau: Floats, value: Floats, rate: Floats) -> None:
        """Changes of speed that are complete before the first time asked for."""
        if not cruises.any():
            return
        axis, delta = self.axis[cruises], self.delta[cruises]
        middle = (self.step_start[cruises] + self.step_end[cruises]) / 2
        speed = np.bincount(axis, delta, len(Axis))[:, None]
        value += speed * tau - np.bincount(axis, delta * middle, len(Axis))[:, None]
        rate += speed

    def _add(self, i: int, tau: Floats, value: Floats, rate: Floats, curve: Floats) -> None:
        """Step i, which overlaps the times asked for."""
        row, start, end, delta = self.axis[i], self.step_start[i], self.step_end[i], self.delta[i]
        span = end - start
        first, last = np.searchsorted(tau, (start, end))
        integral, level, slope, slope_rate = minimum_jerk((tau[first:last] - start) / span)
        if self.is_cruise[i]:
            value[row, first:last] += delta * span * integral
            rate[row, first:last] += delta * level
            curve[row, first:last] += delta / span * slope
            value[row, last:] += delta * (tau[last:] - (start + end) / 2)
            rate[row, last:] += delta
        else:
            value[row, first:last] += delta * level
            rate[row, first:last] += delta / span * slope
            curve[row, first:last] += delta / span**2 * slope_rate
            value[row, last:] += delta


class Timeline:
    """Any moment of a script. Keeps one small record per episode passed, and a few compiled episodes."""

    def __init__(self, script: Script, body: Body) -> None:
        self._script = script
        self._body = body
        base = np.zeros(len(Axis))
        base[[Axis.Z, Axis.SWAY, Axis.BREATH]] = body.standing_hip_m, 1.0, 1.0
        self._starts: list[float] = [0.0]
        self._bases: list[tuple[Floats, Activity]] = [(base, Activity.STANDING)]
        self._away: list[int] = []  # the episodes in which sensors come off
        self._compiled: OrderedDict[int, Episode] = OrderedDict()

    def at(self, t: Floats) -> Coordinates:
        """Coordinates at rising times t (n,) in s."""
        parts = [episode.at(t[span]) for episode, span in self.spans(t)]
        value, rate, curve = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
        return Coordinates(t, value, rate, curve)

    def activity(self, t: Floats) -> Codes:
        """(n,) Activity at rising times t."""
        codes = np.empty(len(t), np.int8)
        for episode, span in self.spans(t):
            starts = [mark.at_s for mark in episode.marks]
            kinds = np.array([mark.activity for mark in episode.marks], np.int8)
            index = np.searchsorted(starts, t[span] - episode.start_s, side="right") - 1
            codes[span] = kinds[np.maximum(index, 0)]
        return codes

    def spans(self, t: Floats) -> list[tuple[Episode, slice]]:
        """The episodes that rising times t fall into, each with its run of t."""
        if len(t) == 0 or not (np.diff(t) >= 0).all():
            raise ValueError("times must be rising, and at least one")
        found = []
        first = 0
        while first < len(t):
            episode = self.episode_at(float(t[first]))
            last = int(np.searchsorted(t, episode.end_s))
            found.append((episode, slice(first, last)))
            first = last
        return found

    def with_aways(self, until_s: float, known: int) -> list[Episode]:
        """The episodes from before `until_s` on in which sensors come off, less the first `known` ones."""
        self.episode_at(until_s)
        return [self.episode(k) for k in self._away[known:]]

    def episode_at(self, t: float) -> Episode:
        """The episode with start_s <= t < end_s; the first one also for times before it."""
        while self._starts[-1] <= t:
            self.episode(len(self._starts) - 1)
        return self.episode(max(bisect_right(self._starts, t) - 1, 0))

    def episode(self, k: int) -> Episode:
        """Episode k, from memory or worked out again. Its predecessors' ends must be known."""
        if k in self._compiled:
            self._compiled.move_to_end(k)
            return self._compiled[k]
        episode = self._compile(k)
        self._compiled[k] = episode
        if len(self._compiled) > _KEPT:
            self._compiled.popitem(last=False)
        return episode

    def _compile(self, k: int) -> Episode:
        start_s = self._starts[k]
        base, activity = self._bases[k]
        pen = Pen(self._body, base, activity)
        moves = self._script.episode(k, start_s)
        for move in moves:
            move.write(pen)
            pen.pass_time(move.duration_s)
        end_s = start_s + pen.now_s if moves else float("inf")
        if k + 1 == len(self._starts):
            self._starts.append(end_s)
            self._bases.append((pen.values, pen.activity))
            if pen.aways:
                self._away.append(k)
        return episode_of(pen, base, start_s, end_s)


def episode_of(pen: Pen, base: Floats, start_s: float, end_s: float) -> Episode:
    """What a pen has written, from the coordinates `base` (len(Axis),) on."""
    return Episode(
        start_s=start_s,
        end_s=end_s,
        base=base,
        axis=np.array([step.axis for step in pen.steps], np.intp),
        step_start=np.array([step.start_s for step in pen.steps], np.float64),
        step_end=np.array([step.start_s + step.duration_s for step in pen.steps], np.float64),
        delta=np.array([step.delta for step in pen.steps], np.float64),
        is_cruise=np.array([step.is_cruise for step in pen.steps], np.bool_),
        walks=tuple(pen.walks),
        transitions=tuple(pen.transitions),
        knocks=tuple(pen.knocks),
        aways=tuple(pen.aways),
        marks=tuple(pen.marks),
    )
