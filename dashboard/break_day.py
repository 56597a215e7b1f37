"""What became of the breaks of one day, type by type, and why there was a prompt or none at each moment. Pure.

Times are seconds since the Unix epoch (UTC), as in `dashboard.day`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

from analysis.break_flow import BreakTally, LedgerSpan
from analysis.breaks.ledger import why
from analysis.breaks.suppression import SUPPRESSING
from analysis.breaks.types import Why
from analysis.io.reader import Session
from dashboard import words

ROWS = {  # of the ribbon, top down
    Why.PROMPTED: "Prompted",
    Why.IN_BREAK: "On a break",
    Why.OFF_SEAT: "Off the seat",
    Why.NOT_DUE: "Not due",
    Why.UNKNOWN: "Not known",
    Why.AWAY: "Not known",
}
WAITED, SUPPRESSED = "Waited", "Kept away"
ORDER = ("Prompted", "On a break", "Off the seat", "Not due", WAITED, SUPPRESSED, "Not known")
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Told:
    """The ledger of one session, of which [start, end) belongs to the day."""

    session: Session
    start: float
    end: float
    spans: Sequence[LedgerSpan]  # in order of their start


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one reason in the ribbon."""

    start: float
    end: float
    row: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BreakDay:
    told: tuple[Told, ...]  # in order of time, none overlapping
    tallies: tuple[BreakTally, ...]  # one for each type that anything became of


def row_of(reason: str) -> str:
    """Where a reason stands in the ribbon."""
    known = Why(reason)
    return ROWS.get(known) or (SUPPRESSED if known in SUPPRESSING else WAITED)


def pieces_of(told: Iterable[Told]) -> list[Piece]:
    """The ribbon, each span within its day; what still lasts reaches to the end of what was measured."""
    pieces = []
    for one in told:
        begun = one.session.started_at
        for span in one.spans:
            start, end = begun + span.start_s, one.end if span.end_s is None else begun + span.end_s
            start, end = max(start, one.start), min(end, one.end)
            if start < end:
                pieces.append(Piece(start, end, row_of(span.why), why([span], span.start_s)))
    return pieces


def why_at(told: Iterable[Told], at: float, now: float) -> str:
    """Why there was, or was not, a prompt at that moment, in one sentence."""
    for one in told:
        if one.start <= at < one.end:
            return why(one.spans, at - one.session.started_at)
    return "Not yet: that moment is still to come." if at > now else "No data: nothing was measured at that moment."


def ordinal(day: date) -> int:
    """As tallies number days."""
    return (day - _EPOCH).days


def summed(tallies: Iterable[BreakTally]) -> tuple[BreakTally, ...]:
    """One tally a type, over sessions and days; types in the order they first come in, those of no doings left out."""
    sums: dict[str, BreakTally] = {}
    for tally in tallies:
        sums[tally.kind] = _plus(sums.get(tally.kind, BreakTally(tally.day, tally.kind)), tally)
    return tuple(one for one in sums.values() if one != BreakTally(one.day, one.kind))


def _plus(one: BreakTally, other: BreakTally) -> BreakTally:
    both: dict[str, object] = {}
    for field in fields(BreakTally):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, Mapping):
            both[field.name] = {key: a.get(key, 0) + b.get(key, 0) for key in {**a, **b}}
        elif field.name not in ("day", "kind"):
            both[field.name] = a + b
    return BreakTally(one.day, one.kind, **both)  # type: ignore[arg-type]  # by name, each of its own field


def record(tallies: Sequence[BreakTally]) -> dict[str, list[str]]:
    """The day's record as columns of a table: a row for each measure that any type has, a column for each type."""
    rows = [(label, [cell(tally) for tally in tallies]) for label, cell in _CELLS]
    kept = [(label, cells) for label, cells in rows if any(cells)]
    columns = {"": [label for label, _ in kept]}
    for place, tally in enumerate(tallies):
        columns[tally.kind.capitalize()] = [cells[place] or "–" for _, cells in kept]
    return columns


def _count(value: int) -> str:
    return str(value) if value else ""


def _span(seconds: float) -> str:
    return words.exactly(seconds) if seconds >= 0.5 else ""


def _skipped(tally: BreakTally) -> str:
    return ", ".join(f"{count} ({reason})" for reason, count in tally.skipped.items())


def _suppressed(tally: BreakTally) -> str:
    told = ((reason.replace("_", " "), _span(seconds)) for reason, seconds in tally.suppressed_s.items())
    return ", ".join(f"{seconds} ({reason})" for reason, seconds in told if seconds)


def _response(tally: BreakTally) -> str:
    answered = tally.taken + tally.short
    return _span(tally.response_s / answered) if answered else ""


_CELLS = (
    ("Prompted", lambda tally: _count(tally.prompted)),
    ("Taken when asked", lambda tally: _count(tally.taken)),
    ("Taken unasked", lambda tally: _count(tally.natural)),
    ("Unasked, in part", lambda tally: _count(tally.partial)),
    ("Cut short", lambda tally: _count(tally.short)),
    ("Postponed", lambda tally: _count(tally.postponed)),
    ("Skipped", _skipped),
    ("Ignored", lambda tally: _count(tally.ignored)),
    ("Taken back", lambda tally: _count(tally.withdrawn)),
    ("Not seen", lambda tally: _count(tally.unseen)),
    ("Kept away while due", _suppressed),
    ("Sat on overdue", lambda tally: _span(tally.overdue_s)),
    ("Time to rise, mean", _response),
    ("Time of breaks", lambda tally: _span(tally.credited_s)),
)
