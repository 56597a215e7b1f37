"""Where sensors are found and read: what Bluetooth and UDP have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from firmware_bridge.ble import BluetoothError, LinkError, Notified, Sighting


class Connected(Protocol):
    """A sensor that is being talked to."""

    lost: asyncio.Event  # set once the link is down, whoever ended it

    async def listen(self, channel: str, now: Callable[[], float], told: Notified) -> None:
        """Call `told` with all that comes on `channel`, stamped with `now`. Raises LinkError."""
        ...

    async def write(self, channel: str, data: bytes, service: str = "") -> None:
        """Raises LinkError."""
        ...

    async def read(self, channel: str) -> bytes:
        """Raises LinkError."""
        ...

    async def leave(self) -> None:
        """Never raises for a link that is already gone."""
        ...


class Radio(Protocol):
    """A way to sensors."""

    def reaches(self, sighting: Sighting) -> bool:
        """Whether this is the way to it."""
        ...

    async def scan(self, timeout_s: float, is_enough: Callable[[list[Sighting]], bool]) -> list[Sighting]:
        """What is there, until `is_enough` of it or the time is over. Raises BluetoothError."""
        ...

    async def connect(self, sighting: Sighting) -> Connected:
        """Raises LinkError, or BluetoothError."""
        ...


class Radios:
    """Several ways at once. What one of them finds ends the search of all."""

    def __init__(self, radios: Sequence[Radio]) -> None:
        self._radios = radios

    def reaches(self, sighting: Sighting) -> bool:
        return any(radio.reaches(sighting) for radio in self._radios)

    async def scan(self, timeout_s: float, is_enough: Callable[[list[Sighting]], bool]) -> list[Sighting]:
        """Raises BluetoothError where none of them can search."""
        seen: list[list[Sighting]] = [[] for _ in self._radios]

        def enough(at: int) -> Callable[[list[Sighting]], bool]:
            def is_it(found: list[Sighting]) -> bool:
                seen[at] = found
                return is_enough([one for part in seen for one in part])

            return is_it

        searching = {
            asyncio.ensure_future(radio.scan(timeout_s, enough(at))): at for at, radio in enumerate(self._radios)
        }
        errors: list[BluetoothError] = []
        pending = set(searching)
        try:
            while pending and len(errors) == len(searching) - len(pending):
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    try:
                        seen[searching[task]] = task.result()
                    except BluetoothError as error:
                        errors.append(error)
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        if len(errors) == len(searching):
            raise errors[0]
        return [one for part in seen for one in part]

    async def connect(self, sighting: Sighting) -> Connected:
        for radio in self._radios:
            if radio.reaches(sighting):
                return await radio.connect(sighting)
        raise LinkError(f"{sighting.name} cannot be reached any more; switch it off and on.")
