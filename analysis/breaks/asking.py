"""One prompt from the heads-up to its one outcome."""

from __future__ import annotations

from dataclasses import replace

from analysis.break_flow import Prompt, PromptState
from analysis.breaks.clocks import Account, Flow
from analysis.breaks.ladder import Ladder
from analysis.breaks.presence import NOT_SEEN, TICKS_PER_S
from analysis.breaks.suppression import by_body
from analysis.breaks.types import Credit
from analysis.breaks.world import World, ticks

_POSTURE_SEEN_S = 3.0  # a better posture that is kept for so long is the answer to a prompt for it
_NEARLY = 1e-6


class Asking:
    """`prompt` is always as it stands; whoever holds this tells it whenever it is another than before."""

    def __init__(
        self, prompt: Prompt, account: Account, ladder: Ladder, world: World, now: int, *, is_wanted: bool
    ) -> None:
        self.prompt = prompt
        self.account = account
        self.is_wanted = is_wanted  # the wearer has asked for this break
        self._ladder, self._world = ladder, world
        self._type = account.type
        self._told = now
        self._opened: int | None = None
        self._begun: int | None = None
        self._by_body = world.body.presence not in NOT_SEEN
        if is_wanted:
            self._open(now)
            self._begin(now)  # who is up already is on it

    def step(self, now: int) -> None:
        """To where it stands now."""
        if self.prompt.state.is_ended:
            return
        if self._begun is None:
            self._begin(now)
        if self._begun is not None:
            self._measure(now)
        elif self._is_lost:
            self.end(PromptState.UNSEEN, max(self._told, self._world.body.since))
        elif by_body(self._type, self._world, now) is None:
            self._ask(now)
        self._limit(now)

    def start(self, now: int) -> None:
        """The wearer begins the break: one on a timer runs from here; for a measured one the prompt is opened."""
        if self._begun is None and self._opened is None:
            self._open(now)
        if self._begun is None and self._type.credit is Credit.TIMER:
            self._begin_at(now)
        self.is_wanted = True

    def shifted(self, at: int, now: int) -> None:
        """What this prompt asked for was a shift of posture, and it came."""
        if self._begun is None:
            self._begin_at(at)
        self.end(PromptState.DONE, now)
        self.prompt = replace(self.prompt, credited_s=self._type.length_s)

    def end(self, state: PromptState, now: int) -> None:
        if self.prompt.state.is_ended:
            return
        closed_s = max(now, self._told) / TICKS_PER_S
        self.prompt = replace(
            self.prompt,
            state=state,
            closed_s=closed_s,
            credited_s=self.credited_s(now),
            can_postpone=False,
            can_skip=False,
        )

    def credited_s(self, now: int) -> float:
        """Of the break so far."""
        if self._begun is None:
            return 0.0
        if self._type.credit is Credit.TIMER:
            return min(self._type.length_s, (now - self._begun) / TICKS_PER_S)
        return self.account.away_s if self.account.ended_s is None else self.account.ended_s

    def is_enough(self, now: int) -> bool:
        return self._begun is not None and self.credited_s(now) >= self._type.enough_s - _NEARLY

    def close(self, now: int) -> None:
        """The session ends: what was seen of the break counts, and nothing else is known."""
        self.end(PromptState.DONE if self.is_enough(now) else PromptState.UNSEEN, now)

    @property
    def _is_lost(self) -> bool:
        """The sensors saw the wearer when the prompt came, and see nobody now."""
        self._by_body = self._by_body or self._world.body.presence not in NOT_SEEN
        return self._by_body and self._world.body.presence in NOT_SEEN and not self._world.is_by_clock(self._type)

    def _begin(self, now: int) -> None:
        """Where the break has begun already: at the first tick off the seat, for the activity is told by half seconds.

        A rise that does not last for `rise_s` gives the prompt back (`_measure`).
        """
        account, leaving = self.account, self._world.body.leaving
        if self._type.credit is Credit.TIMER:
            return
        if account.flow is Flow.AWAY:
            is_seen = not self._world.is_posture(self._type) or account.away_s >= _POSTURE_SEEN_S - _NEARLY
            if is_seen:
                self._begin_at(now - round(account.away_s * TICKS_PER_S))
        elif leaving is not None and not self._world.is_by_desk(self._type):
            self._begin_at(leaving)

    def _begin_at(self, tick: int) -> None:
        self._begun = tick
        self.prompt = replace(self.prompt, state=PromptState.IN_BREAK, begun_s=tick / TICKS_PER_S)

    def _measure(self, now: int) -> None:
        account = self.account
        if self._type.credit is Credit.TIMER:
            if self.credited_s(now) >= self._type.length_s - _NEARLY:
                self.end(PromptState.DONE, now)
        elif account.ended_s is not None:
            self.end(PromptState.DONE if self.is_enough(now) else PromptState.SHORT, now)
        elif account.flow is Flow.AWAY:
            if account.away_s >= self._type.length_s - _NEARLY:
                self.end(PromptState.DONE, now)
        elif self._is_lost:
            self.end(PromptState.DONE if self.is_enough(now) else PromptState.UNSEEN, now)
        elif account.flow is Flow.RUN and self._world.body.held is None:
            self._begun = None  # it was a flicker
            state = PromptState.HEADS_UP if self._opened is None else PromptState.OPEN
            self.prompt = replace(self.prompt, state=state, begun_s=None)

    def _ask(self, now: int) -> None:
        one = self._type
        if self._opened is None:
            ready = self._told + ticks(one.heads_up_s)
            if now >= (ready + ticks(one.gap_s) if self._world.is_typing else ready):
                self._open(now)
            return
        asked = now - self._opened
        if asked >= ticks(one.ignore_s):
            self.end(PromptState.IGNORED, now)
            return
        second, third = (ticks(after_s) for after_s in one.escalate_s)
        level = 3 if asked >= third or self._ladder.is_forced(one) else 2 if asked >= second else 1
        if level != self.prompt.level:
            self.prompt = replace(self.prompt, level=level)

    def _open(self, now: int) -> None:
        one = self._type
        self._opened = now
        level = 3 if self._ladder.is_forced(one) and not self.is_wanted else 1
        self.prompt = replace(self.prompt, state=PromptState.OPEN, level=level)
        if one.credit is Credit.TIMER and one.starts_itself:
            self._begin_at(now)

    def _limit(self, now: int) -> None:
        """Which buttons there are."""
        if self.prompt.state.is_ended:
            return
        one, ladder = self._type, self._ladder
        done = self.credited_s(now) / one.length_s if self._begun is not None else None
        can_postpone = ladder.may_postpone(one) and (done is None or done <= one.postpone_share)
        can_skip = ladder.may_skip(one) and (
            one.skip_after_share <= 0 or (done is not None and done >= one.skip_after_share)
        )
        if (can_postpone, can_skip) != (self.prompt.can_postpone, self.prompt.can_skip):
            self.prompt = replace(self.prompt, can_postpone=can_postpone, can_skip=can_skip)

    def next(self) -> list[int | None]:
        """Ticks at which it may go on by itself, past ones among them."""
        one, account = self._type, self.account
        if self._begun is not None and one.credit is Credit.TIMER:
            shares = (one.postpone_share, one.skip_after_share, 1.0)
            return [self._begun + ticks(share * one.length_s) + extra for share in shares for extra in (0, 1)]
        if self._begun is not None:
            shares = (one.postpone_share, one.skip_after_share, 1.0)
            return [account.away_at(share * one.length_s) for share in shares]
        seen = account.away_at(_POSTURE_SEEN_S)
        if self._opened is None:
            ready = self._told + ticks(one.heads_up_s)
            return [seen, ready, ready + ticks(one.gap_s)]
        return [seen, *(self._opened + ticks(after_s) for after_s in (*one.escalate_s, one.ignore_s))]
