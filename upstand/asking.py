"""Commands to the service and what it answers, as the dashboard's buttons would give them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from analysis import schema
from analysis.errors import PostureError
from analysis.io.mqtt import Connection, MqttAddress
from analysis.schema import Command, Reply

CONNECT_S = 10.0
ANSWER_S = 20.0  # the service lets a command wait for its session's first block


async def ask(address: MqttAddress, wearer: str, commands: Sequence[Command]) -> None:
    """Give all commands in order and wait for every answer.

    Raises PostureError with the first answer that is a refusal, or when one does not come.
    """
    waiting = {command.id: command.action for command in commands}
    async with Connection(address, "upstand-ask") as connection:
        await connection.wait_connected(CONNECT_S)
        await connection.subscribe(schema.topic(wearer, "replies", "+"))
        for command in commands:
            connection.publish(schema.topic(wearer, "commands", "service"), schema.encode(command), qos=1)
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                async for message in connection.messages():
                    reply = schema.decode(message.payload, Reply)
                    if waiting.pop(reply.id, None) is not None and not reply.ok:
                        raise PostureError(reply.message)
                    if not waiting:
                        return
    raise PostureError(f"The analysis did not answer to {', '.join(waiting.values())}; see its log in `logs/`.")
