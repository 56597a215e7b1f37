"""Questions to the desktop over D-Bus, on Linux."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

ANSWER_S = 3.0  # the first takes an import, too, and a machine may be busy
AGAIN_S = 30.0  # after a bus that was not there


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one service on the session bus."""

    service: str
    path: str
    interface: str
    name: str


class SessionBus:
    """One connection, made at the first question and again after it is lost. Belongs to one event loop."""

    def __init__(self) -> None:
        self._bus: MessageBus | None = None
        self._not_before_s = -math.inf

    async def ask(self, method: Method, signature: str = "", body: Sequence[Any] = ()) -> Any:
        """The first value of the answer; None where there is no bus, no such service or no answer."""
        if sys.platform != "linux" or time.monotonic() < self._not_before_s:
            return None
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._ask(method, signature, body)
        except (OSError, EOFError, ValueError, TimeoutError):  # ValueError: no address, or one that is none
            await self.close()
            self._not_before_s = time.monotonic() + AGAIN_S
            return None

    async def _ask(self, method: Method, signature: str, body: Sequence[Any]) -> Any:
        try:
            from dbus_fast import Message, MessageFlag, MessageType
            from dbus_fast.aio import MessageBus
            from dbus_fast.errors import DBusFastError
        except ImportError:
            return None
        question = Message(
            destination=method.service,
            path=method.path,
            interface=method.interface,
            member=method.name,
            signature=signature,
            body=list(body),
            flags=MessageFlag.NO_AUTOSTART,  # looking must not start anything
        )
        try:
            if self._bus is None or not self._bus.connected:
                await self.close()
                self._bus = await MessageBus().connect()
            answer = await self._bus.call(question)
        except DBusFastError as error:
            raise OSError(str(error)) from error
        if answer.message_type is not MessageType.METHOD_RETURN or not answer.body:
            return None
        return getattr(answer.body[0], "value", answer.body[0])  # a variant's

    async def close(self) -> None:
        """Forgets an absent bus, too."""
        bus, self._bus = self._bus, None
        self._not_before_s = -math.inf
        if bus is not None:
            bus.disconnect()
            with suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # its only one without types


BUS = SessionBus()
