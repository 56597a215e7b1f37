"""A person who hears the prompts over MQTT: what the whole system writes down of their breaks is what they did."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from analysis.batch import reanalyze
from analysis.desk import ClockAnchor, Slept
from analysis.io.break_settings import TypeSettings
from analysis.io.journal import readable_inputs
from analysis.io.mqtt import resolve
from analysis.io.settings import Settings
from analysis.io.store import Store
from analysis.io.watching import Clocks, DeskWatch, Watching
from analysis.model import Activity
from analysis.service import Service, connect
from benchmarks.breaks_day import CREDIT_S, Match, differences, match, spread, told_by_store
from benchmarks.breaks_over_mqtt import in_the_whole_system, lived, settings_in
from hardware.twin.clock import PacedClock
from hardware.twin.person import Answer, Person
from hardware.twin.wearer import Wearer
from upstand.analyzing import pipeline_settings
from upstand.playing import Played
from upstand.supervisor import Supervisor
from upstand.whole import start_broker, supervised

pytestmark = pytest.mark.system

OFTEN = {"active": TypeSettings(interval_s=420.0, length_s=120.0, enough_s=60.0)}
DECIDED_S = 3.0  # from the true seat-off to the pipeline's word that the prompt is off the screen, in the data's time
WINTER = 1761440400.0  # 2025-10-26 01:00 UTC: clocks in Berlin go back from 3 to 2


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def found_in(settings: Settings, person: Person, wearer: Wearer, played: Played) -> Match:
    """The same day once more from its raw samples must be the same, and both must be as it was."""
    told = told_by_store(settings.store_url, played.session_id)
    found = match(person, wearer, told, settings.breaks.rules())
    assert found.is_equal, differences(found)
    assert not len(found.credit_error_s) or np.abs(found.credit_error_s).max() <= CREDIT_S
    assert found.ledger_share > 0.999
    comparison = reanalyze(settings.store_url, played.session_id, pipeline_settings(settings))
    assert comparison.is_identical, comparison.first_difference
    return found


@pytest.mark.timeout(300)
def test_a_service_that_dies_with_a_prompt_on_the_screen_forgets_nothing(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, OFTEN)
    person = Person(Answer.OBEYS, 11, 0.6, is_calm=True)
    wearer = Wearer(person.script, 11)
    killed: list[int] = []

    def kill_in_mid_prompt(supervisor: Supervisor) -> None:
        if person.is_asked and not killed:
            killed.append(supervisor.pids()["service"])
            os.kill(killed[0], signal.SIGKILL)

    played = asyncio.run(in_the_whole_system(settings, person, wearer, PacedClock(80.0), kill_in_mid_prompt))
    found = found_in(settings, person, wearer, played)
    assert killed
    assert len(found.closing_s) >= 2
    assert np.median(found.closing_s) <= DECIDED_S


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("in_berlin")
def test_a_sleep_and_the_end_of_summer_time_leave_the_ledger_right(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, OFTEN)
    person = Person(Answer.OBEYS, 11, 0.6, is_calm=True)
    wearer = Wearer(person.script, 11)
    clock, slept_s = PacedClock(80.0), 3600.0
    fell_asleep: list[float] = []

    def slept() -> float:
        """The computer sleeps for an hour, ten minutes into the session or later, which does not notice.

        For two minutes then, which is more than the service lags behind, the wearer has sat and was not asked.
        """
        now_s = clock.now()
        if not fell_asleep and now_s > 600.0 and not person.is_asked:
            late = wearer.truth(np.arange(now_s - 120.0, now_s))
            fell_asleep.extend([now_s] * bool((late.activity == Activity.SITTING).all()))
        return slept_s if fell_asleep else 0.0

    def utc() -> float:
        return WINTER - slept_s - 1500.0 + clock.now() + slept()

    async def both() -> Played:
        async with supervised(settings, print) as supervisor:
            await start_broker(supervisor, settings, None, print)
            with Store.open(settings.store_url) as store:
                watching = Watching(DeskWatch({}, settings.desk), is_here=True, clocks=Clocks(utc=utc, slept=slept))
                address = resolve(settings)
                service = Service(
                    store,
                    connect(address, "tester"),
                    pipeline_settings(settings),
                    {},
                    wearer="tester",
                    watching=watching,
                    now=utc,
                )
                stop = asyncio.Event()
                serving = asyncio.create_task(service.run(stop))
                try:
                    return await lived(settings, person, wearer, clock, name="tester", source="radio")
                finally:
                    stop.set()
                    await serving

    played = asyncio.run(both())
    found = found_in(settings, person, wearer, played)
    assert len(found.closing_s) >= 2
    with Store.open(settings.store_url) as store:
        session = store.find(played.session_id)
        assert session is not None
        inputs = readable_inputs(store.journal(session))
        kept = [item for item in inputs if isinstance(item, Slept | ClockAnchor)]
    assert [item.slept_s for item in kept if isinstance(item, Slept)] == [slept_s]
    assert {item.offset_s for item in kept if isinstance(item, ClockAnchor)} == {7200.0, 3600.0}


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_eight_hours_of_somebody_who_does_now_this_now_that_are_told_as_they_were(tmp_path: Path) -> None:
    settings, seed = settings_in(tmp_path, {}), 25
    person = Person(None, seed, is_calm=True)
    wearer = Wearer(person.script, seed)
    played = asyncio.run(in_the_whole_system(settings, person, wearer, PacedClock(60.0), lambda _supervisor: None))
    found = found_in(settings, person, wearer, played)
    if found.closing_s:
        assert np.median(found.closing_s) <= DECIDED_S, spread(found.closing_s)
