"""What the wearer does about breaks, carried out."""

from __future__ import annotations

from analysis.break_flow import BreakAct, BreakRequest, PromptState
from analysis.breaks import orders
from analysis.breaks.breaks import Breaks
from analysis.breaks.presence import NOT_SEEN
from analysis.breaks.types import Credit, Why
from analysis.breaks.world import ticks

EMERGENCY = "emergency exit"


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
            breaks.told.append(orders.paused(breaks.world, now))
            _end(breaks, PromptState.WITHDRAWN, now)
        case BreakAct.RESUME:
            breaks.world.resume()
            breaks.told.append(orders.resumed(now))
        case BreakAct.MODE:
            if breaks.world.set_mode(request.kind):
                breaks.told.append(orders.mode_set(request.kind, now))
        case BreakAct.RESET:
            for account in breaks.accounts.values():
                account.clear()
            _end(breaks, PromptState.WITHDRAWN, now)


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
