"""The prompt as the overlay shows it, from the first quiet word to what came of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.breaks.types import BreakRules, BreakType, Credit
from analysis.model import Activity
from dashboard import words

OUTCOME_S = 20.0  # of real time; what came of a prompt is said for so long
_UNSEEN = (Activity.UNKNOWN, Activity.NOT_WORN)
_LONGER_S = (900.0, 1800.0)  # postponed by more than usual


class Insistence(StrEnum):
    """How it stands on the page, the quietest first."""

    OUTCOME = "outcome"
    HEADS_UP = "heads_up"  # a line
    IN_BREAK = "in_break"
    ASKED = "asked"  # a card in the corner
    LOUDER = "louder"  # a card in the middle
    LOUDEST = "loudest"  # and everything else dimmed


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is drawn over every page."""

    prompt: Prompt
    insistence: Insistence
    title: str
    reason: str
    action: str  # what to do; may be empty
    progress: str  # how far the break has come, or how the prompt ends
    share: float | None  # of the break that is done, 0 … 1; None outside one
    acts: tuple[BreakAct, ...]  # what can be answered now
    postpone_s: tuple[float, ...]  # by how much it can be postponed, the usual first

    @property
    def page_title(self) -> str:
        """Of the browser's tab."""
        return f"{self.title} — Upstand"


@dataclass(frozen=True, slots=True)
class Watched:
    """What one open page has shown last, so that it can say what came of it."""

    prompt_id: str = ""
    ended_at: float | None = None  # s of the page's clock, when it was first found to have ended


def overlay_of(prompt: Prompt, rules: BreakRules, at_s: float, activity: Activity) -> Overlay:
    """`at_s` is the session's present, `activity` the newest that is known."""
    one = rules.of(prompt.kind)
    is_ended, in_break = prompt.state.is_ended, prompt.state is PromptState.IN_BREAK
    length_s = prompt.length_s
    done_s = words.done_s(prompt, at_s)
    return Overlay(
        prompt=prompt,
        insistence=_insistence(prompt),
        title=words.outcome(prompt) if is_ended else words.asked(prompt),
        reason="" if is_ended or in_break else prompt.reason,
        action="" if is_ended else prompt.action,
        progress="" if is_ended else words.answered(prompt, at_s),
        share=min(1.0, done_s / length_s) if in_break and length_s > 0 else None,
        acts=_acts(prompt, one, activity),
        postpone_s=_postpone_s(one),
    )


def watch(watched: Watched, prompts: Sequence[Prompt], now: float) -> tuple[Watched, Prompt | None]:
    """(what is watched from now on, what is to be shown). `now` is the page's own clock.

    The open prompt; else for OUTCOME_S the one that was shown here, once it has ended.
    """
    still = [one for one in prompts if not one.state.is_ended]
    if still:
        newest = max(still, key=lambda one: one.asked_s)
        return Watched(newest.prompt_id), newest
    ended = next((one for one in prompts if one.prompt_id == watched.prompt_id), None)
    if ended is None:
        return Watched(), None
    ended_at = now if watched.ended_at is None else watched.ended_at
    shown = ended if now - ended_at < OUTCOME_S else None
    return Watched(watched.prompt_id, ended_at), shown


def _insistence(prompt: Prompt) -> Insistence:
    if prompt.state.is_ended:
        return Insistence.OUTCOME
    if prompt.state is PromptState.IN_BREAK:
        return Insistence.IN_BREAK
    if prompt.state is PromptState.HEADS_UP:
        return Insistence.HEADS_UP
    return {1: Insistence.ASKED, 2: Insistence.LOUDER}.get(max(1, prompt.level), Insistence.LOUDEST)


def _acts(prompt: Prompt, one: BreakType | None, activity: Activity) -> tuple[BreakAct, ...]:
    """As the rules allow: nothing that would be refused, and always a way out."""
    state = prompt.state
    if state.is_ended:
        return ()
    is_timer = one is not None and one.credit is Credit.TIMER
    acts: list[BreakAct] = []
    if state is PromptState.HEADS_UP or (state is PromptState.OPEN and is_timer):
        acts.append(BreakAct.START)
    # Where nobody measures, the wearer's word is believed; where somebody does, only once the break has begun.
    if state is PromptState.IN_BREAK or (state is PromptState.OPEN and not is_timer and activity in _UNSEEN):
        acts.append(BreakAct.DONE)
    if prompt.can_postpone:
        acts.append(BreakAct.POSTPONE)
    if prompt.can_skip:
        acts.append(BreakAct.SKIP)
    if not (prompt.can_postpone or prompt.can_skip):
        acts.append(BreakAct.EXIT)
    return tuple(acts)


def _postpone_s(one: BreakType | None) -> tuple[float, ...]:
    usual_s = 300.0 if one is None else one.postpone_s
    return (usual_s, *(longer_s for longer_s in _LONGER_S if longer_s > usual_s))
