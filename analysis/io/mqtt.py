"""MQTT for all parts: one connection that stays up, and one question with its answer.

The network thread is paho's; everything reaches the event loop through `call_soon_threadsafe`, in arrival
order. Nothing here promises delivery: the bridge's outbox and the service's `stored` do that end to end.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from analysis import schema
from analysis.errors import BrokerError, PostureError
from analysis.io.address import LOOPBACK, MqttAddress, install_credentials, resolve
from analysis.schema import Command, Reply

__all__ = [  # the address is part of this module to those who connect
    "LOOPBACK",
    "Connection",
    "MqttAddress",
    "Received",
    "install_credentials",
    "request",
    "resolve",
]

KEEPALIVE_S = 10
CONNECT_S = 3.0  # one attempt; also bounds how long leaving can take
BACKOFF_S = (1, 15)
FLUSH_S = 1.0
SUBSCRIBE_S = 5.0
IN_FLIGHT = 200  # unacknowledged QoS 1 messages; paho wants it set before connecting
OUT_LIMIT = 5_000  # QoS 1 messages kept while offline
IN_LIMIT = 20_000  # received and not yet taken; what falls off is sent again by the bridge's outbox


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came."""

    topic: str
    payload: bytes


class Connection:
    """A connection that is kept up until it is left.

    Entering starts connecting in the background and returns at once. A client id is made unique, because
    brokers differ on which of two equal ids they drop. `will` is sent retained by the broker when we vanish.
    """

    def __init__(self, address: MqttAddress, client_id: str, will: tuple[str, bytes] | None = None) -> None:
        self.connected = False
        self.reconnects = 0
        self.dropped = 0  # messages that did not fit a full queue, either way
        self._address = address
        self._refusal = ""
        self._ever_connected = False
        self._has_link = False  # before `connected`, which waits until the broker has all our filters again
        self._renewal: int | None = None  # the message that carries them
        self._closed = False
        self._filters: dict[str, int] = {}
        self._acknowledgements: dict[int, asyncio.Future[bool]] = {}
        self._inbox: deque[Received] = deque()
        self._waking = False
        self._given = 0  # messages given to paho, and those it has got rid of
        self._gone = 0
        self._arrived = asyncio.Event()
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        self._client = self._make_client(f"{client_id}-{os.getpid()}-{secrets.token_hex(3)}", will)

    def _make_client(self, client_id: str, will: tuple[str, bytes] | None) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True)
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context())
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=True)
        client.connect_timeout = CONNECT_S
        client.reconnect_delay_set(*BACKOFF_S)
        client.max_inflight_messages_set(IN_FLIGHT)
        client.max_queued_messages_set(OUT_LIMIT)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        return client

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._client.connect_async(self._address.host, self._address.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Send what is queued for up to FLUSH_S, then disconnect; the last will is not sent."""
        await asyncio.to_thread(self._flush)
        self._closed = True
        self._arrived.set()
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        self._client.reinitialise()  # paho closes its sockets here; else when collected, which may be after they were
        self.connected = False

    def _flush(self) -> None:
        deadline_s = time.monotonic() + FLUSH_S
        while self.connected and self._gone < self._given and time.monotonic() < deadline_s:
            time.sleep(0.005)

    async def wait_connected(self, timeout_s: float) -> None:
        """Return once connected and listening. Raises BrokerError when that takes longer or the broker refuses us."""
        where = f"{self._address.host}:{self._address.port}"
        try:
            async with asyncio.timeout(timeout_s):
                while not self.connected:
                    if self._refusal:
                        raise BrokerError(
                            f"The MQTT broker at {where} refused us ({self._refusal}); "
                            "correct username and password in [mqtt] of upstand.toml."
                        )
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            raise BrokerError(
                f"The MQTT broker at {where} cannot be reached; "
                "start it with `upstand run` or correct [mqtt] in upstand.toml."
            ) from error

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Queue a message. Offline, QoS 1 waits for the broker (up to OUT_LIMIT) and QoS 0 is dropped."""
        code = self._client.publish(topic, payload, qos=qos, retain=retain).rc
        if code == MQTTErrorCode.MQTT_ERR_SUCCESS or (qos and code == MQTTErrorCode.MQTT_ERR_NO_CONN):
            self._given += 1
        else:
            self.dropped += 1

    async def subscribe(self, topic_filter: str, qos: int = 1) -> None:
        """Listen to `topic_filter`, now if connected and after every reconnect.

        Raises BrokerError when the broker does not allow it.
        """
        self._filters[topic_filter] = qos
        if not self._has_link:
            return
        code, mid = self._client.subscribe(topic_filter, qos)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            return  # the link was lost just now: renewed on reconnecting
        acknowledged = self._acknowledgements[mid] = self._loop.create_future()
        try:
            async with asyncio.timeout(SUBSCRIBE_S):
                granted = await acknowledged
        except TimeoutError:
            return
        finally:
            self._acknowledgements.pop(mid, None)
        if not granted:
            raise BrokerError(
                f"The MQTT broker does not let us listen to {topic_filter}; allow it in the broker's access list."
            )

    async def receive(self, timeout_s: float, most: int = 1000) -> list[Received]:
        """What has arrived, at most `most`, waiting up to `timeout_s` for the first; empty if nothing came."""
        if not self._inbox and not self._closed:
            self._arrived.clear()
            if not self._inbox:  # the network thread may have put one in just before the clear
                with suppress(TimeoutError):
                    async with asyncio.timeout(timeout_s):
                        await self._arrived.wait()
        return [self._inbox.popleft() for _ in range(min(most, len(self._inbox)))]

    async def messages(self) -> AsyncIterator[Received]:
        """Every message in arrival order, until the connection is left."""
        while not self._closed:
            for received in await self.receive(timeout_s=60.0, most=1):
                yield received

    # In paho's network thread from here on.

    def _tell(self, call: Any, *arguments: Any) -> None:
        with suppress(RuntimeError):  # the loop has been closed without leaving: nobody is there to tell
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_connect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        if reason.is_failure:
            self._tell(self._refused, str(reason))
        else:
            self._tell(self._link_up)

    def _on_disconnect(self, _client: object, _data: object, _flags: object, _reason: object, _more: object) -> None:
        self._tell(self._link_down)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        if not any(paho.topic_matches_sub(wanted, message.topic) for wanted in tuple(self._filters)):
            return  # amqtt 0.12 hands out retained messages of other topics, too
        if len(self._inbox) >= IN_LIMIT:
            self.dropped += 1
            return
        self._inbox.append(Received(message.topic, bytes(message.payload)))
        if not self._waking:
            self._waking = True
            self._tell(self._wake)

    def _on_publish(self, _client: object, _data: object, _mid: int, _reason: object, _more: object) -> None:
        self._gone += 1

    def _on_subscribe(self, _client: object, _data: object, mid: int, reasons: list[ReasonCode], _more: object) -> None:
        self._tell(self._granted, mid, not any(reason.is_failure for reason in reasons))

    # Back in the event loop.

    def _link_up(self) -> None:
        self._has_link = True
        self._refusal = ""
        if self._filters:  # here and not in the network thread, so that no filter falls between the two
            _, self._renewal = self._client.subscribe(list(self._filters.items()))
        else:
            self._ready()

    def _ready(self) -> None:
        self.reconnects += self._ever_connected
        self._ever_connected = self.connected = True
        self._renewal = None
        self._news.set()

    def _link_down(self) -> None:
        self._has_link = self.connected = False
        self._renewal = None
        self._gone = self._given  # QoS 0 packets die with the link and are never reported

    def _refused(self, reason: str) -> None:
        self._refusal = reason
        self._news.set()

    def _wake(self) -> None:
        self._waking = False
        self._arrived.set()

    def _granted(self, mid: int, granted: bool) -> None:
        if mid == self._renewal:
            self._ready()
        acknowledged = self._acknowledgements.get(mid)
        if acknowledged is not None and not acknowledged.done():
            acknowledged.set_result(granted)


REACH_S = 3.0  # a broker that is there is connected to by then


def request(address: MqttAddress, wearer: str, part: str, command: Command, timeout_s: float = 3.0) -> Reply:
    """Ask `part` ("service" or "bridge") for something and wait for its answer.

    Blocks its thread. Raises BrokerError without a broker, PostureError when nobody answers.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:  # a loop of its own, whatever runs in the caller's thread
        return thread.submit(asyncio.run, _ask(address, wearer, part, command, timeout_s)).result()


async def _ask(address: MqttAddress, wearer: str, part: str, command: Command, timeout_s: float) -> Reply:
    async with Connection(address, "upstand-request") as connection:
        await connection.wait_connected(min(timeout_s, REACH_S))
        await connection.subscribe(schema.topic(wearer, "replies", command.id))
        connection.publish(schema.topic(wearer, "commands", part), schema.encode(command), qos=1)
        for received in await connection.receive(timeout_s, most=1):
            return schema.decode(received.payload, Reply)
    raise PostureError(f"The {part} did not answer within {timeout_s:g} s; check that `upstand run` is running.")
