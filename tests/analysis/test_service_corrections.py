"""Corrections through the running service: kept live and long after, the same in every reanalysis, and carried on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from analysis import batch, journal_records
from analysis.corrections import CORRECTED, Corrected, spans_of
from analysis.errors import PostureError
from analysis.io.mqtt import MqttAddress, request
from analysis.io.reader import Reader
from analysis.io.store import Store
from analysis.model import Activity, CarriedPostures, Stance
from analysis.own_postures import shown_of
from analysis.schema import Command, Reply
from tests.analysis.test_service import SETTINGS, World, blocks, running, world

SEATED_S = (10.0, 90.0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{(tmp_path / 'store' / 'upstand.sqlite').as_posix()}"


async def ask(address: MqttAddress, name: str, action: str, **more: Any) -> Reply:
    command = Command(id=name, action=action, **more)
    return await asyncio.to_thread(request, address, "me", "service", command, 20.0)


async def recorded(address: MqttAddress, seen: World) -> None:
    """A session of 100 s with a calibration."""
    seen.send(blocks(0, 30))
    await seen.until_confirmed(29)
    assert (await ask(address, "k", "calibrate", stance=Stance.STANDING, start_s=1.0, duration_s=4.0)).ok
    seen.send(blocks(30, 500))
    await seen.until_confirmed(499)


def corrected(url: str, session_id: str = "s") -> list[Corrected]:
    with Reader(url) as reader:
        session = reader.session(session_id)
        assert session is not None
        return spans_of(reader.events(session, CORRECTED))


def carried(url: str, session_id: str) -> list[CarriedPostures]:
    """What a session was told of others, in order."""
    with Store.open(url) as store:
        session = store.find(session_id)
        assert session is not None
        inputs = [journal_records.decode_input(one.payload) for one in store.journal(session) if one.kind == "postures"]
    return [item for item in inputs if isinstance(item, CarriedPostures)]


async def test_a_correction_of_a_live_session_is_kept_with_what_it_shows_and_survives_reanalysis(
    broker: Any, url: str
) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        await recorded(broker.address, seen)
        told = await ask(
            broker.address, "a", "correct", activity=Activity.SITTING, start_s=SEATED_S[0], end_s=SEATED_S[1]
        )
        assert told.ok, told.message
        assert corrected(url) == [Corrected(*SEATED_S, Activity.SITTING)]
        assert (await ask(broker.address, "b", "correct", activity=Activity.WALKING, start_s=40.0, end_s=1e9)).ok
        seen.send(blocks(500, 510))
        await seen.until_confirmed(509)
    first, second = corrected(url)
    assert (first.end_s, first.activity) == (40.0, Activity.SITTING)
    assert (second.start_s, second.activity) == (40.0, Activity.WALKING)
    assert second.end_s == pytest.approx(100.0, abs=0.3)  # nobody is believed about the future
    with Reader(url) as reader:
        session = reader.session("s")
        assert session is not None
        shown = shown_of(reader.events(session, CORRECTED)[0])
    assert shown is not None
    assert shown.known_s == pytest.approx(30.0, abs=2.0)
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""


async def test_an_ended_session_is_corrected_by_a_service_that_never_saw_it_and_put_right_again(
    broker: Any, url: str
) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        await recorded(broker.address, seen)
        assert (await ask(broker.address, "e", "end")).ok
    span = {"session_id": "s", "start_s": 20.0, "end_s": 80.0}
    async with world(broker.address), running(broker.address, url):
        assert (await ask(broker.address, "a", "correct", activity=Activity.STANDING, **span)).ok
        assert corrected(url) == [Corrected(20.0, 80.0, Activity.STANDING)]
        assert not (await ask(broker.address, "x", "correct", activity=Activity.LYING, session_id="none")).ok
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""
    async with world(broker.address), running(broker.address, url):
        assert (await ask(broker.address, "b", "correct", activity=Activity.UNKNOWN, **span)).ok
    assert corrected(url) == []
    assert batch.reanalyze(url, "s", SETTINGS).first_difference == ""


async def test_what_was_shown_is_carried_to_the_next_session_until_it_is_taken_back(broker: Any, url: str) -> None:
    span = {"session_id": "s", "start_s": SEATED_S[0], "end_s": SEATED_S[1]}
    async with world(broker.address) as seen, running(broker.address, url):
        await recorded(broker.address, seen)
        assert (await ask(broker.address, "e", "end")).ok
        assert (await ask(broker.address, "a", "correct", activity=Activity.SITTING, **span)).ok
        seen.heard.clear()
        seen.send(blocks(0, 20, session_id="next", started_at=2000.0))
        await seen.until_confirmed(19)
        assert (await ask(broker.address, "b", "correct", activity=Activity.UNKNOWN, **span)).ok
        seen.send(blocks(20, 25, session_id="next", started_at=2000.0))
        await seen.until_confirmed(24)
    first, second = carried(url, "next")
    (shown,) = first.shown
    assert (shown.activity, shown.stance) == (Activity.SITTING, Stance.STANDING)
    assert shown.known_s == pytest.approx(80.0, abs=2.0)
    assert second.shown == ()
    assert batch.reanalyze(url, "next", SETTINGS).first_difference == ""


async def test_a_correction_outlives_the_raw_data_it_was_made_on(broker: Any, url: str) -> None:
    async with world(broker.address) as seen, running(broker.address, url):
        await recorded(broker.address, seen)
        told = await ask(broker.address, "a", "correct", activity=Activity.SITTING, start_s=10.0, end_s=90.0)
        assert told.ok
    with Store.open(url) as store:
        assert store.forget_before(1e9) > 0
    async with world(broker.address), running(broker.address, url):
        again = await ask(
            broker.address, "b", "correct", activity=Activity.LYING, session_id="s", start_s=0.0, end_s=30.0
        )
        assert again.ok, again.message
    assert corrected(url) == [Corrected(0.0, 30.0, Activity.LYING), Corrected(30.0, 90.0, Activity.SITTING)]
    with pytest.raises(PostureError, match="have been deleted"):
        batch.reanalyze(url, "s", SETTINGS)
