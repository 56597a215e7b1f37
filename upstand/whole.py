"""`upstand run`: all parts as supervised processes; and the dashboard alone."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from analysis import schema
from analysis.errors import PostureError, SchemaError
from analysis.io.mqtt import Connection, resolve
from analysis.io.settings import Settings
from dashboard import server
from upstand import broker
from upstand.supervisor import Part, Supervisor

Say = Callable[[str], None]
_BROKER_S = 15.0  # amqtt on a slow board takes seconds to start
_SERVICE_S = 30.0
_DASHBOARD_S = 60.0


async def run_whole(
    settings: Settings,
    config: Path | None,
    bridge_options: tuple[str, ...],
    say: Say,
    stop: asyncio.Event,
    *,
    is_made_up: bool = False,
) -> None:
    """Runs everything until `stop`. Raises PostureError when a part cannot do its work."""
    dashboard_port_must_be_free(settings)
    async with supervised(settings, say) as supervisor:
        await start_broker(supervisor, settings, config, say)
        await supervisor.start(own_part("service", ("analyze", *(["--made-up"] if is_made_up else [])), config))
        await supervisor.start(own_part("bridge", ("bridge", *bridge_options), config))
        await supervisor.start(dashboard_part(settings, config))
        telling = asyncio.create_task(_tell(settings, say, stop))
        await supervisor.wait(stop)
        telling.cancel()
        say("Ending …")


async def run_dashboard(settings: Settings, config: Path | None, say: Say, stop: asyncio.Event) -> None:
    """Runs the dashboard alone until `stop`."""
    dashboard_port_must_be_free(settings)
    async with supervised(settings, say) as supervisor:
        await supervisor.start(dashboard_part(settings, config))
        await _say_where(settings, say, stop)
        await supervisor.wait(stop)


@contextlib.asynccontextmanager
async def supervised(settings: Settings, say: Say) -> AsyncIterator[Supervisor]:
    """A supervisor whose parts are all ended on the way out, whatever happened."""
    supervisor = Supervisor(settings.data_dir / "logs", say)
    try:
        yield supervisor
    finally:
        await supervisor.stop()


def own_part(name: str, command: tuple[str, ...], config: Path | None) -> Part:
    """One of our own commands as a process."""
    return Part(name, (sys.executable, "-m", "upstand", *command), _environment(config))


def dashboard_part(settings: Settings, config: Path | None, wearer: str = "") -> Part:
    """The Streamlit server; `wearer` is shown whatever the newest session is."""
    environment = _environment(config) | ({server.SHOW_WEARER: wearer} if wearer else {})
    return Part("dashboard", tuple(server.command(settings)), environment)


def _environment(config: Path | None) -> dict[str, str]:
    return {"UPSTAND_CONFIG": str(config.resolve())} if config is not None else {}


async def start_broker(supervisor: Supervisor, settings: Settings, config: Path | None, say: Say) -> None:
    """Starts this install's broker unless another is configured, and waits until it lets us in."""
    if not settings.mqtt.host:
        embedded = broker.prepare(settings)
        await supervisor.start(Part("broker", embedded.argv, _environment(config)))
        if embedded.kind == "amqtt":
            say("Mosquitto is not installed, so the slower built-in broker (amqtt) runs.")
    async with Connection(resolve(settings), "start") as connection:
        await connection.wait_connected(_BROKER_S)


async def service_listens(settings: Settings) -> None:
    """Returns once the analysis says that it is there. Raises PostureError when it does not."""
    async with Connection(resolve(settings), "upstand-wait") as connection:
        await connection.wait_connected(_BROKER_S)
        await connection.subscribe(schema.topic("+", "status", "service"))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SERVICE_S):
                async for message in connection.messages():
                    if schema.decode(message.payload, schema.Status).online:
                        return
    raise PostureError("The analysis does not answer; run `upstand doctor`, and see its log in `logs/`.")


def dashboard_port_must_be_free(settings: Settings) -> None:
    """Raises PostureError where another program listens there."""
    at = settings.dashboard
    if not broker.port_is_free(at.address, at.port):
        raise PostureError(
            f"Port {at.port} on {at.address} is in use by another program; stop that program (perhaps another "
            "Upstand) or set another `port` under [dashboard] in upstand.toml."
        )


async def _tell(settings: Settings, say: Say, stop: asyncio.Event) -> None:
    """Says where the dashboard is, then every new note of a part, so that the terminal tells what the pages tell."""
    await _say_where(settings, say, stop)
    last: dict[str, str] = {}
    async with Connection(resolve(settings), "terminal") as connection:
        await connection.subscribe(schema.topic("+", "status", "+"))
        async for message in connection.messages():
            try:
                status = schema.decode(message.payload, schema.Status)
            except SchemaError:
                continue  # the service counts and shows these
            if status.online and status.note and status.note != last.get(status.part):
                say(status.note)
            last[status.part] = status.note


async def _say_where(settings: Settings, say: Say, stop: asyncio.Event) -> None:
    at = settings.dashboard
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DASHBOARD_S):
            while not stop.is_set():
                try:
                    _, writer = await asyncio.open_connection(at.address, at.port)
                except OSError:
                    await asyncio.sleep(0.1)
                    continue
                writer.close()
                say(f"Upstand is on http://{at.address}:{at.port} – Ctrl-C ends it.")
                return
