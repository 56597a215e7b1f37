"""All the clocks and ladders of one wearer, the one prompt that may be open, and what is written down about them."""

from __future__ import annotations

from analysis.break_flow import Prompt, PromptState
from analysis.breaks import suppression, words
from analysis.breaks.asking import Asking
from analysis.breaks.choosing import Choice
from analysis.breaks.clocks import Account, Flow
from analysis.breaks.fading import Habits
from analysis.breaks.ladder import Ladder
from analysis.breaks.ledger import BY_DESK, Book
from analysis.breaks.presence import NOT_SEEN, OFF_SEAT, TICKS_PER_S, Presence
from analysis.breaks.suppression import Block
from analysis.breaks.types import BreakRules, Clock, Credit, Why
from analysis.breaks.unasked import POSTURES, Unasked, good_posture
from analysis.breaks.world import World, ticks
from analysis.model import Event

_BACK = 180 * TICKS_PER_S  # a bout is hardly dated back further
_SEATED = (Clock.SITTING, Clock.DAY)


class Breaks:
    """Moves all clocks to a moment and decides what follows from it; `told` collects what is to be told."""

    def __init__(self, rules: BreakRules) -> None:
        self.rules = rules
        self.world = World(rules)
        self.accounts = {one.name: Account(one) for one in rules.types}
        self.ladders = {one.name: Ladder() for one in rules.types}
        self.habits = Habits(rules.fading)
        self.choice = Choice(rules, self.world, self.accounts, self.ladders, self.habits)
        self.book = Book()
        self.unasked = Unasked(self.choice, self.habits, self.book)
        self.asking: Asking | None = None
        self.told: list[Prompt | Event] = []
        self._shown: Prompt | None = None
        self._count = 0
        self.day = -1
        self._kept_days: dict[tuple[int, str], float] = {}
        self._sat: int | None = None  # when the bout of sitting began that goes on, looked back upon

    def settle(self, now: int) -> None:
        """Bring everything to `now`, with what is known at `now`."""
        self._run(now)
        self._turn_day(now)
        self.choice.heed(now)
        for name, account in self.accounts.items():
            self.ladders[name].refresh(is_due=account.is_due, now=now)
        timer_ran = self.world.timer_runs
        self._go_on(now)
        self.told += self.unasked.ended(self.accounts.values(), now, self.day)
        kept = self._choose(now)
        if self.world.timer_runs is not timer_ran:
            self._run(now)
        self._note(now, kept)

    def next(self, now: int) -> int:
        """The first tick after `now` at which something may follow without anything new becoming known."""
        world = self.world
        at = [world.body.next(), world.wall.next_edge(now), world.pause_ends_at(now)]
        for name, account in self.accounts.items():
            at += [account.due_at(), world.idle_at(account.type, now)]
            if not account.is_due and (due := account.due_at()) is not None:
                at.append(due - ticks(self.rules.spacing_s))
            if account.is_due:
                at += self.choice.pace_of(name, now)
            if account.type.clock in POSTURES:
                at.append(account.away_at(account.type.length_s))
        if self.asking is not None:
            at += self.asking.next()
        return min((tick for tick in at if tick is not None and tick > now), default=now + ticks(3600.0))

    def _run(self, now: int) -> None:
        """All clocks, up to where it is clear what the time was."""
        body = self.world.body
        was_since, since = body.since, body.settle(now)
        early_s = 0.0 if since is None else self._sat_before(since, was_since)
        held = body.held
        for account in self.accounts.values():
            one = account.type
            is_by_clock = self.world.is_by_clock(one)
            clear = now if is_by_clock or held is None else held
            account.run_to(clear if is_by_clock or since is None else since)
            flow = self.world.flow(one, now)
            back_s = early_s if one.clock in _SEATED else 0.0
            if back_s:
                account.date_back(back_s)
            account.switch(flow, self.world.idle_already_s(one, now) if flow is Flow.AWAY else 0.0)
            if back_s:
                account.date_back(back_s)
            account.run_to(clear)

    def _sat_before(self, since: int, was_since: int) -> float:
        """How long before `since`, s, the seat was taken on which the wearer is told to be since then.

        The bout is looked back upon, and may be known before the activity is sure of it.
        """
        body, sat = self.world.body, self._sat
        if body.presence is not Presence.SEATED or sat is None or not max(was_since, since - _BACK) < sat < since:
            return 0.0
        body.since = body.told_since = sat
        return (since - sat) / TICKS_PER_S

    def _turn_day(self, now: int) -> None:
        """The day's total belongs to its day, whichever way the clock on the wall is set."""
        day = self.world.wall.day(now)
        if day == self.day:
            return
        self.write_overdue(self.day)
        self.book.settle(now, self.day)
        for name, account in self.accounts.items():
            if account.type.clock is Clock.DAY:
                self._kept_days[self.day, name] = account.clock_s
                account.clear(account.clock_s if self.day < 0 else self._kept_days.get((day, name), 0.0))
        self.day = day

    def _go_on(self, now: int) -> None:
        asking = self.asking
        if asking is None:
            return
        asking.step(now)
        is_asked = asking.prompt.state in (PromptState.HEADS_UP, PromptState.OPEN)
        if is_asked and not asking.is_wanted and self._taken_back(asking, now):
            asking.end(PromptState.WITHDRAWN, now)
        self.show(now)

    def _taken_back(self, asking: Asking, now: int) -> bool:
        ladder = self.ladders[asking.prompt.kind]
        ordered = suppression.by_order(asking.account.type, self.world, self.habits, now)
        return ordered is not None or suppression.by_desk(ladder, self.world, now) is not None

    def show(self, now: int, reason: str = "") -> None:
        """Tell the prompt where it has changed, and put it away where it has ended."""
        asking = self.asking
        if asking is None:
            return
        self.world.timer_runs = asking.prompt.state is PromptState.IN_BREAK and (
            asking.account.type.credit is Credit.TIMER
        )
        if asking.prompt is not self._shown:
            self._shown = asking.prompt
            self.told.append(asking.prompt)
        if asking.prompt.state.is_ended:
            self.asking = None
            self._put_away(asking, now, reason)

    def _put_away(self, asking: Asking, now: int, reason: str) -> None:
        prompt, account, one = asking.prompt, asking.account, asking.account.type
        ladder = self.ladders[prompt.kind]
        self.choice.last = (prompt.kind, now)
        self.book.ended(self.day, prompt, reason)
        match prompt.state:
            case PromptState.DONE:
                ladder.skips = 0
                if account.flow is not Flow.RUN or one.credit is Credit.TIMER:
                    account.clear()
            case PromptState.SHORT | PromptState.IGNORED:
                ladder.ignored += prompt.state is PromptState.IGNORED
                ladder.leave(now + ticks(one.again_s), Why.ANSWERED)
            case PromptState.SKIPPED:
                ladder.skips += 1
                ladder.leave(now + ticks(one.again_s), Why.ANSWERED)
                if one.skip_resets:
                    account.clear()
        if prompt.begun_s is not None:
            for other in self.accounts.values():
                other.is_counted = True  # this break was asked for: no type counts it as its own
        if prompt.state is PromptState.DONE and one.clock in (Clock.BENT, Clock.ARCHED):
            start_s = now / TICKS_PER_S if prompt.begun_s is None else prompt.begun_s
            self.told.append(good_posture(one.name, start_s, now))

    def sat(self, since: int, *, is_over: bool) -> None:
        """The bout of sitting that goes on began at tick `since`, looked back upon: so its clocks run from there."""
        body = self.world.body
        if is_over:
            self._sat = None if self._sat == since else self._sat
            return
        self._sat = since
        if body.presence is not Presence.SEATED or not body.since - _BACK <= since < body.since:
            return
        early_s = (body.since - since) / TICKS_PER_S
        body.since = body.told_since = since
        for account in self.accounts.values():
            if account.type.clock in _SEATED and account.flow is Flow.RUN:
                account.date_back(early_s)

    def shifted(self, at: int, now: int) -> None:
        """A shift of posture ended at tick `at`."""
        for account in self.accounts.values():
            if account.type.clock is not Clock.STATIC or account.flow is not Flow.RUN:
                continue
            asking = self.asking
            if asking is not None and asking.account is account:
                asking.shifted(at, now)
                self.show(now)
            else:
                self.unasked.shifted(account, self.day)
            account.clear(min(account.clock_s, max(0.0, (account.at - at) / TICKS_PER_S)))

    def _choose(self, now: int) -> tuple[Block, Account] | None:
        """Start the prompt that is to be told now; else what keeps the first due one back."""
        if self.asking is not None:
            return None
        shown: tuple[Block, Account] | None = None
        for account in self.choice.in_turn():
            block = self.choice.block(account, now)
            if block is None:
                self.ask(account, now, is_wanted=False)
                return None
            if shown is None or shown[0].why is Why.MODE:
                shown = (block, account)
        return shown

    def ask(self, account: Account, now: int, *, is_wanted: bool) -> None:
        """Open a prompt; there is none open."""
        one, ladder = account.type, self.ladders[account.type.name]
        reason = words.reason(account, self.accounts, self.world, now)
        self._count += 1
        due = now if ladder.due is None else ladder.due
        prompt = Prompt(
            prompt_id=f"{one.name}-{self._count}",
            kind=one.name,
            level=0,
            reason="You asked for this break." if is_wanted else reason,
            due_s=due / TICKS_PER_S,
            state=PromptState.HEADS_UP,
            told_s=now / TICKS_PER_S,
            length_s=one.length_s,
            action=one.content[ladder.asked % len(one.content)] if one.content else "",
        )
        ladder.asked += 1
        self.book.prompted(self.day, one.name)
        if not is_wanted:
            self.habits.learn(one.name, is_unasked=False)
        self.asking = Asking(prompt, account, ladder, self.world, now, is_wanted=is_wanted)
        if is_wanted:
            self.show(now)
        self._go_on(now)

    def _note(self, now: int, kept: tuple[Block, Account] | None) -> None:
        """Write down why."""
        if self.asking is not None:
            state, account = self.asking.prompt.state, self.asking.account
            if state is PromptState.IN_BREAK:
                self.book.note(now, Why.IN_BREAK, account, "", self.day)
            else:
                detail = "a quiet word first" if state is PromptState.HEADS_UP else "aloud"
                self.book.note(now, Why.PROMPTED, account, detail, self.day)
        elif kept is not None:
            self.book.note(now, kept[0].why, kept[1], "", self.day)
        elif self.world.body.held is None:
            why = self._at_rest(now)
            soonest = None if why is Why.UNKNOWN else self.choice.next_due(now)
            detail = BY_DESK if why is Why.NOT_DUE and self.world.body.presence in NOT_SEEN else ""
            self.book.note(now, why, soonest, detail, self.day)

    def _at_rest(self, now: int) -> Why:
        """Nothing is due: why not."""
        presence = self.world.body.presence
        if presence in OFF_SEAT or presence is Presence.MOVING:
            return Why.OFF_SEAT
        soonest = self.choice.next_due(now)
        if presence in NOT_SEEN and (soonest is None or soonest.flow is not Flow.RUN):
            return Why.AWAY if self.world.knows_use else Why.UNKNOWN
        return Why.NOT_DUE

    def write_overdue(self, day: int) -> None:
        for name, account in self.accounts.items():
            if account.overdue_s > 0 and name in self.choice.heeded:
                self.book.overdue(day, name, account.overdue_s)
            account.overdue_s = 0.0

    def close(self, now: int) -> None:
        """The session is over."""
        self.settle(now)
        if self.asking is not None:
            self.asking.close(now)
            self.show(now)
        self.unasked.close(self.accounts.values(), self.day)
        self.book.close(now, self.day)
