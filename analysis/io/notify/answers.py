"""What a person answers to a prompt, wherever they were shown it."""

from __future__ import annotations

import secrets

from analysis.break_flow import BreakAct, Prompt
from analysis.schema import Command

SKIP_REASONS = ("In a call", "In the middle of something", "No need")  # one tap each


def answer(prompt: Prompt, session_id: str, act: BreakAct, reason: str = "") -> Command:
    """Holds for this prompt alone: a button pressed too late changes nothing."""
    return Command(
        id=secrets.token_hex(8), action="break", session_id=session_id, act=act, text=reason, prompt_id=prompt.prompt_id
    )
