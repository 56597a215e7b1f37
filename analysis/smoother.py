"""Which way was up, for a whole recording: the causal filter's steps gone through again from the end.

Every step of the filter says how an error before it would have become one after it, so what later samples showed can
be taken back to earlier ones (Rauch, Tung & Striebel, AIAA Journal 3(8), 1965, 10.2514/3.3166). The live pipeline,
and the reanalysis that must equal it, have only the causal filter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis import covariance
from analysis.inclination import Inclination, Step
from analysis.intake import Intake, Rows
from analysis.model import Floats
from analysis.orientation import FIRST, Judged, Run, turned


@dataclass(frozen=True, slots=True)
class Smoothed:
    """A recording as seen with its future."""

    t: Floats  # (n,)   s; rows that the filter leaves out are not among them
    q: Floats  # (n, 4) sensor → world
    gyr: Floats  # (n, 3) rad/s without bias


def smoothed(t: Floats, acc: Floats, gyr: Floats, *, delay_s: float = 0.0) -> Smoothed:
    """A whole recording of one sensor; t (n,) s, acc (n, 3) m/s², gyr (n, 3) rad/s.

    Broken rows and gaps as in `OrientationFilter`; a gap ends what the future can tell of tilt, not of the bias before.
    Rows without turn rates are left out, too.
    """
    intake = Intake()
    pieces: list[Rows] = []
    for told in (intake.feed(t, acc, gyr), intake.flush()):
        if told and pieces:
            pieces[-1] = np.concatenate([pieces[-1], told[0]])
        pieces += told[1:] if pieces else told
    inclination = Inclination(patience=1)
    runs = [
        (rows, Run(rows[:FIRST], inclination, keeps_steps=True).feed(rows))
        for rows in pieces
        if len(rows) >= FIRST and not np.isnan(rows[0, 4])
    ]
    parts = [_seen_from_the_end(*run, delay_s) for run in runs]
    empty = Smoothed(np.empty(0), np.empty((0, 4)), np.empty((0, 3)))
    return Smoothed(*(np.concatenate([getattr(part, name) for part in [empty, *parts]]) for name in ("t", "q", "gyr")))


def _seen_from_the_end(rows: Rows, judged: Judged, delay_s: float) -> Smoothed:
    """Of chunks that were each judged alone."""
    errors = _errors(judged.steps)
    result = turned(judged, errors[:-1, :2], judged.corrections + errors[1:, :2], delay_s)
    bias = np.repeat(errors[1:, 4:], judged.chunks.size, axis=0)[: len(rows)]
    return Smoothed(rows[:, 0], result.q[: len(rows)], result.gyr[: len(rows)] - bias)


def _errors(steps: list[Step]) -> Floats:
    """The error (m + 1, 7) of the state before the first step and after each, as the whole recording shows it."""
    count = len(steps)
    known = covariance.matrices([step.prior for step in steps])
    moved = covariance.transitions([step.seen for step in steps])
    expected = covariance.matrices([step.expected for step in steps])
    gains = np.linalg.solve(expected, moved @ known).transpose(0, 2, 1)
    errors = np.zeros((count + 1, 7))
    for number in range(count - 1, -1, -1):
        errors[number] = gains[number] @ (errors[number + 1] + steps[number].correction)
    return errors
