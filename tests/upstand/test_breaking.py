"""`upstand break …`, as a person types it, to a service that runs and to none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from analysis.break_flow import LedgerSpan
from analysis.breaks.types import Clock, Mode
from analysis.desk import ClockAnchor
from analysis.errors import PostureError
from analysis.io.journal import entry_of
from analysis.io.settings import Settings, load
from analysis.io.store import Batch, Store
from tests.upstand.system import Install
from upstand.breaking import reset_type, session_s, set_type, span_s, time_s, why_at

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def test_lengths_and_times_are_read_as_people_write_them() -> None:
    assert [span_s(text) for text in ("45s", "5m", "1h", "1h30m")] == [45.0, 300.0, 3600.0, 5400.0]
    assert [time_s(text) for text in ("00:00", "9:05", "14:10")] == [0.0, 32700.0, 51000.0]


@pytest.mark.parametrize("text", ["", "5", "0m", "1d", "m", "-5m", "1m1h"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(PostureError, match=r"such as 5m"):
        span_s(text)


@pytest.mark.parametrize("text", ["", "14", "24:00", "9:60", "9:5", "14:10:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(PostureError, match=r"such as 14:10"):
        time_s(text)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A store in which a morning from 9:00 to 12:00 is written down."""
    settings = Settings(data_dir=tmp_path)
    morning = NOW.replace(hour=9)
    with Store.open(settings.store_url) as store:
        session = store.session("s1", "me", "radio", morning.timestamp())
        spans = [
            LedgerSpan(0.0, 3600.0, "not_due", "active", 0.0, 1.0, 1800.0),
            LedgerSpan(3600.0, 10800.0, "microphone", "active", 1800.0, 1.0, 1800.0),
        ]
        woke = ClockAnchor(3600.0, morning.timestamp() + 3600.0, 0.0)  # it never slept
        assert not store.write([Batch(session, [entry_of(woke)], spans)])
    return settings


def test_it_tells_why_there_was_no_prompt(settings: Settings) -> None:
    assert why_at(settings, "me", "9:10", NOW).startswith("No break was due yet: the active clock stood at 10 min")
    assert "the microphone was in use" in why_at(settings, "me", "10:30", NOW)
    assert why_at(settings, "me", "12:30", NOW) == "Nothing is written down about that moment."


def test_types_are_made_changed_and_taken_out_of_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "upstand.toml"
    file.write_text("# mine\n", encoding="utf-8")
    told = set_type(file, "eyes", ["action=shift", "interval_s=1200", "length_s=20", 'modes=["meeting"]', "clock=wall"])
    assert told.startswith("eyes: kept in")
    rules = load(file).breaks.rules()
    eyes = rules.of("eyes")
    assert eyes is not None
    assert (eyes.interval_s, eyes.clock) == (1200.0, Clock.WALL)
    assert rules.modes[Mode.MEETING] == {"micro", "eyes"}
    set_type(file, "active", ["interval_s=inf"])
    with pytest.raises(PostureError, match="greater than 0"):
        set_type(file, "active", ["interval_s=-1"])
    with pytest.raises(PostureError, match="write it as interval_s=2700"):
        set_type(file, "active", ["interval_s"])
    for name in ("eyes", "active"):
        reset_type(file, name)
    with pytest.raises(PostureError, match="nothing to take out"):
        reset_type(file, "active")
    assert file.read_text(encoding="utf-8").strip() == "# mine"


def test_a_session_stands_still_while_the_computer_sleeps() -> None:
    """An hour of work from 0 s on, two hours of sleep, and another hour; then the clock is set back by a minute."""
    told = [(0.0, 0.0), (1800.0, 1800.0), (3600.0, 10800.0), (5400.0, 12600.0), (7200.0, 14340.0)]
    anchors = [ClockAnchor(at_s, utc_s, 0.0) for at_s, utc_s in told]

    def at(utc_s: float) -> float:
        return session_s(utc_s, 0.0, anchors)

    assert [at(utc_s) for utc_s in (900.0, 3000.0, 3600.0)] == [900.0, 3000.0, 3600.0]
    assert [at(utc_s) for utc_s in (7200.0, 10800.0, 11700.0)] == [3600.0, 3600.0, 4500.0]
    assert at(14400.0) == 7200.0
    assert at(15000.0) == 7860.0
    assert session_s(500.0, 200.0, []) == 300.0


def test_a_time_still_to_come_is_that_of_yesterday(settings: Settings) -> None:
    with pytest.raises(PostureError, match="2026-11-19 16:00"):
        why_at(settings, "me", "16:00", NOW)


@pytest.mark.system
@pytest.mark.parametrize("command", [("status",), ("now",), ("pause", "1h"), ("resume",)])
def test_where_nothing_runs_it_says_so_in_one_sentence(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = Install(tmp_path / "data").command("break", *command)
    assert done.returncode == 2
    [sentence] = done.stderr.strip().splitlines()
    assert "start it with `upstand run`" in sentence


@pytest.mark.system
@pytest.mark.timeout(240)
def test_a_person_goes_through_a_break_from_the_terminal(tmp_path: Path) -> None:
    install = Install(tmp_path / "data")
    with install.running("--simulate") as process:
        assert process.stdout is not None
        process.stdout.readline()

        def say(*words: str) -> str:
            done = install.command("break", *words, "--wearer", "simulated")
            return (done.stdout + done.stderr).strip()

        def wait_for(words: str) -> None:
            while words not in say("status"):
                pass  # each takes a second, and the test has its own limit

        wait_for("shift clock")  # the sensors are found, and the wearer has sat down
        assert say("postpone") == "You are not being asked for a break now, so there is nothing to answer."
        assert say("now", "tea").startswith("There is no break 'tea'")
        assert say("now", "micro") == "Your micro break begins."
        wait_for("You are asked for your micro break. You asked for this break.")
        assert say("skip", "no need") == "The micro break is skipped."
        wait_for("clock stood at")
        assert say("skip").startswith("You are not being asked")
        assert say("pause", "1h") == "No prompts for 60 min."
        assert say("resume") == "Prompts come again."
