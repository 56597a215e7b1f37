"""Other rules for a session that goes on: what a type's clock has counted stays, and only the numbers change."""

from __future__ import annotations

from dataclasses import replace

from analysis.break_flow import PromptState
from analysis.breaks.breaks import Breaks
from analysis.breaks.clocks import Account
from analysis.breaks.ladder import Ladder
from analysis.breaks.types import BreakRules, BreakType, Clock


def adopt(breaks: Breaks, rules: BreakRules, now: int) -> None:
    """From `now` on. How a rise and a bent back are told apart stays as it was when the session began."""
    old = breaks.rules
    rules = replace(
        rules,
        bent_share=old.bent_share,
        bent_deg=old.bent_deg,
        arched_deg=old.arched_deg,
        rise_s=old.rise_s,
        settle_s=old.settle_s,
    )
    _end_changed(breaks, rules, now)
    seated_s = max((a.clock_s for a in breaks.accounts.values() if a.type.clock is Clock.DAY), default=0.0)
    accounts, ladders = dict(breaks.accounts), dict(breaks.ladders)
    breaks.accounts.clear()
    breaks.ladders.clear()
    for one in rules.types:
        known = accounts.get(one.name)
        if known is not None and known.type.clock is one.clock:
            known.type = one
            breaks.accounts[one.name], breaks.ladders[one.name] = known, ladders[one.name]
        else:
            breaks.accounts[one.name], breaks.ladders[one.name] = _begun(one, now, seated_s), Ladder()
    breaks.rules = breaks.world.rules = breaks.choice.rules = rules
    breaks.world.wall.adopt(rules)
    breaks.habits.fading = rules.fading
    breaks.book.is_outdated = True


def _begun(one: BreakType, now: int, seated_s: float) -> Account:
    """A clock of its own from here on; the day's total has been counted all along."""
    account = Account(one)
    account.at = now
    if one.clock is Clock.DAY:
        account.clear(seated_s)
    return account


def _end_changed(breaks: Breaks, rules: BreakRules, now: int) -> None:
    """A prompt whose type is another now is taken back, and asked again by the new numbers if it is still due."""
    asking = breaks.asking
    if asking is None or rules.of(asking.prompt.kind) == asking.account.type:
        return
    if asking.prompt.state is PromptState.IN_BREAK:
        asking.close(now)
    else:
        asking.end(PromptState.WITHDRAWN, now)
    breaks.show(now)
