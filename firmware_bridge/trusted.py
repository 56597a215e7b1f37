"""A radio that speaks with our own sensors under seal; all others it leaves as they are.

What lies above it, links, parsers, captures, sees plain packets.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from firmware_bridge.ble import LinkError, Notified, Sighting
from firmware_bridge.drivers import upstand
from firmware_bridge.keystore import KEY_FILE
from firmware_bridge.radio import Connected, Radio
from firmware_bridge.trust import NONCE_BYTES, Greeting, Keyring, Session, TrustError

_NOTICE = b"\x28"
_NOTHING = b"\x00"  # before bytes that must not be taken for a plain packet
GREETING_S = 4.0  # for the sensor's answer to a hello
TRIES, AGAIN_S = 10, 0.05  # of a read, while the sensor still shows what it shows to strangers


class TrustedRadio:
    """`radio` with the keys of `ring`."""

    def __init__(self, radio: Radio, ring: Keyring, *, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._radio = radio
        self._ring = ring
        self._random = random

    def reaches(self, sighting: Sighting) -> bool:
        return self._radio.reaches(sighting)

    async def scan(self, timeout_s: float, is_enough: Callable[[list[Sighting]], bool]) -> list[Sighting]:
        return await self._radio.scan(timeout_s, is_enough)

    async def connect(self, sighting: Sighting) -> Connected:
        """Raises LinkError with what to do where a sensor of ours is not to be trusted, or does not trust us."""
        peer = await self._radio.connect(sighting)
        if not upstand.DRIVER.matches(sighting.name, sighting.services):
            return peer
        try:
            sealed = _SealedPeer(peer, Session(self._ring, self._random(NONCE_BYTES)))
            is_secured = await sealed.greet(sighting.name)
        except BaseException:
            await peer.leave()
            raise
        if not is_secured and self._ring.keys:
            await peer.leave()
            raise LinkError(
                f"{sighting.name} is not secured, while this computer holds keys of sensors that are;"
                f" set `secured = true` in the settings file on its drive."
            )
        return sealed


class _SealedPeer:
    """A sensor of ours. The control characteristic is listened to from the greeting on."""

    def __init__(self, peer: Connected, session: Session) -> None:
        self.lost = peer.lost
        self._peer = peer
        self._session = session
        self._is_secured = False
        self._greeting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answered: Notified | None = None

    async def greet(self, name: str) -> bool:
        """Whether the sensor is secured. Raises LinkError where it is and we do not get in."""
        await self._peer.listen(upstand.CONTROL, asyncio.get_running_loop().time, self._on_control)
        await self._peer.write(upstand.CONTROL, self._session.hello)
        lost = asyncio.ensure_future(self.lost.wait())
        waited: set[asyncio.Future[Any]] = {self._greeting, lost}
        try:
            await asyncio.wait(waited, timeout=GREETING_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
        if not self._greeting.done():
            raise LinkError(f"{name} does not answer; switch it off and on.")
        try:
            greeting = self._session.welcomed(self._greeting.result())
        except TrustError:
            return False  # an open sensor does not know what a hello is
        if greeting is not Greeting.LET_IN:
            raise LinkError(_SENTENCES[greeting].format(name=name))
        self._is_secured = True
        return True

    async def listen(self, channel: str, now: Callable[[], float], told: Notified) -> None:
        """Raises LinkError."""
        opened = self._opener(told)
        if channel == upstand.CONTROL:
            self._answered = lambda _real_s, data: opened(now(), data)
        else:
            await self._peer.listen(channel, now, opened)

    async def write(self, channel: str, data: bytes, service: str = "") -> None:
        """Raises LinkError."""
        is_request = self._is_secured and channel == upstand.CONTROL
        await self._peer.write(channel, self._session.seal(data) if is_request else data, service)

    async def read(self, channel: str) -> bytes:
        """Raises LinkError."""
        data = await self._peer.read(channel)
        if not self._is_secured:
            return data
        for _ in range(TRIES):
            if data[:1] != _NOTICE:
                break
            await asyncio.sleep(AGAIN_S)  # our first request is on its way to it
            data = await self._peer.read(channel)
        try:
            return self._session.open(data, is_read=True)
        except TrustError:
            return _NOTHING + data  # the parser counts it among the bad ones

    async def leave(self) -> None:
        await self._peer.leave()

    def _opener(self, told: Notified) -> Notified:
        def opened(arrived_s: float, data: bytes) -> None:
            if self._is_secured:
                try:
                    data = self._session.open(data)
                except TrustError:
                    data = _NOTHING + data
            told(arrived_s, data)

        return opened

    def _on_control(self, arrived_s: float, data: bytes) -> None:
        if not self._greeting.done():
            self._greeting.set_result(data)
        elif self._answered is not None:
            self._answered(arrived_s, data)


_SENTENCES = {
    Greeting.STRANGE: "{name} is secured and this computer has not its key; connect the sensor by USB and run"
    f" `upstand pair {KEY_FILE}` with the {KEY_FILE} from its drive.",
    Greeting.FALSE: "{name} names a key of this computer and cannot prove that it has it; it is not read. Is that your"
    " sensor? Then pair it again by USB.",
    Greeting.SHUT: "{name} does not know this computer; press its button, or reset, to let it in.",
}
