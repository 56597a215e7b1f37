"""What every notifier and every probe of the desk must do: deliver, or say why not; tell, or leave it unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from analysis.break_flow import Prompt, PromptState
from analysis.desk import Desk
from analysis.io.desk import probes
from analysis.io.notify import notifiers
from analysis.io.settings import DeskSettings, NotifySettings
from tests.analysis.io.notify.made_means import MadeMeans

NOWHERE = NotifySettings(phone=(SecretStr("json://127.0.0.1:1/"),), hook=("/nowhere/at/all",), levels={"phone": 1})
OFF = NotifySettings(desktop=False, buzz=False)
ASKED = Prompt("p1", "active", 1, "You have been sitting for 30 min.", 1800.0, length_s=300.0, action="Walk.")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of the D-Bus library where there is no bus
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),  # Apprise's import
]


@pytest.fixture(autouse=True)
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
    monkeypatch.delenv("DISPLAY", raising=False)


@pytest.mark.parametrize("name", notifiers())
async def test_a_notifier_that_reaches_nobody_says_why(name: str) -> None:
    delivery = await notifiers()[name].deliver(ASKED, MadeMeans(NOWHERE, motors=frozenset()).means)
    assert delivery is not None
    assert not delivery.delivered
    assert delivery.reason.endswith(".")
    assert "\n" not in delivery.reason


@pytest.mark.parametrize("name", notifiers())
@pytest.mark.parametrize("state", PromptState)
async def test_a_notifier_takes_every_state(name: str, state: PromptState) -> None:
    told = replace(ASKED, state=state, closed_s=2000.0 if state.is_ended else None)
    delivery = await notifiers()[name].deliver(told, MadeMeans(NOWHERE, motors=frozenset()).means)
    assert delivery is None or delivery.delivered or delivery.reason


@pytest.mark.parametrize("name", notifiers())
def test_a_notifier_can_be_left_out_and_set(name: str) -> None:
    notifier = notifiers()[name]
    assert notifier.label
    assert notifier.is_asked(NOWHERE)
    assert not notifier.is_asked(OFF)
    assert 1 <= notifier.level <= 3


@pytest.mark.parametrize("name", probes())
async def test_a_probe_tells_nothing_that_it_does_not_know(name: str) -> None:
    probe = probes()[name]
    seen = await probe.look(DeskSettings())
    assert not seen.desk & ~seen.known
    assert not seen.known & (Desk.IN_USE | Desk.TYPING)  # these are made of the idle time
    assert seen.idle_s is None or seen.idle_s >= 0.0
    assert probe.every_s >= 1.0
