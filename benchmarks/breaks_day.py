"""Working days of people who hear the prompts, against what they really did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from analysis.break_flow import BreakAct, BreakRequest, BreakTally, LedgerSpan, Prompt, PromptState
from analysis.breaks import defaults
from analysis.breaks.types import BreakRules, BreakType, Why
from analysis.desk import ClockAnchor
from analysis.io.reader import Reader
from analysis.model import CalibrateRequest, Input, Output, SampleBlock, Segment, SessionEnd, Stance
from analysis.pipeline import Pipeline, PipelineSettings
from benchmarks.report import Section
from hardware.twin.person import SEATED, Answer, Deed, Person
from hardware.twin.source import SampleSource
from hardware.twin.wearer import Wearer

PEOPLE: tuple[Answer | None, ...] = (*Answer, None)
RATE_HZ = 52.0
BLOCK_S = 0.25  # what a notification holds
LONG_BLOCK_S = 10.0  # while nobody rises from a prompt: nothing depends on where the input is cut
NINE = ClockAnchor(0.0, 1_763_456_400.0, 0.0)  # 9:00 of a Tuesday, 2025-11-18
CREDIT_S = 3.0  # of a break's true time on the feet
LAG_S = 12.0  # a rise is believed after 10 s, sitting down after 5 s; the ledger turns over then
_FEET = ("active", "rest")  # asked for at the desk, and answered on the feet
_COUNTS = ("prompted", "taken", "short", "ignored", "postponed", "withdrawn", "unseen", "natural", "partial")
_SUMS = ("overdue_s", "response_s", "credited_s")
_COUNTED_AS = {
    PromptState.DONE: "taken",
    PromptState.SHORT: "short",
    PromptState.IGNORED: "ignored",
    PromptState.POSTPONED: "postponed",
    PromptState.UNSEEN: "unseen",
}
_FIRST_S = 120.0  # of the day: calibrating, sitting down
_OFF = (Why.IN_BREAK, Why.OFF_SEAT, Why.LYING)


@dataclass(frozen=True, slots=True)
class Told:
    """What came out of a day: from the pipeline or from the store."""

    prompts: Mapping[str, Prompt]  # by id, as each ended
    tallies: Mapping[str, BreakTally]  # by kind, of all days together
    spans: Sequence[LedgerSpan]
    seen_s: Mapping[str, float]  # by prompt: the end of the newest samples when it was taken off the screen for a rise


@dataclass(frozen=True, slots=True)
class Break:
    """One stay off the seat, as it really was."""

    seat_off_s: float
    seated_s: float  # the seat is touched again; the day's end where it is not

    @property
    def up_s(self) -> float:
        return self.seated_s - self.seat_off_s


@dataclass(frozen=True, slots=True)
class Match:
    """A day as told against the same day as it was."""

    counts: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]]  # by kind: (true, told)
    wrong: tuple[str, ...]  # a sentence for every prompt with another outcome than the true one
    credit_error_s: tuple[float, ...]  # of each break asked for and taken, told minus true
    closing_s: tuple[float, ...]  # from the true seat-off to the prompt off the screen
    false_s: tuple[tuple[float, float], ...]  # told off the seat by the activity, and truly on it
    ledger_share: float  # of the seconds LAG_S after any true change: seated or not as told

    @property
    def is_equal(self) -> bool:
        return not self.wrong and all(true == told for true, told in self.counts.values())


def live_through(person: Person, wearer: Wearer, rules: BreakRules = defaults.RULES) -> Told:
    """The day in this process: samples into the pipeline in notifications, prompts back to the person."""
    pipeline = Pipeline(PipelineSettings(rules))
    sources = {segment: wearer.source(segment, RATE_HZ) for segment in Segment}
    prompts: dict[str, Prompt] = {}
    tallies: dict[tuple[int, str], BreakTally] = {}
    spans: dict[float, LedgerSpan] = {}
    seen_s: dict[str, float] = {}
    told: list[Output] = pipeline.feed(NINE, CalibrateRequest(2.0, 8.0, Stance.STANDING))
    at_s, sequence, end_s = 0.0, 0, wearer.script.end_s
    while True:
        for output in told:
            match output:
                case Prompt():
                    prompts[output.prompt_id] = output
                    if output.state is PromptState.IN_BREAK:
                        seen_s.setdefault(output.prompt_id, at_s)
                    person.hear(output, at_s)
                case BreakTally():
                    tallies[output.day, output.kind] = output
                case LedgerSpan():
                    spans[output.start_s] = output
        if at_s >= end_s:
            break
        is_rising = person.is_asked and person.answers_s < at_s + LONG_BLOCK_S
        until_s = min(at_s + (BLOCK_S if is_rising else LONG_BLOCK_S), end_s)
        inputs = list(_blocks(sources, at_s, until_s, sequence))
        at_s, sequence = until_s, sequence + 1
        if person.says(at_s) is not None:
            inputs.append(BreakRequest(at_s, BreakAct.POSTPONE))
        if at_s >= end_s:
            inputs.append(SessionEnd(end_s))
        told = pipeline.feed(*inputs)
    return Told(prompts, summed(tallies.values()), [spans[start_s] for start_s in sorted(spans)], seen_s)


def _blocks(sources: Mapping[Segment, SampleSource], from_s: float, until_s: float, sequence: int) -> Iterator[Input]:
    for segment, source in sources.items():
        counts = source.read(from_s, until_s)
        if len(counts.t):
            acc = counts.counts[:, :3].astype(np.float64) * source.acc_scale
            gyr = counts.counts[:, 3:].astype(np.float64) * source.gyr_scale
            yield SampleBlock("day", f"twin-{segment}", segment, sequence, counts.t, acc, gyr)


def summed(tallies: Iterable[BreakTally]) -> dict[str, BreakTally]:
    """By kind, over all days."""
    total: dict[str, BreakTally] = {}
    for one in tallies:
        so_far = total.get(one.kind, BreakTally(-1, one.kind))
        counts = {name: getattr(so_far, name) + getattr(one, name) for name in (*_COUNTS, *_SUMS)}
        total[one.kind] = replace(so_far, **counts)
    return total


def match(person: Person, wearer: Wearer, told: Told, rules: BreakRules = defaults.RULES) -> Match:
    """What was told of the day against it."""
    end_s = wearer.script.end_s
    breaks = breaks_of(wearer, end_s)
    types = {one.name: one for one in rules.types}
    true: dict[str, Counter[str]] = {name: Counter() for name in types}
    wrong, credits_s, closing_s = [], [], []
    asked: set[Break] = set()
    for deed in person.deeds:
        if not deed.prompt_id:
            continue
        one = types[deed.kind]
        stay = _stay_of(deed, breaks)
        outcome = outcome_of(deed, stay, one, end_s)
        true[deed.kind].update(("prompted", _COUNTED_AS[outcome]))
        prompt = told.prompts.get(deed.prompt_id)
        if prompt is None or prompt.state is not outcome:
            state = "unheard of" if prompt is None else prompt.state
            wrong.append(f"{deed.prompt_id} at {deed.told_s:.0f} s was {outcome}, and is told as {state}")
        if stay is not None:
            asked.add(stay)
            if prompt is not None and prompt.state in (PromptState.DONE, PromptState.SHORT):
                credits_s.append(prompt.credited_s - min(stay.up_s, one.length_s))
            if deed.prompt_id in told.seen_s:
                closing_s.append(told.seen_s[deed.prompt_id] - stay.seat_off_s)
    for stay in breaks:
        if stay not in asked and stay.up_s >= rules.rise_s:
            for kind in _FEET:
                true[kind]["natural" if stay.up_s >= types[kind].enough_s else "partial"] += 1
    counts = {name: _both(true[name], told.tallies.get(name), name) for name in types}
    counts = {name: pair for name, pair in counts.items() if pair[0] or pair[1]}
    share = _ledger_share(told.spans, breaks, end_s)
    false_s = tuple(_false_stays(told.spans, breaks))
    return Match(counts, tuple(wrong), tuple(credits_s), tuple(closing_s), false_s, share)


def breaks_of(wearer: Wearer, end_s: float) -> list[Break]:
    """Every stay off the seat after the first sitting down."""
    bouts = wearer.sitting_bouts(end_s)
    after = [bout.start_s for bout in bouts[1:]] + [end_s]
    return [Break(bout.end_s, next_s) for bout, next_s in zip(bouts, after, strict=True) if bout.end_s < end_s]


def told_by_store(store_url: str, session_id: str) -> Told:
    """What is written down of a session; a prompt is off the screen from where the ledger says that the break began."""
    with Reader(store_url) as reader:
        session = reader.session(session_id)
        assert session is not None
        prompts = {prompt.prompt_id: prompt for prompt in reader.prompts(session)}
        tallies, spans = reader.break_tallies(session), reader.break_spans(session)
    began = [span for span in spans if span.why == Why.IN_BREAK]
    seen_s: dict[str, float] = {}
    for prompt in prompts.values():
        within = [span.start_s for span in began if prompt.asked_s <= span.start_s <= (prompt.closed_s or math.inf)]
        if within:
            seen_s[prompt.prompt_id] = within[0]
    return Told(prompts, summed(tallies), spans, seen_s)


def outcome_of(deed: Deed, stay: Break | None, one: BreakType, end_s: float) -> PromptState:
    """What the prompt's end ought to be; UNSEEN where the day ends before it."""
    if deed.answer is Answer.POSTPONES:
        return PromptState.POSTPONED if math.isfinite(deed.acts_s) else PromptState.UNSEEN
    over_s = deed.told_s + one.heads_up_s + one.ignore_s
    if deed.answer is Answer.IGNORES or over_s < deed.acts_s < math.inf:
        return PromptState.IGNORED if over_s < end_s else PromptState.UNSEEN
    if math.isfinite(deed.acts_s) and deed.kind in SEATED:
        return PromptState.DONE
    if stay is None:
        return PromptState.UNSEEN
    if stay.up_s >= one.enough_s:
        return PromptState.DONE
    return PromptState.SHORT if stay.seated_s < end_s else PromptState.UNSEEN


