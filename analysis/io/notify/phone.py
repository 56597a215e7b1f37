"""The phone, and everything else that Apprise knows: ntfy, Gotify, Pushover, Telegram, Matrix, e-mail and many more."""

from __future__ import annotations

import asyncio
import logging

from analysis.break_flow import Prompt, PromptState
from analysis.io.notify import Delivery, Means, Notifier

DELIVER_S = 15.0
TITLE = "Time for a break"
_MISSING = "Telling the phone needs Apprise; install it with `pip install 'upstand[phone]'`."


class Phone:
    """Each prompt is told once: what has been sent cannot be taken away."""

    def __init__(self) -> None:
        self._told = ""  # the newest prompt that came through

    async def deliver(self, prompt: Prompt, means: Means) -> Delivery | None:
        if prompt.state is not PromptState.OPEN or prompt.prompt_id == self._told:
            return None
        urls = [url.get_secret_value() for url in means.settings.phone]
        try:
            async with asyncio.timeout(DELIVER_S):
                delivery = await asyncio.to_thread(_send, urls, prompt.action or TITLE, prompt.reason)
        except TimeoutError:
            return Delivery(False, f"The phone's service did not answer within {DELIVER_S:g} s.")
        if delivery.delivered:
            self._told = prompt.prompt_id
        return delivery


def _send(urls: list[str], title: str, body: str) -> Delivery:
    """Names no address: they hold secrets. Blocks its thread."""
    try:
        from apprise import Apprise
    except ImportError:
        return Delivery(False, _MISSING)
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its complaints carry addresses
    missed: list[str] = []
    for place, url in enumerate(urls, start=1):
        service = Apprise()
        if not service.add(url):
            missed.append(f"no. {place} is none that Apprise knows")
        elif not service.notify(title=title, body=body):
            missed.append(f"no. {place} did not take it")
    if len(missed) < len(urls):
        return Delivery(True)
    return Delivery(False, f"No address of `phone` under [notify] was reached: {', '.join(missed)}.")


NOTIFIER = Notifier(label="Phone", deliver=Phone().deliver, is_asked=lambda settings: bool(settings.phone), level=3)
