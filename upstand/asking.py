"""Commands to the service and what it answers, as the dashboard's buttons would give them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from analysis import schema
from analysis.errors import PostureError
from analysis.io.mqtt import Connection, MqttAddress, Received
from analysis.schema import Command, Reply

CONNECT_S = 10.0
ANSWER_S = 30.0  # the service may still be starting, and lets a command wait for its session's first block
AGAIN_S = 1.0
LEAVE_S = 3.0


async def ask(address: MqttAddress, wearer: str, commands: Sequence[Command]) -> None:
    """Give all commands in order and wait for every answer.

    Raises PostureError with the first answer that is a refusal, or when one does not come.
    """
    waiting = {command.id: command for command in commands}
    async with Connection(address, "upstand-ask") as connection:
        await connection.wait_connected(CONNECT_S)
        await connection.subscribe(schema.topic(wearer, "replies", "+"))
        deadline_s = time.monotonic() + ANSWER_S
        while waiting and time.monotonic() < deadline_s:
            for command in waiting.values():  # again, too: the service may have started to listen only now
                connection.publish(schema.topic(wearer, "commands", "service"), schema.encode(command), qos=1)
            for message in await _answers(connection, len(waiting)):
                reply = schema.decode(message.payload, Reply)
                if waiting.pop(reply.id, None) is not None and not reply.ok:
                    raise PostureError(reply.message)
    if waiting:
        actions = ", ".join(sorted({command.action for command in waiting.values()}))
        raise PostureError(f"The analysis did not answer to {actions}; see its log in `logs/`.")


def command(action: str, **values: Any) -> Command:
    """A command with an id of its own."""
    return Command(id=secrets.token_hex(8), action=action, **values)


async def end_session(address: MqttAddress, wearer: str, session_id: str) -> None:
    """Ask for the session to be closed on leaving; where nobody answers, the next start closes it."""
    with suppress(PostureError, TimeoutError):
        async with asyncio.timeout(LEAVE_S):
            await ask(address, wearer, [command("end", session_id=session_id)])


async def _answers(connection: Connection, count: int) -> list[Received]:
    """Up to `count` answers, or what has come of them within AGAIN_S."""
    answers: list[Received] = []
    until_s = time.monotonic() + AGAIN_S
    while len(answers) < count and (left_s := until_s - time.monotonic()) > 0:
        answers += await connection.receive(left_s)
    return answers
