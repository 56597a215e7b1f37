"""What notifiers are given, with somebody at the other end who keeps it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from analysis.breaks import defaults
from analysis.breaks.types import BreakRules
from analysis.io.notify import Means
from analysis.io.settings import NotifySettings
from analysis.model import Segment
from analysis.schema import Command, Reply


@dataclass
class MadeMeans:
    """A bridge whose sensors of `motors` can buzz, and the wearer's answers in `acts`."""

    settings: NotifySettings = field(default_factory=NotifySettings)
    rules: BreakRules = defaults.RULES
    motors: frozenset[Segment] = frozenset(Segment)
    acts: list[Command] = field(default_factory=list)
    asked: list[Command] = field(default_factory=list)

    acted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def means(self) -> Means:
        return Means(self.settings, self.rules, "s1", self._ask, self._act)

    def _act(self, command: Command) -> None:
        self.acts.append(command)
        self.acted.set()

    async def _ask(self, command: Command) -> Reply:
        self.asked.append(command)
        is_ok = command.segment in self.motors
        return Reply(id=command.id, ok=is_ok, message="Done." if is_ok else f"The {command.segment} sensor cannot.")
