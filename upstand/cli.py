"""`upstand`: the command line."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from analysis.errors import PostureError
from upstand import break_app, process
from upstand.options import ConfigOption, settings_of
from upstand.supervisor import USER_ERROR

app = typer.Typer(
    help="Two motion sensors on pelvis and lumbar spine: how you sit, for how long, and when to stand up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(break_app.app, name="break")

SpeedOption = Annotated[float, typer.Option("--speed", min=0.1, help="How much faster than real time.")]
SimulateOption = Annotated[bool, typer.Option("--simulate", help="Do not look for sensors: run the simulated wearer.")]
ScriptOption = Annotated[
    str,
    typer.Option("--script", help="What the simulated wearer does: demo, sit-then-stand, office-day or eventful-day."),
]
SeedOption = Annotated[int, typer.Option("--seed", help="Which simulated wearer.")]


# Each command imports what it runs: the parts start as processes of their own, and none should load the others.


@app.command()
def run(
    config: ConfigOption = None,
    simulate: SimulateOption = False,
    speed: SpeedOption = 1.0,
    script: ScriptOption = "demo",
    seed: SeedOption = 1,
) -> None:
    """Start everything: broker, bridge, analysis and dashboard. Ctrl-C ends it."""
    from upstand.whole import run_whole

    settings = settings_of(config)
    bridge_options = (
        "--speed",
        str(speed),
        "--script",
        script,
        "--seed",
        str(seed),
        *(["--simulate"] if simulate else []),
    )
    process.configure_logging(verbose=False)
    process.run(lambda stop: run_whole(settings, config, bridge_options, typer.echo, stop, is_made_up=simulate))


@app.command()
def bridge(
    config: ConfigOption = None,
    simulate: SimulateOption = False,
    speed: SpeedOption = 1.0,
    script: ScriptOption = "demo",
    seed: SeedOption = 1,
    capture: Annotated[Path | None, typer.Option("--capture", help="Keep the raw packets in this file, too.")] = None,
) -> None:
    """Read the sensors and publish their samples; without sensors, the simulated wearer's."""
    from upstand.bridging import bridge_sensors, bridge_simulated

    settings = settings_of(config)
    process.configure_logging(verbose=True)
    if simulate:
        note = "The simulated wearer was asked for (--simulate)."
        process.run(lambda stop: bridge_simulated(settings, script, seed, speed, note, stop))
    else:
        process.run(lambda stop: bridge_sensors(settings, script, seed, speed, capture, stop))


@app.command()
def analyze(
    config: ConfigOption = None,
    made_up: Annotated[
        bool, typer.Option("--made-up", help="For a simulated or replayed wearer: no breaks by the clock alone.")
    ] = False,
) -> None:
    """Turn samples on MQTT into posture, events and prompts in the store."""
    from upstand.analyzing import analyze_samples

    settings = settings_of(config)
    process.configure_logging(verbose=True)
    process.run(lambda stop: analyze_samples(settings, stop, config, is_made_up=made_up))


@app.command()
def dashboard(config: ConfigOption = None) -> None:
    """Show the live picture and the history in the browser."""
    from upstand.whole import run_dashboard

    settings = settings_of(config)
    process.configure_logging(verbose=False)
    process.run(lambda stop: run_dashboard(settings, config, typer.echo, stop))


@app.command(hidden=True)
def broker(config: ConfigOption = None) -> None:
    """Run the built-in MQTT broker (amqtt); `upstand run` does so where Mosquitto is missing."""
    from upstand.broker import run_amqtt

    settings = settings_of(config)
    process.configure_logging(verbose=True)
    process.run(lambda stop: run_amqtt(settings, stop))


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="Recordings (.npz) of people wearing two sensors.")],
    config: ConfigOption = None,
    speed: SpeedOption = 50.0,
    show: Annotated[bool, typer.Option("--dashboard", help="Show them on the dashboard, too.")] = False,
) -> None:
    """Play recordings back over a virtual radio, as if the sensors were worn now."""
    from upstand.replay import replay_files

    settings = settings_of(config)
    process.configure_logging(verbose=False)

    async def play_all(stop: asyncio.Event) -> None:
        if any(result.lost for result in await replay_files(settings, config, files, speed, show, typer.echo, stop)):
            raise typer.Exit(1)

    process.run(play_all)


@app.command()
def reanalyze(
    session: Annotated[str, typer.Argument(help="A session's id; empty for the newest.")] = "",
    config: ConfigOption = None,
    wearer: Annotated[
        str, typer.Option("--wearer", help="Whose newest session; default the one in the settings.")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every session of the wearer.")] = False,
) -> None:
    """Compute sessions again from their raw samples and compare with what was told live."""
    from upstand.reanalyzing import reanalyze_sessions

    settings = settings_of(config)
    process.configure_logging(verbose=False)
    if not reanalyze_sessions(settings, session, wearer or settings.wearer, every=every, say=typer.echo):
        raise typer.Exit(1)


@app.command()
def sessions(
    config: ConfigOption = None,
    wearer: Annotated[str, typer.Option("--wearer", help="Whose; default the one in the settings.")] = "",
) -> None:
    """List what is recorded."""
    from upstand.reanalyzing import list_sessions

    settings = settings_of(config)
    list_sessions(settings, wearer or settings.wearer, typer.echo)


@app.command()
def pair(
    file: Annotated[Path, typer.Argument(help="The upstand-key.txt on the sensor's USB drive.")],
    config: ConfigOption = None,
) -> None:
    """Take the key of an Upstand sensor, so that this computer may read it."""
    from firmware_bridge import keystore

    settings = settings_of(config)
    count = len(keystore.pair(settings.data_dir / keystore.FILE, file).keys)
    typer.echo(f"This computer now has the keys of {count} sensor{'' if count == 1 else 's'}.")


@app.command()
def doctor(config: ConfigOption = None) -> None:
    """Say what is missing or wrong on this machine, and what to do."""
    from upstand.doctor import Verdict, examine

    settings = settings_of(config)
    process.configure_logging(verbose=False)
    bad = False

    async def look(_stop: object) -> None:
        nonlocal bad
        for finding in await examine(settings):
            typer.echo(f"{finding.verdict.value:>6}  {finding.what}: {finding.sentence}")
            bad = bad or finding.verdict is Verdict.BAD

    process.run(look)
    if bad:
        raise typer.Exit(1)


def main() -> None:
    """Runs the command. What a person can mend ends as one sentence and exit status 2."""
    try:
        app()
    except PostureError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(USER_ERROR) from None
