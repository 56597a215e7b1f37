"""The connection against a real Mosquitto."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from analysis import schema
from analysis.errors import BrokerError, PostureError
from analysis.io.mqtt import (
    LOOPBACK,
    Connection,
    MqttAddress,
    Received,
    install_credentials,
    request,
    resolve,
)
from analysis.io.settings import MqttSettings, Settings
from analysis.schema import Command, Reply


async def take(connection: Connection, count: int, timeout_s: float = 60.0) -> list[Received]:
    taken: list[Received] = []
    async with asyncio.timeout(timeout_s):
        async for received in connection.messages():
            taken.append(received)
            if len(taken) == count:
                break
    return taken


def until_down(*connections: Connection) -> None:
    while any(connection.connected for connection in connections):
        time.sleep(0.01)


async def test_thousands_of_messages_at_once_arrive_whole_and_in_order(broker: Any) -> None:
    count = 5000
    async with Connection(broker.address, "hears") as hears, Connection(broker.address, "says") as says:
        await hears.wait_connected(20)
        await says.wait_connected(20)
        await hears.subscribe("a/#")
        for index in range(count):
            says.publish("a/b", index.to_bytes(4, "big") * 200, qos=1)
        taken = await take(hears, count)
    assert [received.payload[:4] for received in taken] == [index.to_bytes(4, "big") for index in range(count)]
    assert taken[0] == Received("a/b", b"\0" * 800)


async def test_it_reconnects_and_renews_its_subscriptions(broker: Any) -> None:
    async with Connection(broker.address, "hears") as hears, Connection(broker.address, "says") as says:
        await hears.subscribe("a/#")  # before the link is up: remembered
        await hears.wait_connected(20)
        await says.wait_connected(20)
        await asyncio.to_thread(broker.stop)
        await asyncio.to_thread(until_down, hears, says)
        says.publish("a/kept", b"while offline", qos=1)
        says.publish("a/dropped", b"while offline", qos=0)
        await asyncio.to_thread(broker.start)
        await hears.wait_connected(20)
        await says.wait_connected(20)
        says.publish("a/after", b"again", qos=1)
        topics = set()
        async with asyncio.timeout(60):
            async for received in hears.messages():
                topics.add(received.topic)
                if received.topic == "a/after":
                    break
        assert "a/dropped" not in topics
        assert hears.reconnects == says.reconnects == 1


async def test_leaving_flushes_and_keeps_the_will_to_itself(broker: Any) -> None:
    async with Connection(broker.address, "hears") as hears:
        await hears.wait_connected(20)
        await hears.subscribe("#")
        async with Connection(broker.address, "leaves", will=("will", b"gone")) as leaves:
            await leaves.wait_connected(20)
            for index in range(1000):
                leaves.publish("last", str(index).encode(), qos=index % 2)
        taken = await take(hears, 1000)
        assert {received.topic for received in taken} == {"last"}
        assert await hears.receive(timeout_s=0.2) == []


@pytest.mark.skipif(sys.platform == "win32", reason="it has no file descriptors to count")
async def test_leaving_closes_every_socket(broker: Any) -> None:
    before = sockets()
    async with Connection(broker.address, "leaves") as left:
        await left.wait_connected(20)
        opened = sockets() - before
        assert len(opened) > 1  # to the broker, and paho's own that wake it
    assert not opened & sockets()


def sockets() -> set[tuple[int, Any]]:
    """This process's TCP sockets; paho wakes itself by a pair of them, too."""
    return {(one.fd, one.laddr) for one in psutil.Process().net_connections("tcp")}


async def test_a_refusal_is_one_sentence(broker: Any) -> None:
    wrong = MqttAddress(LOOPBACK, broker.port, "upstand", "wrong")
    async with Connection(wrong, "stranger") as connection:
        with pytest.raises(BrokerError, match="refused"):
            await connection.wait_connected(20)


async def test_no_broker_is_one_sentence_and_publishing_never_raises() -> None:
    async with Connection(MqttAddress(LOOPBACK, 1), "alone") as connection:
        with pytest.raises(BrokerError, match="cannot be reached"):
            await connection.wait_connected(0.2)
        connection.publish("a", b"", qos=0)
        connection.publish("a", b"", qos=1)
        assert connection.dropped == 1
        assert not connection.connected


async def test_request_is_answered_by_the_part_asked(broker: Any) -> None:
    command = Command(id="c1", action="buzz")
    async with Connection(broker.address, "service") as service:
        await service.wait_connected(20)
        await service.subscribe(schema.topic("+", "commands", "bridge"))
        asked = asyncio.create_task(asyncio.to_thread(request, broker.address, "me", "bridge", command))
        (received,) = await take(service, 1)
        assert schema.decode(received.payload, Command) == command
        answer = Reply(id="c1", ok=True, message="The sensor buzzed.")
        service.publish(schema.topic("me", "replies", "c1"), schema.encode(answer), qos=1)
        assert await asked == answer


def test_request_says_when_nobody_answers(broker: Any) -> None:
    with pytest.raises(PostureError, match="did not answer"):
        request(broker.address, "me", "bridge", Command(id="c2", action="buzz"), timeout_s=0.2)


def test_the_credentials_are_made_once_and_private(tmp_path: Path) -> None:
    first = install_credentials(tmp_path / "new")
    assert install_credentials(tmp_path / "new") == first
    assert install_credentials(tmp_path / "other") != first
    (file,) = (tmp_path / "new").iterdir()
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    address = resolve(Settings(data_dir=tmp_path / "new"))
    assert (address.host, address.username, address.password) == (LOOPBACK, *first)
    assert first[1] not in repr(address)
    file.write_text("half")
    with pytest.raises(PostureError, match="damaged"):
        install_credentials(tmp_path / "new")


def test_a_broker_of_the_settings_is_taken_as_it_is(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "never", mqtt=MqttSettings(host="desk", port=1883))
    assert resolve(settings) == MqttAddress("desk", 1883)
    assert not (tmp_path / "never").exists()
