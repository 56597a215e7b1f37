"""Takes prompts to the wearer in the background, up the ladder of notifiers, and keeps how that went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from analysis.break_flow import Prompt, PromptState
from analysis.io.notify import Delivery, Means, Notifier
from analysis.io.outputs import Delivered
from analysis.io.store import Batch, StoredSession

STALE_S = 600.0  # a prompt told longer ago says nothing about now
CLOSE_S = 2.0
HIGHEST = 3  # level

_log = logging.getLogger(__name__)


class Notifying:
    """`now` is s since the Unix epoch (UTC); `means_for` is asked for each session that has something to tell."""

    def __init__(
        self,
        notifiers: Mapping[str, Notifier],
        means_for: Callable[[StoredSession], Means],
        now: Callable[[], float],
    ) -> None:
        self._notifiers = notifiers
        self._means_for = means_for
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = {name: asyncio.Lock() for name in notifiers}  # each is told things in their order
        self._newest: dict[str, Prompt] = {}  # as each that has not ended was last told
        self._delivered: list[Delivered] = []
        self._complaints: set[str] = set()

    def notify(self, batch: Batch) -> None:
        """Start telling what has changed with the prompts of a batch that is in the store."""
        told = {prompt.prompt_id: prompt for prompt in batch.outputs if isinstance(prompt, Prompt)}
        for prompt in told.values():
            if self._is_news(prompt):
                task = asyncio.create_task(self._tell(batch.session, prompt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _is_news(self, prompt: Prompt) -> bool:
        before = self._newest.get(prompt.prompt_id)
        if prompt.state.is_ended:
            self._newest.pop(prompt.prompt_id, None)
        else:
            self._newest[prompt.prompt_id] = prompt
        return before is None or (before.state, before.level) != (prompt.state, prompt.level)

    async def _tell(self, session: StoredSession, prompt: Prompt) -> None:
        """At once all that the prompt's level allows; further up, one level at a time, until one gets through."""
        means = self._means_for(session)
        usable = {name: one for name, one in self._notifiers.items() if _may_use(one, session, means)}
        level_of = {name: means.settings.levels.get(name, one.level) for name, one in usable.items()}
        if prompt.state is not PromptState.OPEN:
            await self._deliver_all(usable, session, prompt, means)
            return
        rungs = [{name: one for name, one in usable.items() if level_of[name] <= prompt.level}]
        rungs += [
            {name: one for name, one in usable.items() if level_of[name] == level}
            for level in range(prompt.level + 1, HIGHEST + 1)
        ]
        for rung in rungs:
            is_reached = await self._deliver_all(rung, session, prompt, means)
            if is_reached or self._newest.get(prompt.prompt_id) is not prompt:
                return

    async def _deliver_all(
        self, rung: Mapping[str, Notifier], session: StoredSession, prompt: Prompt, means: Means
    ) -> bool:
        """Whether anything got through."""
        tried = (self._deliver(name, one, session, prompt, means) for name, one in rung.items())
        return any(await asyncio.gather(*tried))

    async def _deliver(
        self, name: str, notifier: Notifier, session: StoredSession, prompt: Prompt, means: Means
    ) -> bool:
        delivery: Delivery | None
        if prompt.state is PromptState.OPEN and self._is_stale(session, prompt):
            delivery = Delivery(False, "It was due long before it was measured here.")
        else:
            async with self._turns[name]:
                delivery = await notifier.deliver(prompt, means)
        if delivery is None:
            return False
        if not delivery.delivered and delivery.reason not in self._complaints:
            self._complaints.add(delivery.reason)
            _log.warning("%s: not delivered: %s", notifier.label, delivery.reason)
        if prompt.state is PromptState.OPEN:
            self._delivered.append(
                Delivered(session.run_id, prompt.prompt_id, name, self._now(), delivery.delivered, delivery.reason)
            )
        return delivery.delivered and notifier.reaches

    def _is_stale(self, session: StoredSession, prompt: Prompt) -> bool:
        return session.is_of_a_person and self._now() - (session.started_at + prompt.asked_s) > STALE_S

    def take_delivered(self) -> list[Delivered]:
        """What has been told since the last call."""
        delivered, self._delivered = self._delivered, []
        return delivered

    async def close(self) -> None:
        """Wait a moment for what is being told, then give up."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSE_S)
            for task in late:
                task.cancel()


def _may_use(notifier: Notifier, session: StoredSession, means: Means) -> bool:
    """A simulated or replayed wearer is not there to be told; their sensors are."""
    is_there = session.is_of_a_person or notifier.is_worn or means.settings.simulated
    return is_there and notifier.is_asked(means.settings)
