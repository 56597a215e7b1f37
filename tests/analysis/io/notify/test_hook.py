"""A program of the person's own is run with the prompt in its environment, and never for long."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from analysis.break_flow import Prompt, PromptState
from analysis.io.notify import Delivery, hook
from analysis.io.notify.hook import deliver
from analysis.io.settings import NotifySettings
from benchmarks.impersonated import until
from tests.analysis.io.notify.made_means import MadeMeans

NASTY = "You sat $(touch hacked) for `30 min`; 100 % \"done\" 'now'\n&& exit 3"
ASKED = Prompt("p1", "active", 2, NASTY, 1800.0, PromptState.OPEN, action="Walk.", length_s=300.0)


def written(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def has_ended(pid: int) -> bool:
    """Whoever adopted it may not have taken note yet."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


def made(program: str, *arguments: str) -> MadeMeans:
    return MadeMeans(NotifySettings(hook=(program, *arguments)))


def python(code: str, *arguments: str) -> MadeMeans:
    return made(sys.executable, "-c", code, *arguments)


async def test_it_is_given_the_prompt_as_data(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; "
        "pathlib.Path(sys.argv[1]).write_text(chr(0).join(os.environ['PROMPT_' + name] for name in sys.argv[2:]))"
    )
    names = ("ID", "KIND", "STATE", "LEVEL", "REASON", "ACTION", "LENGTH_S", "SESSION")
    given = python(code, str(tmp_path / "told"), *names)
    assert await deliver(ASKED, given.means) == Delivery(True)
    assert written(tmp_path) == {"told": "\0".join(("p1", "active", "open", "2", NASTY, "Walk.", "300", "s1"))}


async def test_its_failure_is_told_with_its_last_word() -> None:
    delivery = await deliver(ASKED, python("import sys; sys.exit('the lamp is off')").means)
    assert not delivery.delivered
    assert delivery.reason.endswith("failed with 1: the lamp is off.")


async def test_a_program_that_is_not_there_is_told() -> None:
    delivery = await deliver(ASKED, made("/nowhere/lamp").means)
    assert not delivery.delivered
    assert "correct `hook` under [notify]" in delivery.reason


async def test_one_that_hangs_is_ended_with_what_it_has_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "open(sys.argv[1], 'w').write(str(child.pid)); time.sleep(60)"
    )
    for longest_s in (1.0, 4.0, 16.0):  # a busy machine takes a while to start it
        monkeypatch.setattr(hook, "LONGEST_S", longest_s)
        delivery = await deliver(ASKED, python(code, str(tmp_path / "child")).means)
        assert not delivery.delivered
        assert f"took longer than {longest_s:.0f} s" in delivery.reason
        if written(tmp_path).get("child"):
            break
    child = int(written(tmp_path)["child"])
    await until(lambda: has_ended(child))
