"""A real broker that can be killed and started again, and a reader of blocks that confirms them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from analysis import schema
from analysis.io.mqtt import Connection, MqttAddress
from analysis.model import Segment
from analysis.schema import Samples, Status, Stored
from benchmarks.ports import LOOPBACK, free_port

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
WEARER = "simulated"


class Broker:
    """Mosquitto on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = MqttAddress(LOOPBACK, port)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {port} {LOOPBACK}\nallow_anonymous true\npersistence false\n")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        assert MOSQUITTO
        quiet = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stdout=quiet, stderr=quiet
        )
        async with asyncio.timeout(30):
            while True:
                try:
                    _, writer = await asyncio.open_connection(self.address.host, self.address.port)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    await writer.wait_closed()
                    return

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    if MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    broker = Broker(tmp_path)
    await broker.start()
    yield broker
    await broker.kill()


class Keeper:
    """Keeps blocks as the service does: each number once, confirmed up to the first hole."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.blocks: dict[tuple[str, Segment], dict[int, Samples]] = {}
        self.twice = 0
        self.confirms = True
        self.is_deaf = False  # what comes meanwhile is lost, as while the service restarts
        self.status: Status | None = None
        self._safe: dict[tuple[str, Segment], int] = {}

    async def run(self) -> None:
        await self.connection.subscribe(schema.topic(WEARER, "samples", "+"))
        await self.connection.subscribe(schema.topic(WEARER, "status", "bridge"))
        while True:
            for received in await self.connection.receive(1.0):
                if received.topic.endswith("/bridge"):
                    self.status = schema.decode(received.payload, Status)
                elif not self.is_deaf:
                    self.keep(schema.decode(received.payload, Samples))
            if self.confirms:
                self.confirm()

    def keep(self, samples: Samples) -> None:
        stream = self.blocks.setdefault((samples.session_id, samples.segment), {})
        if samples.seq in stream:
            self.twice += 1
            assert stream[samples.seq] == samples
        stream[samples.seq] = samples

    def confirm(self) -> None:
        for key, stream in self.blocks.items():
            safe = self._safe.get(key, -1)
            while safe + 1 in stream:
                safe += 1
            if safe >= 0:
                self._safe[key] = safe
                stored = Stored(session_id=key[0], segment=key[1], seq=safe)
                self.connection.publish(schema.topic(WEARER, "stored", key[1]), schema.encode(stored), qos=1)

    def samples(self, session_id: str, segment: Segment) -> int:
        blocks = self.blocks.get((session_id, segment), {}).values()
        return sum(len(block.counts) // 12 for block in blocks)

    def in_order(self, session_id: str, segment: Segment) -> list[Samples]:
        """All of one stream; fails where a number is missing."""
        stream = self.blocks[session_id, segment]
        assert sorted(stream) == list(range(len(stream)))
        return [stream[seq] for seq in sorted(stream)]


@pytest.fixture
async def keeper(broker: Broker) -> AsyncIterator[Keeper]:
    async with Connection(broker.address, "keeper") as connection:
        await connection.wait_connected(30)
        keeper = Keeper(connection)
        task = asyncio.create_task(keeper.run())
        yield keeper
        task.cancel()
