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

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.detectors import Detector
from analysis.detectors.seated_model import SeatedModel, Wearer, shipped
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
    if len(known) < _FEWEST:
        return None
    ordered, half = np.sort(known, axis=0), len(known) // 2  # np.median is five times as slow
    middle: Floats = ordered[half] if len(known) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return middle


@dataclass(slots=True)
class _Window:
    """The ticks of one window so far, those of no known seated posture left out."""

    number: int
    ticks: list[Ticks]  # (n,) each
    angles_deg: list[Floats]  # (n, 4) each

    @property
    def last_s(self) -> float:
        """The last tick that could belong to it."""
        return ((self.number + 1) * _WINDOW - 1) / FRAME_HZ


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
        self._window: _Window | None = None
        self._span: _Span | None = None

    def calibrated(self, stance: Stance, from_s: float) -> None:
        """After `from_s` angles are against that stance; what was learned of the wearer against another is void."""
        self._references.append((from_s, stance))

    def feed(self, frame: PostureFrame) -> list[Event]:
        return [event for _, event in self.feed_seconds(frame)]

    def feed_seconds(self, frame: PostureFrame) -> list[Timed]:
        if not len(frame.t) or not all(name in frame.values for name in METRICS):
            return []
        events: list[Timed] = []
        ticks = ticks_of(frame)
        angles = angles_of(frame.values)
        is_told = (frame.activity == Activity.SITTING) & np.isfinite(angles).all(axis=1)
        edges = [0, *(np.flatnonzero(np.diff(ticks // _WINDOW)) + 1).tolist(), len(ticks)]
        for a, b in pairwise(edges):
            first, last = int(ticks[a]), int(ticks[b - 1])
            if self._window is not None and self._window.number != first // _WINDOW:
                events += [(first // SECOND, event) for event in self._judge()]
            self._window = self._window or _Window(first // _WINDOW, [], [])
            told = is_told[a:b]
            self._window.ticks.append(ticks[a:b][told])
            self._window.angles_deg.append(angles[a:b][told])
            if last % _WINDOW == _WINDOW - 1:
                events += [(last // SECOND, event) for event in self._judge()]
        return events

    def close(self, at_s: float) -> list[Event]:
        del at_s  # a span ends with the last window that was judged
        return [*self._judge(), *self._ended()]

    def _judge(self) -> list[Event]:
        """The window that is over."""
        window, self._window = self._window, None
        if window is None:
            return []
        events = self._ended() if self._span is not None and self._span.last != window.number - 1 else []
        has_changed = self._is_recalibrated(window)
        angles = of_window(np.concatenate(window.angles_deg))
        if has_changed or angles is None:
            return events + self._ended()
        ticks = np.concatenate(window.ticks)
        self._told(self._wearer.learn(angles), window.number, ticks, events)
        return events

    def _is_recalibrated(self, window: _Window) -> bool:
        """True where the reference changed within the window: its ticks are not against one and the same."""
        has_changed = False
        while self._references and self._references[0][0] < window.last_s:
            from_s, stance = self._references.pop(0)
            self._wearer = Wearer(_MODEL, stance)
            has_changed = from_s >= window.number * _WINDOW / FRAME_HZ
        return has_changed

    def _told(self, probabilities: Floats, number: int, ticks: Ticks, events: list[Event]) -> None:
        best = int(np.argmax(probabilities))
        posture, span, end_s = _MODEL.postures[best], self._span, (int(ticks[-1]) + 1) / FRAME_HZ
        is_sure = float(probabilities[best]) >= _SURE
        if span is not None and (not is_sure or posture == span.posture):
            span.sum += float(probabilities[_MODEL.postures.index(span.posture)])
            span.windows += 1
            span.end_s, span.last = end_s, number
            return
        events += self._ended()
        if is_sure:
            self._span = _Span(posture, int(ticks[0]) / FRAME_HZ, end_s, number, float(probabilities[best]), 1)
            events.append(self._span.event(is_open=True))

    def _ended(self) -> list[Event]:
        span, self._span = self._span, None
        return [] if span is None else [span.event(is_open=False)]


DETECTOR = Detector(label="Seated posture", kinds=frozenset({KIND}), make=SeatedPosture)
