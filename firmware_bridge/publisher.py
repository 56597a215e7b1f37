"""Samples to the broker and, on disk, to a later run, until the service has confirmed them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from analysis import schema
from analysis.io.mqtt import Connection
from analysis.schema import Samples, Stored
from firmware_bridge.outbox import Letter, Outbox
from firmware_bridge.spool import Spool

LOOK_S = 0.5  # real seconds between looks for letters to be sent again
DISK_RETRY_S = 30.0  # real seconds until a disk that refused is tried again

_log = logging.getLogger(__name__)


class Publisher:
    """The shell around Outbox and Spool. `monotonic` gives real seconds."""

    def __init__(
        self,
        wearer: str,
        connection: Connection,
        outbox: Outbox,
        spool: Spool,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wearer = wearer
        self._connection = connection
        self._outbox = outbox
        self._spool = spool
        self._monotonic = monotonic
        self._wake = asyncio.Event()
        self._fewer = asyncio.Event()
        self._reconnects = connection.reconnects
        self._was_connected = True
        self._tried_s = monotonic()

    @property
    def waiting(self) -> int:
        return len(self._outbox)

    @property
    def problem(self) -> str:
        return self._spool.problem

    def restore(self) -> int:
        """Take over what an earlier run left; returns how many blocks that is."""
        letters = self._spool.load()
        for letter in letters:
            self._outbox.add(letter)
        self._wake.set()
        return len(letters)

    def put(self, samples: Samples) -> None:
        """Keep a block until it is stored. Never waits."""
        letter = Letter(samples.session_id, samples.segment, samples.seq, schema.encode(samples))
        self._spool.append(letter)
        self._outbox.add(letter)
        self._wake.set()

    def stored(self, message: Stored) -> None:
        if self._outbox.confirm(message.session_id, message.segment, message.seq):
            self._wake.set()
            self._fewer.set()

    async def wait_below(self, blocks: int) -> None:
        """Return once fewer than `blocks` wait to be stored."""
        while len(self._outbox) >= blocks:
            self._fewer.clear()
            await self._fewer.wait()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._wake.wait()
            self._wake.clear()
            self._watch_connection()
            if self._connection.connected:
                for letter in self._outbox.due(self._monotonic()):
                    topic = schema.topic(self._wearer, "samples", letter.segment)
                    self._connection.publish(topic, letter.payload, qos=1)
            self._tidy()

    def close(self) -> None:
        """Leave on disk exactly what has not been confirmed."""
        self._spool.rewrite(self._outbox.letters())
        self._spool.close()

    def _tidy(self) -> None:
        now_s = self._monotonic()
        if self._spool.problem and now_s - self._tried_s > DISK_RETRY_S:
            self._tried_s = now_s
            self._spool.rewrite(self._outbox.letters())
        else:
            self._spool.tidy(self._outbox.letters, len(self._outbox))

    def _watch_connection(self) -> None:
        if self._connection.reconnects != self._reconnects:
            self._reconnects = self._connection.reconnects
            self._outbox.send_all_again()
        if self._connection.connected != self._was_connected:
            self._was_connected = self._connection.connected
            if self._was_connected:
                _log.info("The broker is there; %d blocks wait to be stored.", len(self._outbox))
            else:
                _log.warning("The broker is away; blocks are kept until it is back.")
