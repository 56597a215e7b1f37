"""What the wearer says they really did: spans of time that hold against whatever the sensors told. Pure.

Corrections come one after the other, and the later one holds where two overlap; one of UNKNOWN takes the others back
there. So that any reader of events sees how it stands, the spans are kept apart: each is an event of kind CORRECTED
that no other overlaps, and one that has been taken back is told again with no length and no activity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analysis.model import Activity, Event, Label

CORRECTED = "corrected"
ACTIVITY = "activity"  # the event's value: the activity's name in small letters


@dataclass(frozen=True, slots=True, order=True)
class Corrected:
    """A span in which the wearer's word holds."""

    start_s: float
    end_s: float
    activity: Activity


def event_of(span: Corrected) -> Event:
    return Event(CORRECTED, span.start_s, span.end_s, {ACTIVITY: span.activity.name.lower()})


def spans_of(events: Iterable[Event]) -> list[Corrected]:
    """The spans that events of a run tell, in order of time; none overlapping."""
    spans = []
    for event in events:
        if event.kind == CORRECTED and event.end_s is not None and event.end_s > event.start_s:
            activity = _NAMED.get(event.values.get(ACTIVITY))
            if activity is not None:
                spans.append(Corrected(event.start_s, event.end_s, activity))
    return sorted(spans)


class Corrections:
    """All corrections of one session so far."""

    def __init__(self) -> None:
        self._spans: list[Corrected] = []

    @property
    def spans(self) -> list[Corrected]:
        """As they hold now: in order of time, none overlapping."""
        return list(self._spans)

    def add(self, label: Label) -> list[Event]:
        """How the spans stand that this label touches: those it takes back or cuts first, then what is there now."""
        if label.activity is None or not label.start_s < label.end_s:
            return []
        new = Corrected(label.start_s, label.end_s, label.activity)
        touched = [span for span in self._spans if span.start_s < new.end_s and new.start_s < span.end_s]
        pieces = [piece for span in touched for piece in _outside(span, new)]
        if new.activity is not Activity.UNKNOWN:
            pieces = sorted([*pieces, new])
        self._spans = sorted([*(span for span in self._spans if span not in touched), *pieces])
        starts = {piece.start_s for piece in pieces}
        gone = [Event(CORRECTED, span.start_s, span.start_s, {}) for span in touched if span.start_s not in starts]
        return gone + [event_of(piece) for piece in pieces]


def overlaid(told: Iterable[Corrected], corrections: Iterable[Corrected]) -> list[Corrected]:
    """What was told, in order and none overlapping, with the corrections over it; neighbours alike are joined."""
    own = sorted(corrections)
    kept = [piece for span in told for piece in _outside_all(span, own)]
    joined: list[Corrected] = []
    for span in sorted([*kept, *own]):
        if joined and joined[-1].activity is span.activity and span.start_s - joined[-1].end_s < _TOUCHING_S:
            joined[-1] = Corrected(joined[-1].start_s, span.end_s, span.activity)
        else:
            joined.append(span)
    return joined


def since(start_s: float, activity: Activity, spans: Iterable[Corrected]) -> float:
    """When what goes on began by the wearer's word, where it was told to have begun at `start_s`; spans in order."""
    for span in spans:
        if span.activity is not activity:
            start_s = max(start_s, span.end_s)
        elif span.start_s < start_s <= span.end_s + _TOUCHING_S:
            start_s = span.start_s
    return start_s


_TOUCHING_S = 1e-3  # times of the day are large, and lose what is smaller
_NAMED: Mapping[object, Activity] = {
    activity.name.lower(): activity for activity in Activity if activity is not Activity.UNKNOWN
}


def _outside(span: Corrected, hole: Corrected) -> list[Corrected]:
    """What of a span is left beside a hole."""
    sides = (
        Corrected(span.start_s, min(span.end_s, hole.start_s), span.activity),
        Corrected(max(span.start_s, hole.end_s), span.end_s, span.activity),
    )
    return [side for side in sides if side.start_s < side.end_s]


def _outside_all(span: Corrected, holes: Iterable[Corrected]) -> list[Corrected]:
    left = [span]
    for hole in holes:
        left = [piece for part in left for piece in _outside(part, hole)]
    return left
