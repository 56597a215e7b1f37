"""What flows into breaks and out of them: what the wearer does about them and has set; prompts, and the record of why.

Times are seconds since the session's start; spans are [start, end).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from analysis.desk import ClockAnchor, DeskState, Slept


class PromptState(StrEnum):
    """Where a prompt stands. Every prompt ends in exactly one of the states after IN_BREAK."""

    HEADS_UP = "heads_up"  # quiet: it is about to be asked
    OPEN = "open"  # asked
    IN_BREAK = "in_break"  # the rise was seen (or the break begun); time on the feet is being counted
    DONE = "done"  # enough of it was done
    SHORT = "short"  # it was begun, and not enough done
    IGNORED = "ignored"  # the wearer was seen to sit on
    POSTPONED = "postponed"  # by the wearer; it is asked again as a new prompt
    SKIPPED = "skipped"  # by the wearer
    WITHDRAWN = "withdrawn"  # taken back: something began that keeps prompts away
    UNSEEN = "unseen"  # the sensors fell silent, or the session ended: nobody knows

    @property
    def is_ended(self) -> bool:
        return self not in (PromptState.HEADS_UP, PromptState.OPEN, PromptState.IN_BREAK)


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the wearer is asked to do, and why now. Told again when its state or level changes."""

    prompt_id: str  # unique within a run
    kind: str  # name of the type of break, "active"
    level: int  # 1 = ask; higher = more insistent, 3 at most
    reason: str  # one sentence for the wearer, with the numbers
    due_s: float  # when the clock was full
    state: PromptState = PromptState.OPEN
    closed_s: float | None = None  # when it ended
    told_s: float | None = None  # when the wearer was first told, heads-up included
    begun_s: float | None = None  # the rise, back-dated, or the start of the break
    credited_s: float = 0.0  # of the break done, as measured
    length_s: float = 0.0  # of the whole break
    action: str = ""  # what to do, one line
    can_postpone: bool = True  # at present
    can_skip: bool = True

    @property
    def asked_s(self) -> float:
        """When the wearer first heard of it: a prompt that comes again was due long before."""
        return self.due_s if self.told_s is None else self.told_s


class Buzz(StrEnum):
    """What the motor of a sensor tells; the rhythms are in the firmware."""

    TOO_FAR_FORWARD = "too_far_forward"  # the back is bent
    TOO_FAR_BACK = "too_far_back"  # it is arched
    STAND_UP = "stand_up"
    SHIFT = "shift"  # change how you sit


class BreakAct(StrEnum):
    """What a wearer can do about breaks."""

    START = "start"  # a break now; `kind`
    POSTPONE = "postpone"  # the open prompt; `for_s` or as the type of break says
    SKIP = "skip"  # it; `reason`
    DONE = "done"  # says that the break is over
    EXIT = "exit"  # the emergency exit of a strict break; `reason`
    PAUSE = "pause"  # no prompts; `for_s`, or `until_s`, or until RESUME
    RESUME = "resume"
    MODE = "mode"  # `kind`: "desk", "meeting", "driving" or "evening"; empty: as the clock says
    RESET = "reset"  # all clocks


@dataclass(frozen=True, slots=True)
class BreakRequest:
    """The wearer does something about breaks at `at_s`."""

    at_s: float
    act: BreakAct
    kind: str = ""
    reason: str = ""
    for_s: float | None = None
    until_s: float | None = None  # the next time the clock on the wall shows this, s since midnight


@dataclass(frozen=True, slots=True)
class NewRules:
    """From `at_s` on the wearer has other rules of breaks; the first ones of a session come before all else."""

    at_s: float
    rules: bytes  # analysis.breaks.rules_record


@dataclass(frozen=True, slots=True)
class BreakMemory:
    """What the breaks of one session leave for the next one of the same wearer. Told every minute.

    Given to a session from its start on (`at_s` 0) it comes on top of what has run since; later it takes the place of
    what that session's clocks showed, for they did not see the time between.
    """

    at_s: float
    utc_s: float  # s since the Unix epoch; NaN where the clock on the wall was not known
    clocks_s: Mapping[str, float]  # how far each type's clock had run
    seated_s: float  # of `day`
    day: int  # local, days since the Unix epoch; -1 where not known
    skips: Mapping[str, int]  # in a row
    habits: Mapping[str, float]  # share of the breaks taken unasked, 0 … 1; those not known are left out
    waits: Mapping[str, tuple[float, str]] = field(default_factory=dict)  # s left until asked again, and why (Why)
    paused_s: float | None = None  # s left of a pause; inf: until resumed; None: there is none
    mode: str = ""  # as the wearer has set it; empty: by the clock


@dataclass(frozen=True, slots=True)
class LedgerSpan:
    """Why the wearer was, or was not, prompted in [start_s, end_s). (start_s) names it; told again when it ends."""

    start_s: float
    end_s: float | None  # None while it lasts
    why: str  # analysis.breaks.types.Why
    kind: str  # the type of break it is about: the one prompted, kept back or next due; may be empty
    clock_s: float  # of that type, at start_s
    rate: float  # at which that clock ran, s/s; negative while it is paid back
    interval_s: float  # when it is due
    detail: str = ""  # what else belongs into the sentence


@dataclass(frozen=True, slots=True)
class BreakTally:
    """One type of break on one day of a session; (day, kind) names it, and a later one replaces it."""

    day: int  # local, days since the Unix epoch; -1 where the clock on the wall is not known
    kind: str
    prompted: int = 0
    taken: int = 0  # after a prompt
    natural: int = 0  # unasked
    partial: int = 0  # unasked and shorter than a break
    short: int = 0  # after a prompt, and not enough
    skipped: Mapping[str, int] = field(default_factory=dict)  # by reason
    postponed: int = 0
    ignored: int = 0
    withdrawn: int = 0
    unseen: int = 0
    suppressed_s: Mapping[str, float] = field(default_factory=dict)  # kept back while due, by Why
    overdue_s: float = 0.0  # seated on with the clock full
    response_s: float = 0.0  # from being told to the rise, summed over taken and short
    credited_s: float = 0.0  # of breaks, asked for or not


BreakInput = DeskState | ClockAnchor | Slept | BreakRequest | BreakMemory | NewRules
