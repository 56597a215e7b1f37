"""The firmware's code.py as a process of its own, wired to a controller of this process."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bumble.transport.common import StreamPacketSink, StreamPacketSource

from benchmarks.impersonated import until
from hardware.firmware import wire
from hardware.twin.radio.air import Radio

ROOT = Path(wire.__file__).parents[2]
ADDRESS = "F6:00:00:00:03:01"


@asynccontextmanager
async def wired_board(radio: Radio, drive: Path) -> AsyncIterator[None]:
    """A board whose controller is `radio`; its key lies on `drive` inside."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The controller's end of the cable."""
        source = StreamPacketSource()
        source.set_packet_sink(radio)
        radio.set_packet_sink(StreamPacketSink(writer.transport))
        while data := await reader.read(4096):
            source.data_received(data)
        radio.host = None
        writer.close()

    key = drive / "upstand-key.txt"
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hardware.twin.board_process"),
            *(f"tcp-client:127.0.0.1:{port}", ADDRESS, str(drive), "100"),
            cwd=ROOT,
        )
        try:
            await until(lambda: key.exists() and key.stat().st_size > 0)
            yield
        finally:
            process.terminate()
            await process.wait()
