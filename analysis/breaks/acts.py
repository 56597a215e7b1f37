"""What the wearer does about breaks, carried out."""

from __future__ import annotations

from analysis.breaks.breaks import Breaks
from analysis.breaks.presence import NOT_SEEN, TICKS_PER_S
from analysis.breaks.types import Credit, Why
from analysis.breaks.world import ticks
from analysis.model import BreakAct, BreakRequest, Event, PromptState, Value

EMERGENCY = "emergency exit"
PAUSED_KIND = "breaks_paused"  # until_s, None: until resumed
RESUMED_KIND = "breaks_resumed"
MODE_KIND = "break_mode"  # mode, empty: by the clock


def act(breaks: Breaks, request: BreakRequest, now: int) -> None:
    """What cannot be done (a postponement too many, a type there is not) changes nothing."""
    match request.act:
        case BreakAct.START:
            _start(breaks, request.kind, now)
        case BreakAct.POSTPONE:
            _postpone(breaks, request, now)
        case BreakAct.SKIP:
            if breaks.asking is not None and breaks.asking.prompt.can_skip:
                _end(breaks, PromptState.SKIPPED, now, request.reason or "no reason given")
        case BreakAct.EXIT:
            _end(breaks, PromptState.SKIPPED, now, request.reason or EMERGENCY)
        case BreakAct.DONE:
            _done(breaks, now)
        case BreakAct.PAUSE:
            breaks.world.pause(request, now)
            until = breaks.world.pause_ends_at(now)
            _note(breaks, PAUSED_KIND, now, "until_s", None if until is None else until / TICKS_PER_S)
            _end(breaks, PromptState.WITHDRAWN, now)
        case BreakAct.RESUME:
            breaks.world.resume()
            _note(breaks, RESUMED_KIND, now, "until_s", None)
        case BreakAct.MODE:
            if breaks.world.set_mode(request.kind):
                _note(breaks, MODE_KIND, now, "mode", request.kind)
        case BreakAct.RESET:
            for account in breaks.accounts.values():
                account.clear()
            _end(breaks, PromptState.WITHDRAWN, now)


def _note(breaks: Breaks, kind: str, now: int, name: str, value: Value) -> None:
    """What the wearer has laid down, for whoever shows it."""
    breaks.told.append(Event(kind, now / TICKS_PER_S, now / TICKS_PER_S, {name: value}))


def _end(breaks: Breaks, state: PromptState, now: int, reason: str = "") -> None:
    if breaks.asking is not None:
        breaks.asking.end(state, now)
        breaks.show(now, reason)


def _start(breaks: Breaks, kind: str, now: int) -> None:
    asking = breaks.asking
    if asking is not None and kind in ("", asking.prompt.kind):
        asking.start(now)
        breaks.show(now)
        return
    if kind in breaks.accounts:
        _end(breaks, PromptState.WITHDRAWN, now)
        breaks.ask(breaks.accounts[kind], now, is_wanted=True)


def _postpone(breaks: Breaks, request: BreakRequest, now: int) -> None:
    """The open prompt, or the next one of that type before it opens."""
    asking = breaks.asking
    kind = request.kind or (asking.prompt.kind if asking is not None else "")
    account = breaks.accounts.get(kind)
    if account is None:
        return
    ladder, is_open = breaks.ladders[kind], asking is not None and asking.prompt.kind == kind
    can = asking.prompt.can_postpone if asking is not None and is_open else ladder.may_postpone(account.type)
    if not can:
        return
    if is_open:
        _end(breaks, PromptState.POSTPONED, now)
    ladder.postponed += 1
    ladder.leave(now + ticks(account.type.postpone_s if request.for_s is None else request.for_s), Why.POSTPONED)


def _done(breaks: Breaks, now: int) -> None:
    """Believed where nothing is measured; else it ends the break with what was measured of it."""
    asking = breaks.asking
    if asking is None:
        return
    one = asking.account.type
    is_unseen = one.credit is not Credit.TIMER and breaks.world.body.presence in NOT_SEEN
    is_done = is_unseen or asking.is_enough(now)
    if is_unseen:
        asking.account.clear()
    _end(breaks, PromptState.DONE if is_done else PromptState.SHORT, now)
