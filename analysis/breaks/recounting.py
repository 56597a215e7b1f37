"""Clocks counted anew where the wearer says what they really did: as if it had been told so from the beginning."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.break_flow import PromptState
from analysis.breaks.breaks import Breaks
from analysis.breaks.clocks import Account, Flow, Step
from analysis.breaks.presence import TICKS_PER_S, Presence
from analysis.breaks.types import Clock
from analysis.corrections import Corrected, since
from analysis.model import Activity

_BY_BODY = (Clock.SITTING, Clock.STATIC, Clock.BENT, Clock.ARCHED, Clock.DAY)
_OFF_SEAT = (Activity.STANDING, Activity.WALKING, Activity.LYING)
_ON_THE_SEAT = (Clock.SITTING, Clock.STATIC, Clock.DAY)


def recount(breaks: Breaks, spans: Sequence[Corrected], now: int) -> None:
    """All clocks that go by the body, and a prompt that would not have come. `spans` in order, none overlapping."""
    for account in breaks.accounts.values():
        if account.type.clock in _BY_BODY and account.steps:
            account.clock_s = recounted_s(account, spans)
    breaks.book.is_outdated = True
    body = breaks.world.body
    if body.presence is Presence.SEATED:
        body.since = _tick(since(body.told_since / TICKS_PER_S, Activity.SITTING, spans))
    asking = breaks.asking
    is_asked = asking is not None and asking.prompt.state in (PromptState.HEADS_UP, PromptState.OPEN)
    if asking is not None and is_asked and not asking.is_wanted and not asking.account.is_due:
        asking.end(PromptState.WITHDRAWN, now)
        breaks.show(now)


def recounted_s(account: Account, spans: Sequence[Corrected]) -> float:
    """What the clock shows if the spans were so; what is older than its steps stays as it was told."""
    fresh, first = Account(account.type), account.steps[0]
    fresh.at, fresh.clock_s, told = first.at, first.before_s, Flow.HOLD
    edges = {_tick(at_s) for span in spans for at_s in (span.start_s, span.end_s)}
    moments = sorted({*(step.at for step in account.steps), *(at for at in edges if first.at <= at <= account.at)})
    steps = iter([*account.steps, Step(account.at + 1, 0.0)])
    step = next(steps)
    for at in moments:
        fresh.run_to(at)
        really = _flow(account.type.clock, at, spans)
        while step.at <= at:
            told = _done(fresh, step, told, is_corrected=really is not None)
            step = next(steps)
        fresh.switch(told if really is None else really)
    fresh.run_to(account.at)
    return fresh.clock_s


def _done(fresh: Account, step: Step, told: Flow, *, is_corrected: bool) -> Flow:
    """One step over again; which way the clock was told to go after it."""
    if step.clear_s is not None:
        fresh.clear(step.clear_s)
    elif step.slept_s:
        fresh.pass_by(step.slept_s)
    elif step.flow is None:
        fresh.date_back(0.0 if is_corrected else step.back_s)
    elif not is_corrected:
        fresh.switch(step.flow, step.already_s)
    return told if step.flow is None else step.flow


def _flow(clock: Clock, at: int, spans: Sequence[Corrected]) -> Flow | None:
    """Which way the clock really went from `at` on; None where the wearer has said nothing."""
    found = next((span for span in spans if _tick(span.start_s) <= at < _tick(span.end_s)), None)
    if found is None:
        return None
    if found.activity in _OFF_SEAT:
        return Flow.HOLD if clock is Clock.DAY else Flow.AWAY
    is_seated = found.activity is Activity.SITTING and clock in _ON_THE_SEAT
    return Flow.RUN if is_seated else Flow.HOLD


def _tick(at_s: float) -> int:
    return round(at_s * TICKS_PER_S)
