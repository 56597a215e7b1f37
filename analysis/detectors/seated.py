"""How the wearer sits: upright, slouched, leaning forward from the hips or back, bent to the right or left.

Judged over windows of WINDOW_S on an absolute grid while the activity is sitting and both sensors are known and
calibrated. Windows of one posture in a row are one span; a window that is of no posture with any certainty belongs
to the span around it. A span ends where another posture begins, or with the last window that could be judged.

Against a standing calibration a mild slump may be told as upright at first: a person's own seated upright lies against
their standing where another one's mild slump does (it differs by some 7°, one SD, from person to person), and one
posture alone does not tell which it is. It becomes clear once the wearer has sat otherwise, or is calibrated sitting.
No recordings that we have hold both a standing reference and labelled slumps, so there is nothing to fit more to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.detectors import Detector
from analysis.detectors.seated_model import ANGLES, SeatedModel, Wearer, shipped
from analysis.detectors.seconds import Ticks, Timed, ticks_of
from analysis.frames import SECOND
from analysis.metrics import wrapped_deg
from analysis.model import FRAME_HZ, Activity, Event, Floats, PostureFrame, Stance, Value

WINDOW_S = 4.0
KIND = "seated_posture"
METRICS = ("pelvic_tilt", "lumbar_lordosis", "pelvic_obliquity", "lateral_bend")
_WINDOW = round(WINDOW_S * FRAME_HZ)  # ticks
_FEWEST = 30  # of a window's ticks that must be known and seated
_SURE = 0.5  # a posture this probable is told

_MODEL: SeatedModel = shipped()


def angles_of(values: Mapping[str, Floats]) -> Floats:
    """The angles (n, 4) the model takes, in degrees, of METRICS: pelvis and T12, forward and to the right."""
    tilt, lordosis, obliquity, bend = (values[name] for name in METRICS)
    return np.stack([tilt, wrapped_deg(tilt - lordosis), obliquity, obliquity + bend], axis=1)


def of_window(angles_deg: Floats) -> Floats | None:
    """What stands for the ticks (n, 4) of one window: the median (4,) of those known; None where they are too few."""
    known = angles_deg[np.isfinite(angles_deg).all(axis=1)]
    return _middles(known.T[None])[0] if len(known) >= _FEWEST else None


def _middles(windows_deg: Floats) -> Floats:
    """The medians (m, 4) of the ticks of windows (m, 4, n) that are not NaN; NaN where they are too few."""
    known = (~np.isnan(windows_deg[:, 0])).sum(axis=1)
    ordered, half, rows = np.sort(windows_deg, axis=2), known // 2, np.arange(len(known))
    upper, lower = ordered[rows, :, half], ordered[rows, :, np.maximum(half, 1) - 1]
    middles: Floats = np.where((known % 2 == 1)[:, None], upper, (lower + upper) / 2)
    middles[known < _FEWEST] = np.nan
    return middles


@dataclass(frozen=True, slots=True)
class _Window:
    """What the ticks of one window say in which the wearer is known to sit."""

    number: int
    first: int  # of these ticks
    last: int
    angles_deg: Floats  # (4,) what stands for them; NaN where they are too few

    @property
    def last_s(self) -> float:
        """The last tick that could belong to it."""
        return ((self.number + 1) * _WINDOW - 1) / FRAME_HZ


def _windows_of(ticks: Ticks, angles_deg: Floats, firsts: list[int]) -> list[_Window]:
    """Of ticks (n,) and angles (4, n), NaN where the wearer is not known to sit; `firsts`: where each window begins."""
    table = np.full((len(firsts), ANGLES, _WINDOW), np.nan)
    table[np.repeat(np.arange(len(firsts)), np.diff(firsts, append=len(ticks))), :, ticks % _WINDOW] = angles_deg.T
    known = ~np.isnan(table[:, 0])
    numbers = ticks[firsts] // _WINDOW
    begins, ends = known.argmax(axis=1), _WINDOW - 1 - known[:, ::-1].argmax(axis=1)
    columns = [(column + numbers * _WINDOW).tolist() for column in (begins, ends)]
    return [_Window(*one) for one in zip(numbers.tolist(), *columns, _middles(table), strict=True)]


@dataclass(slots=True)
class _Span:
    """Windows in a row of one posture."""

    posture: str
    start_s: float
    end_s: float
    last: int  # number of its last window
    sum: float  # of the probabilities of `posture`
    windows: int

    def event(self, *, is_open: bool) -> Event:
        values: dict[str, Value] = {"posture": self.posture, "confidence": round(self.sum / self.windows, 3)}
        return Event(KIND, self.start_s, None if is_open else self.end_s, values)


class SeatedPosture:
    """Frames in, spans of seated posture out. While a span is open its confidence is that of its first window."""

    def __init__(self) -> None:
        self._wearer = Wearer(_MODEL)
        self._references: list[tuple[float, Stance]] = []
        self._ticks: Ticks = np.empty(0, dtype=np.int64)  # of the window that goes on
        self._angles: Floats = np.empty((ANGLES, 0))  # NaN where the wearer is not known to sit
        self._span: _Span | None = None

    def calibrated(self, stance: Stance, from_s: float) -> None:
        """After `from_s` angles are against that stance; what was learned of the wearer against another is void."""
        self._references.append((from_s, stance))

    def feed(self, frame: PostureFrame) -> list[Event]:
        return [event for _, event in self.feed_seconds(frame)]

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        if not len(frame.t) or not all(name in frame.values for name in METRICS):
            return []
        angles = angles_of(frame.values).T
        is_told = (frame.activity == Activity.SITTING) & np.isfinite(angles).all(axis=0)
        ticks = np.concatenate([self._ticks, ticks_of(frame)])
        angles = np.concatenate([self._angles, np.where(is_told, angles, np.nan)], axis=1)
        ends = np.flatnonzero(np.append(np.diff(ticks // _WINDOW), ticks[-1] % _WINDOW == _WINDOW - 1)) + 1
        end = int(ends[-1]) if len(ends) else 0
        self._ticks, self._angles = ticks[end:], angles[:, end:]
        if not end:
            return []
        is_full = ticks[ends - 1] % _WINDOW == _WINDOW - 1  # else it is over when the next one begins
        seconds = ticks[np.where(is_full, ends - 1, np.minimum(ends, len(ticks) - 1))] // SECOND
        windows = _windows_of(ticks[:end], angles[:, :end], [0, *ends[:-1].tolist()])
        return [
            (second, event)
            for second, window in zip(seconds.tolist(), windows, strict=True)
            for event in self._judged(window)
        ]

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a span ends with the last window that was judged
        windows = _windows_of(self._ticks, self._angles, [0]) if len(self._ticks) else []
        self._ticks, self._angles = self._ticks[:0], self._angles[:, :0]
        return [*(event for window in windows for event in self._judged(window)), *self._ended()]

    def _judged(self, window: _Window) -> list[Event]:
        """A window that is over."""
        events = self._ended() if self._span is not None and self._span.last != window.number - 1 else []
        has_changed = self._is_recalibrated(window)
        if has_changed or math.isnan(window.angles_deg[0]):
            return events + self._ended()
        self._told(self._wearer.learn(window.angles_deg), window, events)
        return events

    def _is_recalibrated(self, window: _Window) -> bool:
        """True where the reference changed within the window: its ticks are not against one and the same."""
        has_changed = False
        while self._references and self._references[0][0] < window.last_s:
            from_s, stance = self._references.pop(0)
            self._wearer = Wearer(_MODEL, stance)
            has_changed = from_s >= window.number * _WINDOW / FRAME_HZ
        return has_changed

    def _told(self, probabilities: Floats, window: _Window, events: list[Event]) -> None:
        best = int(np.argmax(probabilities))
        posture, span, end_s = _MODEL.postures[best], self._span, (window.last + 1) / FRAME_HZ
        is_sure = float(probabilities[best]) >= _SURE
        if span is not None and (not is_sure or posture == span.posture):
            span.sum += float(probabilities[_MODEL.postures.index(span.posture)])
            span.windows += 1
            span.end_s, span.last = end_s, window.number
            return
        events += self._ended()
        if is_sure:
            self._span = _Span(posture, window.first / FRAME_HZ, end_s, window.number, float(probabilities[best]), 1)
            events.append(self._span.event(is_open=True))

    def _ended(self) -> list[Event]:
        span, self._span = self._span, None
        return [] if span is None else [span.event(is_open=False)]


DETECTOR = Detector(label="Seated posture", kinds=frozenset({KIND}), make=SeatedPosture)
