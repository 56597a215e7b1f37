"""The desktop's own notifications with buttons (D-Bus on Linux, the notification centre elsewhere)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from analysis.break_flow import BreakAct, Prompt, PromptState
from analysis.breaks.words import span
from analysis.io.notify import Delivery, Means, Notifier
from analysis.io.notify.answers import SKIP_REASONS, answer

if TYPE_CHECKING:
    from desktop_notifier import DesktopNotifier, Urgency


DELIVER_S = 5.0  # a session bus that hangs holds nothing up for longer
TITLE = "Time to stand up"
_BACKEND_LOG = "desktop_notifier.backends.base"  # where the library puts what went wrong, instead of raising

Buttons = list[tuple[str, Callable[[], None]]]  # (what it says, what it does); most desktops show three


class Desktop:
    """Shows prompts quietly before they open and clearly once they have, and takes them away when they are over."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()  # so that a prompt is never taken away before it is shown
        self._shown: dict[str, str] = {}  # the desktop's identifier by prompt id
        self._notifier: DesktopNotifier | None = None  # made at the first prompt: its import needs a desktop's parts
        self._asking: set[asyncio.Task[None]] = set()

    async def deliver(self, prompt: Prompt, means: Means) -> Delivery:
        try:
            async with asyncio.timeout(DELIVER_S), self._one_at_a_time:
                if prompt.state in (PromptState.HEADS_UP, PromptState.OPEN):
                    return await self._show_prompt(prompt, means)
                await self._clear(self._shown.pop(prompt.prompt_id, None))
                return Delivery(True)
        except TimeoutError:
            return Delivery(False, f"The desktop did not answer within {DELIVER_S:g} s.")

    async def _show_prompt(self, prompt: Prompt, means: Means) -> Delivery:
        title = prompt.action or TITLE
        if prompt.state is PromptState.HEADS_UP:
            title = f"Soon: {title}"
        return await self._show(prompt, title, prompt.reason, self._buttons(prompt, means))

    async def _show(self, prompt: Prompt, title: str, message: str, buttons: Buttons) -> Delivery:
        try:
            from desktop_notifier import Button, DesktopNotifier
            from desktop_notifier.main import get_backend_class
        except ImportError as error:
            return Delivery(False, f"Desktop notifications are not installed ({error}).")
        if get_backend_class().__name__ == "DummyNotificationCenter":
            return Delivery(False, "This system shows notifications of signed apps only.")
        self._notifier = self._notifier or DesktopNotifier(app_name="Upstand")
        dispatched: list[bool] = []
        with _Failure() as failure:
            identifier = await self._notifier.send(
                title=title,
                message=message,
                urgency=_urgency(prompt),
                buttons=[Button(said, act, identifier=said) for said, act in buttons],
                on_dispatched=lambda: dispatched.append(True),
            )
        if not dispatched:
            return Delivery(False, f"There is no desktop to notify ({failure.reason or 'permission not given'}).")
        await self._clear(self._shown.pop(prompt.prompt_id, None))  # a more insistent one replaces the first
        self._shown[prompt.prompt_id] = identifier
        return Delivery(True)

    def _buttons(self, prompt: Prompt, means: Means) -> Buttons:
        give = partial(self._give, prompt, means)
        buttons: Buttons = [("Start", partial(give, BreakAct.START))]
        if prompt.can_postpone:
            one = means.rules.of(prompt.kind)
            later = f"In {span(one.postpone_s)}" if one is not None else "Later"
            buttons.append((later, partial(give, BreakAct.POSTPONE)))
        if prompt.can_skip:
            buttons.append(("Skip", lambda: self._ask_why(prompt, means)))
        return buttons

    def _give(self, prompt: Prompt, means: Means, act: BreakAct, reason: str = "") -> None:
        means.act(answer(prompt, means.session_id, act, reason))

    def _ask_why(self, prompt: Prompt, means: Means) -> None:
        """Skipping takes a reason, and that is one more tap."""
        task = asyncio.create_task(self._show_reasons(prompt, means))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _show_reasons(self, prompt: Prompt, means: Means) -> None:
        reasons: Buttons = [
            (reason, partial(self._give, prompt, means, BreakAct.SKIP, reason)) for reason in SKIP_REASONS
        ]
        with suppress(TimeoutError):  # the prompt then stays as it is
            async with asyncio.timeout(DELIVER_S), self._one_at_a_time:
                await self._show(prompt, "Skip it – why?", prompt.action or prompt.reason, reasons)

    async def _clear(self, identifier: str | None) -> None:
        if identifier is not None and self._notifier is not None:
            with suppress(KeyError, OSError, EOFError, RuntimeError):  # closed by the wearer, or the desktop is gone
                await self._notifier.clear(identifier)


def _urgency(prompt: Prompt) -> Urgency:
    from desktop_notifier import Urgency

    if prompt.state is PromptState.HEADS_UP:
        return Urgency.Low
    return Urgency.Critical if prompt.level > 1 else Urgency.Normal


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


NOTIFIER = Notifier(label="Desktop notification", deliver=Desktop().deliver, is_asked=lambda settings: settings.desktop)
