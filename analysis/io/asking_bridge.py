"""Questions of the service to the bridge, each with its answer."""

from __future__ import annotations

import asyncio

from analysis import schema
from analysis.io.announcing import Publisher
from analysis.schema import Command, Reply

ANSWER_S = 3.0


class BridgeQuestions:
    """`ask` from anywhere in the event loop; `answered` for every reply on MQTT, whoever asked."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: dict[str, asyncio.Future[Reply]] = {}

    async def ask(self, wearer: str, command: Command) -> Reply:
        """The answer, or one that says that none came."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = answer
        self._publisher.publish(schema.topic(wearer, "commands", "bridge"), schema.encode(command), qos=1)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            return Reply(id=command.id, ok=False, message=f"The bridge did not answer within {ANSWER_S:g} s.")
        finally:
            del self._waiting[command.id]

    def answered(self, reply: Reply) -> None:
        waiting = self._waiting.get(reply.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