def _stay_of(deed: Deed, breaks: Sequence[Break]) -> Break | None:
    return next((stay for stay in breaks if deed.acts_s <= stay.seat_off_s < deed.up_until_s), None)


def _both(true: Counter[str], told: BreakTally | None, kind: str) -> tuple[dict[str, int], dict[str, int]]:
    """Nobody knows which shifts on the seat are worth counting as unasked: those are left out."""
    names = [name for name in _COUNTS if kind in _FEET or name not in ("natural", "partial")]
    found = {name: int(getattr(told, name)) for name in names} if told is not None else {}
    return {name: true[name] for name in names if true[name]}, {name: n for name, n in found.items() if n}


def _false_stays(spans: Sequence[LedgerSpan], breaks: Sequence[Break]) -> Iterator[tuple[float, float]]:
    """Runs of the ledger off the seat that no true break overlaps; the first standing is not looked at."""
    for is_off, run in groupby(spans, _is_off):
        told = list(run)
        start_s, end_s = told[0].start_s, told[-1].end_s or told[-1].start_s
        is_true = any(stay.seat_off_s < end_s and start_s < stay.seated_s + LAG_S for stay in breaks)
        if is_off and start_s > _FIRST_S and not is_true:
            yield start_s, end_s


def _is_off(span: LedgerSpan) -> bool:
    return span.why in _OFF and not (span.why == Why.IN_BREAK and span.kind in SEATED)


