"""How a day's sitting was spread over each metric, from its frames, or from its minutes where those are gone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.corrections import Corrected
from analysis.exposure import Band, Exposure, exposure_of
from analysis.io.frames import MINUTE_S
from analysis.io.reader import Minutes
from analysis.metrics import Metric
from analysis.metrics.twist_speed import TWIST_S, twist_deg
from analysis.model import FRAME_HZ, Activity, Floats, PostureFrame

_TWIST = "twist_speed"  # is told as what it adds up to


@dataclass(frozen=True, slots=True)
class Row:
    """One metric over the sitting of a day."""

    name: str
    label: str
    unit: str
    exposure: Exposure
    band: Band | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one session."""

    frame: PostureFrame  # possibly without ticks
    minutes: Minutes


def corrected(piece: Piece, spans: Sequence[Corrected]) -> Piece:
    """With the wearer's own word on what they did, in ticks and, by its share, in minutes; spans do not overlap."""
    frame, minutes = piece.frame, piece.minutes
    activity, seconds = frame.activity.copy(), minutes.seconds.copy()
    for span in spans:
        activity[(frame.t >= span.start_s) & (frame.t < span.end_s)] = span.activity
        overlap_s = np.minimum(minutes.t0 + MINUTE_S, span.end_s) - np.maximum(minutes.t0, span.start_s)
        moved = minutes.seconds * (np.clip(overlap_s, 0.0, MINUTE_S) / MINUTE_S)[:, None]
        seconds -= moved
        seconds[:, span.activity] += moved.sum(axis=1)
    return Piece(replace(frame, activity=activity), replace(minutes, seconds=seconds))


def rows_of(pieces: Sequence[Piece], metrics: Mapping[str, Metric], bands: Mapping[str, Band]) -> tuple[Row, ...]:
    """A row of every metric that was known while sitting."""
    rows = []
    for name, metric in metrics.items():
        parts = [_seated(piece, name) for piece in pieces]
        values = np.concatenate([np.empty(0), *(values for values, _ in parts)])
        seconds = np.concatenate([np.empty(0), *(seconds for _, seconds in parts)])
        exposure = exposure_of(values, seconds, bands.get(name))
        label, unit = (f"Twist within {TWIST_S:.0f} s", "°") if name == _TWIST else (metric.label, metric.unit)
        if exposure.known_s > 0:
            rows.append(Row(name, label, unit, exposure, bands.get(name)))
    return tuple(rows)


def _seated(piece: Piece, name: str) -> tuple[Floats, Floats]:
    """Values (n,) and how many seconds of sitting each stands for (n,)."""
    frame, minutes = piece.frame, piece.minutes
    if len(frame.t):
        values = frame.values.get(name, np.full(len(frame.t), np.nan))
        values = twist_deg(frame.t, values) if name == _TWIST else values
        return values, np.where(frame.activity == Activity.SITTING, 1.0 / FRAME_HZ, 0.0)
    if name not in minutes.values or name == _TWIST:  # of a minute's mean speed nothing can be added up
        return np.empty(0), np.empty(0)
    seated_s = minutes.seconds[:, Activity.SITTING]
    is_mostly_seated = seated_s > minutes.seconds.sum(axis=1) / 2  # a minute has one mean for all that was in it
    return minutes.values[name].mean, np.where(is_mostly_seated, seated_s, 0.0)
