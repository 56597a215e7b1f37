"""A person at a desk who hears prompts: rises when asked, sits on, puts it off, or stands up for a moment only.

The day is made up as it is lived: an episode is chosen when somebody first looks at it, from what was heard until then,
and kept. A sensor looks up to ten seconds ahead (`imu.BLOCK`), which is part of how long such a person takes to react.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from analysis.break_flow import Prompt, PromptState
from hardware.twin.habits import Habits
from hardware.twin.moves import Fidget, Hold, Move, Shift
from hardware.twin.posture import SIT_UPRIGHT, SIT_USUAL
from hardware.twin.script import QUIET_S, Script, filled

LOOK_S = 5.0  # on the seat the person decides anew at least this often
REACT_S = (5.0, 60.0)  # from hearing a prompt to answering it
LATER_S = (6.0, 15.0)  # up for so much longer than asked
HALF = (0.10, 0.30)  # of the break asked for; every type of break takes at least 0.4 of it for enough
OWN_S = (480.0, 1500.0)  # on the seat before a rise that nobody asked for
OWN_SHARE = 0.4  # of the bouts end with one, unless a prompt comes first
OWN_UP_S = ((20.0, 90.0), (140.0, 280.0))
CALM_S = 40.0  # between the fidgets of a calm person
TALLER_DEG = 9.0  # of pelvis and low back, when asked to sit otherwise
SEATED = ("shift", "slouch", "arch")  # what is answered without leaving the seat


class Answer(StrEnum):
    """What a person makes of a prompt."""

    OBEYS = "obeys"  # does what is asked, for as long as asked
    IGNORES = "ignores"  # sits on
    POSTPONES = "postpones"  # once or twice, and then obeys
    HALF_OBEYS = "half-obeys"  # rises, and is back too soon


@dataclass(frozen=True, slots=True)
class Deed:
    """What the person did about one prompt, or unasked."""

    prompt_id: str  # empty: nobody had asked
    kind: str
    told_s: float  # when the prompt came by its own word; NaN for none
    heard_s: float
    answer: Answer | None  # None: was about to rise anyway, or has not answered yet
    acts_s: float = math.inf  # when it was answered: the episode of the rise or of the other posture begins, or said
    up_until_s: float = -math.inf  # when that episode ends


class Person:
    """Lives `script`; is told prompts through `hear` and asked through `says` what to answer by word.

    `manner` is how every prompt is answered; None: one way or another by chance.
    Who `is_calm` keeps to one posture on the seat and only fidgets: nobody could take it for a rise.
    """

    def __init__(
        self,
        manner: Answer | None,
        seed: int,
        hours: float = 8.0,
        seated_kinds: Collection[str] = SEATED,
        *,
        is_calm: bool = False,
    ) -> None:
        self._rng = np.random.default_rng((seed, 12))
        self._habits = Habits.draw(self._rng)
        self._manner = manner
        self._seated_kinds = seated_kinds
        self._is_calm = is_calm
        self._lived: list[tuple[Move, ...]] = []
        self._sitting: Iterator[Move] = iter(())
        self._left: Move | None = None  # of a longer stillness
        self._deeds: list[Deed] = []
        self._open: Prompt | None = None
        self._plan: tuple[float, float] | None = None  # (when, up for how long) to answer the open prompt
        self._word_at_s: float | None = None  # when a postponement is said
        self._put_off = 0  # how often in a row
        self._own_at_s = math.inf
        self._moved_s = -math.inf  # when the posture on the seat was last changed of the person's own accord
        self.script = Script(f"person {manner or 'mixed'} {seed}", self._episode, hours * 3600.0)

    @property
    def deeds(self) -> tuple[Deed, ...]:
        """In order of hearing or doing; every prompt once."""
        return tuple(self._deeds)

    @property
    def is_asked(self) -> bool:
        """A prompt is heard that has not ended, and no break has begun."""
        return self._open is not None and self._open.state is not PromptState.IN_BREAK

    @property
    def answers_s(self) -> float:
        """From when on the answer to the open prompt may be seen; inf while there is none."""
        if self._plan is not None:
            return self._plan[0]
        return math.inf if self._open is None or not self._deeds else self._deeds[-1].acts_s

    def hear(self, prompt: Prompt, now_s: float) -> None:
        """A prompt, or what has become of it, reaches the person at `now_s` of the session."""
        if prompt.state.is_ended:
            self._is_over(prompt, now_s)
            return
        self._open = prompt
        deed = self._deed_of(prompt.prompt_id)
        if deed is None:
            deed = self._notice(prompt, now_s)
        if prompt.state is PromptState.OPEN and deed.answer is None and deed.acts_s == math.inf:
            self._decide(prompt, deed, now_s)

    def says(self, now_s: float) -> str | None:
        """The id of the prompt that the person puts off by `now_s`; told once."""
        if self._word_at_s is None or now_s < self._word_at_s or self._open is None:
            return None
        self._word_at_s = None
        deed = self._deed_of(self._open.prompt_id)
        if deed is not None:
            self._keep(replace(deed, acts_s=now_s))
        return self._open.prompt_id

    def _notice(self, prompt: Prompt, now_s: float) -> Deed:
        """A prompt is heard for the first time; who is already rising answers it by that."""
        last = self._deeds[-1] if self._deeds else None
        if last is not None and not last.prompt_id and last.up_until_s > prompt.asked_s:
            self._deeds.pop()
            deed = replace(last, prompt_id=prompt.prompt_id, kind=prompt.kind, told_s=prompt.asked_s, heard_s=now_s)
        else:
            deed = Deed(prompt.prompt_id, prompt.kind, prompt.asked_s, now_s, None)
        self._deeds.append(deed)
        return deed

    def _decide(self, prompt: Prompt, deed: Deed, now_s: float) -> None:
        answer = self._manner or Answer(self._rng.choice(list(Answer)))
        if answer is Answer.POSTPONES and (not prompt.can_postpone or self._put_off >= 1 + self._rng.integers(2)):
            answer = Answer.OBEYS
        if answer is Answer.HALF_OBEYS and prompt.kind in self._seated_kinds:
            answer = Answer.OBEYS  # another posture is not taken by half
        at_s = now_s + self._rng.uniform(*REACT_S)
        self._put_off = self._put_off + 1 if answer is Answer.POSTPONES else 0
        match answer:
            case Answer.OBEYS:
                self._plan = (at_s, prompt.length_s + self._rng.uniform(*LATER_S))
            case Answer.HALF_OBEYS:
                self._plan = (at_s, prompt.length_s * self._rng.uniform(*HALF))
            case Answer.POSTPONES:
                self._word_at_s = at_s
        self._keep(replace(deed, answer=answer))

    def _is_over(self, prompt: Prompt, now_s: float) -> None:
        if self._open is None or self._open.prompt_id != prompt.prompt_id:
            return
        deed = self._deed_of(prompt.prompt_id)
        if deed is not None and deed.acts_s == math.inf:  # it was over before the person got round to it
            has_moved = prompt.kind in self._seated_kinds and self._moved_s > deed.told_s
            answer = Answer.OBEYS if has_moved else Answer.IGNORES
            self._keep(replace(deed, answer=answer, acts_s=self._moved_s if has_moved else math.inf))
        self._open = self._plan = self._word_at_s = None
        self._own_at_s = self._own_rise(now_s)

    def _episode(self, k: int, start_s: float) -> tuple[Move, ...]:
        if k == len(self._lived):
            self._lived.append(self._next(start_s))
        return self._lived[k]

    def _next(self, start_s: float) -> tuple[Move, ...]:
        if start_s >= self.script.end_s:
            return ()
        if not self._lived:
            return (Hold(QUIET_S), *self._sit_down(start_s + QUIET_S))
        if self._plan is not None and self._open is not None and self._plan[0] <= start_s:
            (_, span_s), self._plan = self._plan, None
            is_seated = self._open.kind in self._seated_kinds
            moves = self._other_posture(span_s) if is_seated else self._up(start_s, span_s)
            deed = self._deed_of(self._open.prompt_id)
            assert deed is not None
            self._keep(replace(deed, acts_s=start_s, up_until_s=start_s + sum(move.duration_s for move in moves)))
            return moves
        if self._open is None and self._own_at_s <= start_s:
            moves = self._up(start_s, self._rng.uniform(*OWN_UP_S[self._rng.integers(len(OWN_UP_S))]))
            until_s = start_s + sum(move.duration_s for move in moves)
            self._deeds.append(Deed("", "", math.nan, math.nan, None, start_s, until_s))
            return moves
        return (self._on_the_seat(start_s),)

    def _up(self, start_s: float, span_s: float) -> tuple[Move, ...]:
        """Up, about for so long, and down again."""
        rng = self._rng
        walk_s = span_s * rng.uniform(0.3, 1.0)
        moves = [*self._habits.rise(rng)]
        if walk_s >= 20.0:
            moves += self._habits.stroll(rng, walk_s)
        moves += self._habits.standing(rng, max(2.0, span_s - sum(move.duration_s for move in moves[1:])))
        ready_s = start_s + sum(move.duration_s for move in moves)
        return (*moves, *self._sit_down(ready_s))

    def _sit_down(self, at_s: float) -> tuple[Move, ...]:
        self._sitting, self._left = iter(()), None
        self._own_at_s = self._own_rise(at_s)
        return tuple(self._habits.sit_down(self._rng))

    def _own_rise(self, from_s: float) -> float:
        return from_s + self._rng.uniform(*OWN_S) if self._rng.random() < OWN_SHARE else math.inf

    def _other_posture(self, span_s: float) -> tuple[Move, ...]:
        """Upright, taller than the own habit by more than any fidget, and kept for so long."""
        self._sitting, self._left = iter(()), None
        own, upright = self._habits.own(SIT_USUAL), SIT_UPRIGHT.vary(self._rng, 2.0)
        tall = replace(
            upright,
            tilt_deg=max(upright.tilt_deg, own.tilt_deg + TALLER_DEG),
            lordosis_deg=max(upright.lordosis_deg, own.lordosis_deg + TALLER_DEG),
        )
        return (Shift(tall, self._rng.uniform(1.2, 2.6)), Hold(span_s))

    def _on_the_seat(self, start_s: float) -> Move:
        """The next move of ordinary sitting; stillness in pieces, so that it can be left off."""
        if self._is_defiant:
            return Hold(LOOK_S)
        if self._left is None:
            self._left = next(self._sitting, None)
            if self._left is None:
                self._sitting = self._calmly() if self._is_calm else self._habits.sitting(self._rng, 3600.0)
                self._left = next(self._sitting)
        move, self._left = self._left, None
        if isinstance(move, Hold):
            until_s = self._plan[0] - start_s if self._plan is not None else LOOK_S
            piece_s = min(max(until_s, 1.0), LOOK_S)
            if move.duration_s > piece_s + 1.0:
                self._left = Hold(move.duration_s - piece_s)
                return Hold(piece_s)
        elif not isinstance(move, Fidget):
            self._moved_s = start_s + move.duration_s
        return move

    def _calmly(self) -> Iterator[Move]:
        """An hour in the usual posture, with no more than fidgets."""

        def change() -> Move:
            tilt_deg, lordosis_deg, roll_deg, twist_deg = self._rng.normal(0.0, (0.8, 1.0, 0.6, 1.5))
            return Fidget(tilt_deg, lordosis_deg, roll_deg, twist_deg, duration_s=self._rng.uniform(1.2, 2.6))

        yield Shift(self._habits.own(SIT_USUAL.vary(self._rng, 1.0)), self._rng.uniform(1.2, 2.6))
        yield from filled(self._rng, 3600.0, CALM_S, change)

    @property
    def _is_defiant(self) -> bool:
        """Asked for another posture, and not taking it yet."""
        return self._open is not None and self._open.kind in self._seated_kinds

    def _deed_of(self, prompt_id: str) -> Deed | None:
        return next((deed for deed in reversed(self._deeds) if deed.prompt_id == prompt_id), None)

    def _keep(self, deed: Deed) -> None:
        place = next(n for n, known in enumerate(self._deeds) if known.prompt_id == deed.prompt_id)
        self._deeds[place] = deed
