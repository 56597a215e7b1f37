"""What a person asks of the breaks, as inputs of the pipeline and with an answer that is true."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.break_flow import BreakAct, BreakRequest, LedgerSpan, Prompt, PromptState
from analysis.breaks.ledger import why
from analysis.breaks.types import DAY_S, BreakRules, BreakType, Clock, Mode
from analysis.breaks.words import span
from analysis.errors import PostureError
from analysis.schema import Command

_LONGEST_S = 366 * DAY_S
_ON_A_PROMPT = (BreakAct.POSTPONE, BreakAct.SKIP, BreakAct.DONE, BreakAct.EXIT)


def answers(request: BreakRequest, prompt: Prompt) -> bool:
    """Whether it ends this prompt: it does so when the samples have come up to it, which takes a moment."""
    if request.act in (BreakAct.PAUSE, BreakAct.RESET):
        return True
    return request.act in _ON_A_PROMPT and request.kind in ("", prompt.kind)


def break_request(
    command: Command, at_s: float, prompt: Prompt | None, rules: BreakRules, answered: tuple[str, str] = ("", "")
) -> tuple[BreakRequest, str]:
    """(the input, the reply). `prompt` is the one that stands at present, `at_s` the session's present.

    `answered` is the id of the prompt that was answered last, and what was said to that: it may still stand.

    Raises PostureError for what cannot be done.
    """
    act = command.act
    if act is None:
        raise PostureError(f"Say what to do about the break: {', '.join(BreakAct)}.")
    for_s = command.duration_s
    if for_s is not None and not 0.0 < for_s <= _LONGEST_S:
        raise PostureError("That is no length of time; give one such as 5m or 1h.")
    if command.until_s is not None and not 0.0 <= command.until_s < DAY_S:
        raise PostureError("That is no time of day; give one such as 14:10.")
    if command.prompt_id and (prompt is None or prompt.prompt_id != command.prompt_id):
        raise PostureError("That prompt is over; nothing was changed.")
    is_on_it = command.prompt_id or (act in _ON_A_PROMPT and not command.name)
    if is_on_it and prompt is not None and prompt.prompt_id == answered[0]:
        raise PostureError(f"You have answered that prompt already, and nothing was changed: {answered[1]}")
    name, text = _meant(act, command, prompt, rules, for_s)
    return BreakRequest(at_s, act, name, command.text.strip(), for_s, command.until_s), text


def _meant(
    act: BreakAct, command: Command, prompt: Prompt | None, rules: BreakRules, for_s: float | None
) -> tuple[str, str]:
    """(the type of break or mode that is meant, the reply). Raises PostureError."""
    name = command.name
    if act is BreakAct.MODE:
        if name and name not in list(Mode):
            raise PostureError(f"There is no mode {name!r}; the modes are {', '.join(Mode)}.")
        return name, f"The mode is {name} now." if name else "The mode goes by the clock again."
    if name and rules.of(name) is None:
        raise PostureError(f"There is no break {name!r}; the breaks are {', '.join(one.name for one in rules.types)}.")
    if act is BreakAct.START:
        kind = name or (prompt.kind if prompt is not None else _usual(rules))
        return kind, f"Your {kind} break begins."
    if act in _ON_A_PROMPT and not (act is BreakAct.POSTPONE and name):
        return name, _on_prompt(act, prompt, rules, for_s)
    match act:
        case BreakAct.POSTPONE:
            return _postponed(name, prompt, rules, for_s)
        case BreakAct.PAUSE:
            return name, _paused(command, for_s)
        case BreakAct.RESUME:
            return name, "Prompts come again."
        case _:
            return name, "All clocks start anew."


def _usual(rules: BreakRules) -> str:
    """The type that is meant where none is named: the first that one's sitting makes due."""
    asked = rules.modes.get(Mode.DESK, frozenset())
    for one in rules.types:
        if one.clock is Clock.SITTING and one.name in asked:
            return one.name
    raise PostureError(f"Say which break: {', '.join(one.name for one in rules.types)}.")


def _on_prompt(act: BreakAct, prompt: Prompt | None, rules: BreakRules, for_s: float | None) -> str:
    if prompt is None:
        raise PostureError("You are not being asked for a break now, so there is nothing to answer.")
    match act:
        case BreakAct.POSTPONE if not prompt.can_postpone:
            raise PostureError(f"The {prompt.kind} break cannot be postponed any more.")
        case BreakAct.SKIP if not prompt.can_skip:
            raise PostureError(f"The {prompt.kind} break cannot be skipped now; `exit` ends it in an emergency.")
        case BreakAct.POSTPONE:
            return _asked_again(rules.of(prompt.kind), for_s)
        case BreakAct.SKIP | BreakAct.EXIT:
            return f"The {prompt.kind} break is skipped."
        case _:
            return f"The {prompt.kind} break is over."


def _postponed(name: str, prompt: Prompt | None, rules: BreakRules, for_s: float | None) -> tuple[str, str]:
    if prompt is not None and prompt.kind == name:
        return name, _on_prompt(BreakAct.POSTPONE, prompt, rules, for_s)
    return name, _asked_again(rules.of(name), for_s)


def _asked_again(one: BreakType | None, for_s: float | None) -> str:
    after_s = for_s if for_s is not None else one.postpone_s if one is not None else 0.0
    return f"Postponed by {span(after_s)}."


def _paused(command: Command, for_s: float | None) -> str:
    if for_s is not None:
        return f"No prompts for {span(for_s)}."
    if command.until_s is not None:
        minutes = round(command.until_s / 60)
        return f"No prompts until {minutes // 60:02d}:{minutes % 60:02d}."
    return "No prompts until you resume them."


def break_status(at_s: float, prompt: Prompt | None, spans: Sequence[LedgerSpan]) -> str:
    """What stands at present, in a sentence or two."""
    if prompt is None:
        return why(spans, at_s)
    match prompt.state:
        case PromptState.IN_BREAK:
            stands = f"You are on your {prompt.kind} break: {span(prompt.credited_s)} of {span(prompt.length_s)}."
        case PromptState.HEADS_UP:
            stands = f"You are about to be asked for your {prompt.kind} break. {prompt.reason}"
        case _:
            stands = f"You are asked for your {prompt.kind} break. {prompt.reason}"
    return f"{stands} {prompt.action}".strip()
