"""The desktop's own notifications (D-Bus on Linux, the notification centre elsewhere)."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from analysis.io.notify import Delivery, Notifier
from analysis.model import Prompt, PromptState

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier


DELIVER_S = 5.0  # a session bus that hangs holds nothing up for longer
TITLE = "Time to stand up"
_BACKEND_LOG = "desktop_notifier.backends.base"  # where the library puts what went wrong, instead of raising


class Desktop:
    """Shows open prompts, and takes them away when they are done or ignored."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()  # so that a prompt is never taken away before it is shown
        self._shown: dict[str, str] = {}  # the desktop's identifier by prompt id
        self._notifier: DesktopNotifier | None = None  # made at the first prompt: its import needs a desktop's parts

    async def deliver(self, prompt: Prompt) -> Delivery:
        try:
            async with asyncio.timeout(DELIVER_S), self._one_at_a_time:
                if prompt.state is PromptState.OPEN:
                    return await self._show(prompt)
                return await self._take_away(prompt)
        except TimeoutError:
            return Delivery(False, f"The desktop did not answer within {DELIVER_S:g} s.")

    async def _show(self, prompt: Prompt) -> Delivery:
        try:
            from desktop_notifier import DesktopNotifier, Urgency
            from desktop_notifier.main import get_backend_class
        except ImportError as error:
            return Delivery(False, f"Desktop notifications are not installed ({error}).")
        if get_backend_class().__name__ == "DummyNotificationCenter":
            return Delivery(False, "This system shows notifications of signed apps only.")
        self._notifier = self._notifier or DesktopNotifier(app_name="Upstand")
        dispatched: list[bool] = []
        with _Failure() as failure:
            identifier = await self._notifier.send(
                title=TITLE,
                message=prompt.reason,
                urgency=Urgency.Critical if prompt.level > 1 else Urgency.Normal,
                on_dispatched=lambda: dispatched.append(True),
            )
        if not dispatched:
            return Delivery(False, f"There is no desktop to notify ({failure.reason or 'permission not given'}).")
        await self._clear(self._shown.pop(prompt.prompt_id, None))  # a more insistent one replaces the first
        self._shown[prompt.prompt_id] = identifier
        return Delivery(True)

    async def _take_away(self, prompt: Prompt) -> Delivery:
        await self._clear(self._shown.pop(prompt.prompt_id, None))
        return Delivery(True)

    async def _clear(self, identifier: str | None) -> None:
        if identifier is not None and self._notifier is not None:
            with suppress(KeyError, OSError, EOFError, RuntimeError):  # closed by the wearer, or the desktop is gone
                await self._notifier.clear(identifier)


class _Failure(logging.Filter):
    """Takes the reason of a failure out of the library's log, where it would come as a traceback."""

    reason = ""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[1] is not None:
            self.reason = str(record.exc_info[1]) or type(record.exc_info[1]).__name__
        return False

    def __enter__(self) -> _Failure:
        logging.getLogger(_BACKEND_LOG).addFilter(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(_BACKEND_LOG).removeFilter(self)


NOTIFIER = Notifier(label="Desktop notification", deliver=Desktop().deliver)
