"""The commands below `upstand break`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from analysis.break_flow import BreakAct
from analysis.io.settings import Settings
from upstand import process
from upstand.options import ConfigOption, settings_of

app = typer.Typer(help="Breaks: begin, postpone, skip or pause them, and ask why.", no_args_is_help=True)

WearerOption = Annotated[str, typer.Option("--wearer", help="Whose; default the one in the settings.")]
KindArgument = Annotated[str, typer.Argument(help="The type of break: active, micro, rest, … or one of your own.")]
PairsArgument = Annotated[list[str], typer.Argument(help="What to set, such as interval_s=2700 or modes=[].")]

# Each command imports what it runs: the help of all should not load the analysis.


def _whose(config: Path | None, wearer: str) -> tuple[Settings, str]:
    settings = settings_of(config)
    process.configure_logging(verbose=False)
    return settings, wearer or settings.wearer


def _act(
    config: Path | None,
    wearer: str,
    what: BreakAct,
    *,
    name: str = "",
    reason: str = "",
    lasting: str = "",
    until: str = "",
) -> None:
    from upstand import breaking

    for_s = breaking.span_s(lasting) if lasting else None
    until_s = breaking.time_s(until) if until else None
    typer.echo(
        breaking.act(*_whose(config, wearer), what, name=name, reason=reason, for_s=for_s, until_s=until_s),
    )


@app.command("now")
def start(kind: KindArgument = "", config: ConfigOption = None, wearer: WearerOption = "") -> None:
    """Begin a break; without a type the one you are asked for, else the usual one."""
    _act(config, wearer, BreakAct.START, name=kind)


@app.command()
def postpone(
    lasting: Annotated[str, typer.Argument(help="For how long, such as 10m; default as the break is set.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="One that is still to come.")] = "",
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """Be asked again later."""
    _act(config, wearer, BreakAct.POSTPONE, name=kind, lasting=lasting)


@app.command()
def skip(
    reason: Annotated[str, typer.Argument(help="Why, for the record.")] = "",
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """Leave this break out."""
    _act(config, wearer, BreakAct.SKIP, reason=reason)


@app.command()
def done(config: ConfigOption = None, wearer: WearerOption = "") -> None:
    """Say that the break is over."""
    _act(config, wearer, BreakAct.DONE)


@app.command("exit")
def leave(
    reason: Annotated[str, typer.Argument(help="Why, for the record.")] = "",
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """The emergency exit of a strict break."""
    _act(config, wearer, BreakAct.EXIT, reason=reason)


@app.command()
def pause(
    lasting: Annotated[str, typer.Argument(help="For how long, such as 1h; default until `resume`.")] = "",
    until: Annotated[str, typer.Option("--until", help="Until the clock shows this, such as 06:00.")] = "",
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """No prompts for a while."""
    _act(config, wearer, BreakAct.PAUSE, lasting=lasting, until=until)


@app.command()
def resume(config: ConfigOption = None, wearer: WearerOption = "") -> None:
    """Prompts come again."""
    _act(config, wearer, BreakAct.RESUME)


@app.command()
def mode(
    name: Annotated[str, typer.Argument(help="desk, meeting, driving or evening; without one, by the clock.")] = "",
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """Say what you are about."""
    _act(config, wearer, BreakAct.MODE, name=name)


@app.command()
def status(config: ConfigOption = None, wearer: WearerOption = "") -> None:
    """How it stands."""
    from upstand import breaking

    typer.echo(breaking.status(*_whose(config, wearer)))


@app.command()
def why(
    at: Annotated[str, typer.Argument(help="A time of day, such as 14:10.")],
    config: ConfigOption = None,
    wearer: WearerOption = "",
) -> None:
    """Why you were, or were not, asked for a break at that time."""
    from upstand import breaking

    typer.echo(breaking.why_at(*_whose(config, wearer), at, datetime.now().astimezone()))


@app.command("set")
def set_type(kind: KindArgument, pairs: PairsArgument, config: ConfigOption = None) -> None:
    """Change a type of break, or make one: what is said here goes into the settings file, and holds at once."""
    from upstand import breaking

    typer.echo(breaking.set_type(config, kind, pairs))


@app.command()
def reset(kind: KindArgument, config: ConfigOption = None) -> None:
    """Take a type of break out of the settings file: one that is shipped is as shipped again."""
    from upstand import breaking

    typer.echo(breaking.reset_type(config, kind))
