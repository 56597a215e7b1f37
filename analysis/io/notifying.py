"""Takes prompts to the wearer in the background and keeps how that went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from analysis.io.notify import Delivery, Notifier
from analysis.io.outputs import Delivered
from analysis.io.store import Batch
from analysis.model import Prompt, PromptState

STALE_S = 600.0  # a prompt that was due longer ago says nothing about now
CLOSE_S = 2.0

_log = logging.getLogger(__name__)


class Notifying:
    """`now` is s since the Unix epoch (UTC)."""

    def __init__(self, notifiers: Mapping[str, Notifier], now: Callable[[], float]) -> None:
        self._notifiers = notifiers
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()
        self._delivered: list[Delivered] = []
        self._complaints: set[str] = set()

    def notify(self, batch: Batch) -> None:
        """Start telling the prompts of a batch that is in the store; a replayed person is not there to be told."""
        if batch.session.source == "replay":
            return
        latest = {prompt.prompt_id: prompt for prompt in batch.outputs if isinstance(prompt, Prompt)}
        for prompt in latest.values():
            for name, notifier in self._notifiers.items():
                task = asyncio.create_task(self._deliver(name, notifier, batch, prompt))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, name: str, notifier: Notifier, batch: Batch, prompt: Prompt) -> None:
        session = batch.session
        is_stale = session.source == "radio" and self._now() - (session.started_at + prompt.due_s) > STALE_S
        if is_stale and prompt.state is PromptState.OPEN:
            delivery = Delivery(False, "It was due long before it was measured here.")
        else:
            delivery = await notifier.deliver(prompt)
        if prompt.state is not PromptState.OPEN:
            return
        if not delivery.delivered and delivery.reason not in self._complaints:
            self._complaints.add(delivery.reason)
            _log.warning("%s: not delivered: %s", notifier.label, delivery.reason)
        self._delivered.append(
            Delivered(session.run_id, prompt.prompt_id, name, self._now(), delivery.delivered, delivery.reason)
        )

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
