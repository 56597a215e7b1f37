"""A simulated person who hears the prompts on MQTT and answers them, as a real one would in front of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from analysis import schema
from analysis.break_flow import BreakAct, Prompt
from analysis.io.mqtt import Connection, MqttAddress
from analysis.schema import PromptMessage
from hardware.twin.person import Person
from upstand.asking import CONNECT_S, command

HEAR_S = 0.05  # real, between two looks at what there is to say


async def hear_prompts(address: MqttAddress, wearer: str, person: Person, now: Callable[[], float]) -> None:
    """Until cancelled; `now` is the session's time. Raises BrokerError where there is no broker."""
    async with Connection(address, "upstand-person") as connection:
        await connection.wait_connected(CONNECT_S)
        await connection.subscribe(schema.topic(wearer, "prompts"))
        while True:
            for message in await connection.receive(HEAR_S):
                person.hear(prompt_of(schema.decode(message.payload, PromptMessage)), now())
            prompt_id = person.says(now())
            if prompt_id is not None:
                put_off = command("break", act=BreakAct.POSTPONE, prompt_id=prompt_id)
                connection.publish(schema.topic(wearer, "commands", "service"), schema.encode(put_off), qos=1)


def prompt_of(message: PromptMessage) -> Prompt:
    return Prompt(**{field.name: getattr(message, field.name) for field in fields(Prompt)})
