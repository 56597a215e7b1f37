"""Real processes: kept running, ended in order, and none left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from analysis.errors import PostureError
from upstand.supervisor import USER_ERROR, Part, Supervisor

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals are what is tested here")


def part(name: str, code: str) -> Part:
    return Part(name, (sys.executable, "-c", code))


async def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


async def test_parts_are_ended_in_reverse_order(tmp_path: Path) -> None:
    order = tmp_path / "order"
    code = (
        "import signal, sys, time, pathlib\n"
        "def end(*_):\n"
        f"    pathlib.Path({str(order)!r}).open('a').write(sys.argv[1]); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    supervisor = Supervisor(tmp_path, lambda _: None)
    for name in "abc":
        await supervisor.start(Part(name, (sys.executable, "-c", code, name)))
    await wait_for(lambda: all((tmp_path / f"{name}.log").read_text() for name in "abc"))
    await supervisor.stop()
    assert order.read_text() == "cba"


async def test_a_part_that_dies_is_started_again_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    await supervisor.start(part("bridge", "import time; time.sleep(60)"))
    first = supervisor.pids()["bridge"]
    os.kill(first, signal.SIGKILL)
    await wait_for(lambda: supervisor.pids()["bridge"] != first and psutil.pid_exists(supervisor.pids()["bridge"]))
    await supervisor.stop()
    assert len(said) == 1
    assert "bridge" in said[0]


async def test_a_sentence_for_the_person_ends_the_whole(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, lambda _: None)
    code = f"import sys; sys.stderr.write('noise\\nPut the sensors on.\\n'); sys.exit({USER_ERROR})"
    await supervisor.start(part("bridge", code))
    with pytest.raises(PostureError, match=r"^Put the sensors on\.$"):
        await asyncio.wait_for(supervisor.wait(asyncio.Event()), 10)
    await supervisor.stop()


async def test_a_missing_program_is_said(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, lambda _: None)
    with pytest.raises(PostureError, match="could not be started"):
        await supervisor.start(Part("broker", (str(tmp_path / "nothing"),)))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
async def test_parts_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys, pathlib\n"
        "from upstand.supervisor import Part, Supervisor\n"
        "async def main():\n"
        "    s = Supervisor(pathlib.Path(sys.argv[1]), print)\n"
        "    await s.start(Part('x', (sys.executable, '-c', 'import time; time.sleep(60)')))\n"
        "    print(s.pids()['x'], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())"
    )
    outer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert outer.stdout is not None
    inner = int(await outer.stdout.readline())
    outer.kill()
    await outer.wait()
    await wait_for(lambda: not psutil.pid_exists(inner) or psutil.Process(inner).status() == psutil.STATUS_ZOMBIE)
