"""`python -m benchmarks.breaks_over_mqtt [--kinds K …] [--hours H] [--json FILE]`: breaks in the whole system.

A simulated person's day through virtual radio, bridge, a real broker and a service in a process of its own, and what is
written down of it held against what the person did. Who listens on the broker sees when a prompt is off the screen:
around every rise that a prompt has brought about the day runs at the pace of real time, so that what radio, broker and
service take is in that figure as it would be of a day that is lived.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from analysis.break_flow import Prompt, PromptState
from analysis.io.break_settings import BreakSettings, TypeSettings
from analysis.io.mqtt import resolve
from analysis.io.settings import DashboardSettings, MqttSettings, NotifySettings, Settings
from analysis.model import Segment
from benchmarks.breaks_day import Match, match, said, spread, told_by_store
from benchmarks.ports import free_port
from hardware.twin.clock import PacedClock
from hardware.twin.peripherals.upstand import UpstandPeripheral
from hardware.twin.person import SEATED, Answer, Person
from hardware.twin.wearer import Wearer
from upstand.hearing import hear_prompts
from upstand.playing import Play, Played, play, simulated
from upstand.supervisor import Part, Supervisor
from upstand.whole import own_part, service_listens, start_broker, supervised

KINDS: Mapping[str, Answer | None] = {**{str(one): one for one in Answer}, "mixed": None}
SPEED = 60.0
BEFORE_S = 6.0  # before a rise may begin the pace is that of real time


class Listener(Person):
    """A person who notes when each prompt was told to be off the screen, and has the day slowed down for it."""

    def __init__(self, manner: Answer | None, seed: int, hours: float, clock: PacedClock, *, is_calm: bool) -> None:
        super().__init__(manner, seed, hours, is_calm=is_calm)
        self.gone_s: dict[str, float] = {}  # by prompt, by the clock when the message was here
        self._clock = clock
        self._speed = clock.speed
        self._kind = ""

    def hear(self, prompt: Prompt, now_s: float) -> None:
        super().hear(prompt, now_s)
        self._kind = prompt.kind
        if prompt.state is PromptState.IN_BREAK:
            self.gone_s.setdefault(prompt.prompt_id, now_s)

    def says(self, now_s: float) -> str | None:
        is_rising = self.is_asked and self._kind not in SEATED and now_s > self.answers_s - BEFORE_S
        speed = 1.0 if is_rising else self._speed
        if speed != self._clock.speed:
            self._clock.pace(speed)
        return super().says(now_s)


@dataclass(frozen=True, slots=True)
class Lived:
    """One day in the whole system."""

    found: Match
    closing_s: tuple[float, ...]  # from each true seat-off to the word of it at a subscriber, at the pace of real time
    speed: float  # of the whole day


def settings_in(folder: Path, types: dict[str, TypeSettings]) -> Settings:
    """No evening and no silent day, whenever it runs."""
    return Settings(
        data_dir=folder,
        mqtt=MqttSettings(port=free_port()),
        dashboard=DashboardSettings(port=free_port()),
        notify=NotifySettings(desktop=False),
        breaks=BreakSettings(types=types, evening="", silent_every_weeks=0),
    )


def of_settings(settings: Settings) -> dict[str, str]:
    """The same for a part that is a process of its own."""
    return {
        "UPSTAND_DATA_DIR": str(settings.data_dir),
        "UPSTAND_MQTT__PORT": str(settings.mqtt.port),
        "UPSTAND_NOTIFY__DESKTOP": "false",
        "UPSTAND_BREAKS": settings.breaks.model_dump_json(exclude_unset=True),
    }


async def lived(
    settings: Settings, person: Person, wearer: Wearer, clock: PacedClock, *, name: str, source: str
) -> Played:
    """The person's whole day through radio, bridge and broker to a service that runs already."""
    peripherals = tuple(UpstandPeripheral(f"Upstand {at.value[0].upper()}", wearer.source(at)) for at in Segment)
    act = Play(name, source, "", peripherals, simulated("demo", 1, 52, "").commands)
    hearing = asyncio.create_task(hear_prompts(resolve(settings), name, person, clock.now))
    try:
        return await play(settings, act, clock, asyncio.Event())
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)


async def in_the_whole_system(
    settings: Settings, person: Person, wearer: Wearer, clock: PacedClock, disturb: Callable[[Supervisor], None]
) -> Played:
    """With a service of its own process; `disturb` is called twenty times a second."""

    async def disturbing() -> None:
        while True:
            disturb(supervisor)
            await asyncio.sleep(0.05)

    async with supervised(settings, print) as supervisor:
        await start_broker(supervisor, settings, None, print)
        argv = own_part("service", ("analyze",), None).argv
        await supervisor.start(Part("service", argv, of_settings(settings)))
        await service_listens(settings)
        task = asyncio.create_task(disturbing())
        try:
            return await lived(settings, person, wearer, clock, name="simulated", source="simulated")
        finally:
            task.cancel()


def day(manner: Answer | None, seed: int, hours: float, speed: float, *, is_calm: bool = False) -> Lived:
    """One person's day, with a broker and a service of its own."""
    clock = PacedClock(speed)
    person = Listener(manner, seed, hours, clock, is_calm=is_calm)
    wearer = Wearer(person.script, seed)
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_in(Path(folder), {})
        played = asyncio.run(in_the_whole_system(settings, person, wearer, clock, lambda _supervisor: None))
        told, rules = told_by_store(settings.store_url, played.session_id), settings.breaks.rules()
    found = match(person, wearer, told, rules)
    heard = match(person, wearer, replace(told, seen_s=person.gone_s), rules)
    return Lived(found, heard.closing_s, played.virtual_s / played.real_s)


def line(one: Lived) -> str:
    """What became of the day."""
    heard = f"; a subscriber hears of it {spread(one.closing_s)}" if one.closing_s else ""
    return f"{said(one.found)}{heard}; {one.speed:.0f} × real time"


def keys(one: Lived) -> dict[str, object]:
    """The same for a machine."""
    return {
        "ledger_equal": one.found.is_equal,
        "ledger_share": one.found.ledger_share,
        "wrong": list(one.found.wrong),
        "false_s": [list(span) for span in one.found.false_s],
        "closed_median_s": float(np.median(one.closing_s)) if one.closing_s else math.nan,
        "closed_p95_s": float(np.percentile(one.closing_s, 95)) if one.closing_s else math.nan,
        "rises": len(one.closing_s),
        "times_real_time": one.speed,
    }


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--speed", type=float, default=SPEED)
    parser.add_argument("--calm", action="store_true", help="keeps to one posture on the seat and only fidgets")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args(argv)
    told: dict[str, object] = {}
    for name in chosen.kinds:
        seed = 1 + list(KINDS).index(name)
        one = day(KINDS[name], seed, chosen.hours, chosen.speed, is_calm=chosen.calm)
        told[name] = keys(one)
        print(f"{name}: {line(one)}", flush=True)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
