"""The sensor's own motor, whose rhythm tells which way: bent too far forward, arched too far back, stand up."""

from __future__ import annotations

import asyncio
import secrets

from analysis.break_flow import Buzz, Prompt, PromptState
from analysis.breaks.types import Action, BreakRules, Clock
from analysis.io.notify import Delivery, Means, Notifier
from analysis.model import Segment
from analysis.schema import Command


def pattern(kind: str, rules: BreakRules) -> Buzz:
    """What a prompt of that type feels like."""
    one = rules.of(kind)
    if one is not None and one.clock is Clock.BENT:
        return Buzz.TOO_FAR_FORWARD
    if one is not None and one.clock is Clock.ARCHED:
        return Buzz.TOO_FAR_BACK
    return Buzz.SHIFT if one is not None and one.action is Action.SHIFT else Buzz.STAND_UP


async def deliver(prompt: Prompt, means: Means) -> Delivery | None:
    """Both sensors, so that one without a motor, or out of reach, does not matter; again at every level."""
    if prompt.state is not PromptState.OPEN:
        return None
    felt = pattern(prompt.kind, means.rules)
    replies = await asyncio.gather(
        *(
            means.ask_bridge(
                Command(
                    id=secrets.token_hex(8),
                    action="buzz",
                    session_id=means.session_id,
                    segment=segment,
                    pattern=felt,
                )
            )
            for segment in Segment
        )
    )
    if any(reply.ok for reply in replies):
        return Delivery(True)
    return Delivery(False, " ".join(dict.fromkeys(reply.message for reply in replies)))


NOTIFIER = Notifier(label="The sensor's buzz", deliver=deliver, is_asked=lambda settings: settings.buzz, is_worn=True)