def _ledger_share(spans: Sequence[LedgerSpan], breaks: Sequence[Break], end_s: float) -> float:
    """Of all seconds that lie LAG_S after every true change: where seated and off the seat are told as they were."""
    edges = np.array([edge for stay in breaks for edge in (stay.seat_off_s, stay.seated_s)])
    t = np.arange(_FIRST_S, end_s - 1.0)
    is_up = np.searchsorted(edges, t, side="right") % 2 == 1
    since = t - np.append(edges, -math.inf)[np.searchsorted(edges, t, side="right") - 1]
    starts = [one.start_s for one in spans]
    off = np.array([_is_off(one) for one in spans])
    told = off[np.searchsorted(starts, t, side="right") - 1]
    settled = (since < 0) | (since > LAG_S)
    return float((told == is_up)[settled].mean())


def measure() -> Section:
    """Some minutes: a day of 8 hours of each kind of person, in this process."""
    rows: list[tuple[str, str]] = []
    closing_s: list[float] = []
    for seed, manner in enumerate(PEOPLE, start=1):
        person = Person(manner, seed)
        wearer = Wearer(person.script, seed)
        found = match(person, wearer, live_through(person, wearer))
        closing_s += found.closing_s
        rows.append((f"who {manner}" if manner else "now one, now another", said(found)))
    rows.append(("all: from the true seat-off to the prompt off the screen", spread(closing_s)))
    return Section(
        "Breaks of people who hear the prompts",
        "Days of 8 hours of a simulated person at a desk who is told the prompts and obeys them (5–60 s later, for as "
        "long as asked), sits on, postpones once or twice, or is back too soon; and who at times rises unasked. In "
        "one process, from sensors to ledger, without radio and MQTT; times are those of the samples. Equal: for every "
        "type of break the counts of prompted, taken, short, ignored, postponed, withdrawn, unseen, and for those on "
        "the feet natural and partial, are the true ones, and every single prompt ended as it really did. Ledger: "
        f"seconds (those within {LAG_S:g} s of a true rise or sitting down left out) told as they were.",
        rows,
    )


def said(found: Match) -> str:
    """One person's day in a line."""
    told: Counter[str] = Counter()
    for _, one in found.counts.values():
        told.update(one)
    counts = ", ".join(f"{told[name]} {name}" for name in _COUNTS if told[name])
    equal = "equal to the truth" if found.is_equal else f"NOT equal: {'; '.join(differences(found))}"
    error_s = np.abs(found.credit_error_s)
    credit = f"; credit within {error_s.max():.1f} s of the true time on the feet" if len(error_s) else ""
    if found.false_s:
        equal += f" (told off the seat while on it, by the activity: {_moments(found.false_s)})"
    closing = f"; closed {spread(found.closing_s)} after the rise" if found.closing_s else ""
    return f"{counts}: {equal}{credit}{closing}; ledger right in {100 * found.ledger_share:.2f} % of the seconds"


def _moments(spans_s: Sequence[tuple[float, float]]) -> str:
    return ", ".join(f"{start_s:.0f}–{end_s:.0f} s" for start_s, end_s in spans_s)


def differences(found: Match) -> list[str]:
    unequal = [f"{kind} {true} told as {told}" for kind, (true, told) in found.counts.items() if true != told]
    return [*found.wrong, *unequal]


def spread(spans_s: Sequence[float]) -> str:
    return f"median {np.median(spans_s):.1f} s, 95th percentile {np.percentile(spans_s, 95):.1f} s ({len(spans_s)})"
