"""Which of the due breaks is asked for next, and what keeps it back."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.breaks import suppression
from analysis.breaks.clocks import Account, Flow
from analysis.breaks.fading import Habits
from analysis.breaks.ladder import Ladder
from analysis.breaks.suppression import Block
from analysis.breaks.types import BreakRules, Mode, Why
from analysis.breaks.world import World, ticks


class Choice:
    """Looks at the clocks and ladders of `Breaks` and changes neither, but for when the desk first kept one back."""

    def __init__(
        self,
        rules: BreakRules,
        world: World,
        accounts: Mapping[str, Account],
        ladders: Mapping[str, Ladder],
        habits: Habits,
    ) -> None:
        self.rules, self.world, self.habits = rules, world, habits
        self.accounts, self.ladders = accounts, ladders
        self.last: tuple[str, int] | None = None  # kind and end of the last prompt
        self.heeded: frozenset[str] = frozenset()  # asked for at the desk, or as things are; other clocks run unheeded

    def heed(self, now: int) -> None:
        """Which types count at this moment: a type that can never be asked for counts at none."""
        modes = self.rules.modes
        asked = modes.get(Mode.DESK, frozenset()) | modes.get(self.world.mode(now), frozenset())
        self.heeded = frozenset(name for name in asked if (one := self.accounts.get(name)) and one.can_be_due)

    def in_turn(self) -> list[Account]:
        """Which of the due ones comes first: the smallest, and behind it what was asked for and ignored."""
        due = [account for name, account in self.accounts.items() if account.is_due and name in self.heeded]
        if not self.rules.is_smallest_first:
            return sorted(due, key=lambda one: (-one.type.action, -one.type.length_s))
        return sorted(due, key=lambda one: (self.ladders[one.type.name].ignored, one.type.action, one.type.length_s))

    def block(self, account: Account, now: int) -> Block | None:
        one, ladder, world = account.type, self.ladders[account.type.name], self.world
        block = suppression.by_body(one, world, now)
        if block is None and account.flow is not Flow.RUN:
            block = Block(Why.IN_BREAK)
        return (
            block
            or suppression.by_order(one, world, self.habits, now)
            or suppression.by_pace(one, ladder, world, self.habits, self.last, now)
            or self._by_larger(account, now)
            or suppression.by_desk(ladder, world, now)
        )

    def _by_larger(self, account: Account, now: int) -> Block | None:
        """A larger break falls due about now, and does for this one as well."""
        if not self.rules.is_smallest_first:
            return None
        names = self.rules.modes.get(self.world.mode(now), frozenset())
        span, own = ticks(self.rules.spacing_s), self.ladders[account.type.name].due or now
        soon: list[int] = []
        for name, other in self.accounts.items():
            ladder = self.ladders[name]
            if name not in names or other.type.action <= account.type.action:
                continue
            if ladder.due is None:
                soon += [at for at in (other.due_at(),) if at is not None and at <= now + span]
            elif ladder.ignored == 0 and ladder.not_before <= now and ladder.due <= own + span:
                soon.append(ladder.due)
        return Block(Why.SPACED, max(min(soon), now + 1)) if soon else None

    def next_due(self, now: int) -> Account | None:
        """Of the types asked for now, whose clock will be full first."""
        names = self.rules.modes.get(self.world.mode(now), frozenset())
        asked = [account for name, account in self.accounts.items() if name in names]
        running = [account for account in asked if account.flow is Flow.RUN] or asked
        return min(running, key=lambda one: one.type.interval_s - one.clock_s, default=None)

    def pace_of(self, name: str, now: int) -> list[int | None]:
        one, ladder, world = self.accounts[name].type, self.ladders[name], self.world
        deferred = None if ladder.deferred_from is None else ladder.deferred_from + ticks(self.rules.defer_s)
        spaced = None if self.last is None else self.last[1] + ticks(self.rules.spacing_s)
        patient = (ladder.due or now) + ticks(self.habits.patience_s(one))
        return [ladder.not_before, deferred, spaced, patient, world.body.since + ticks(self.rules.return_s)]
