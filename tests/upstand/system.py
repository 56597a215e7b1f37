"""A whole Upstand of its own for a test: its own folder and ports, started and ended as a person would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.ports import free_port


@dataclass
class Install:
    """One Upstand: where it keeps its things and where it shows itself."""

    folder: Path
    page_port: int = field(default_factory=free_port)
    mqtt_port: int = field(default_factory=free_port)

    @property
    def environment(self) -> dict[str, str]:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("UPSTAND_")}
        return outside | {
            "UPSTAND_DATA_DIR": str(self.folder),
            "UPSTAND_DASHBOARD__PORT": str(self.page_port),
            "UPSTAND_MQTT__PORT": str(self.mqtt_port),
            "UPSTAND_SENSORS__FIND_S": "2",
            "UPSTAND_NOTIFY__DESKTOP": "false",
            "UPSTAND_BREAKS__EVENING": "",  # nor any silent day: prompts are the same whenever a test runs
            "UPSTAND_BREAKS__SILENT_EVERY_WEEKS": "0",
        }

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.page_port}"

    @property
    def store_url(self) -> str:
        return f"sqlite:///{(self.folder / 'upstand.sqlite').as_posix()}"

    def command(self, *arguments: str, timeout_s: float = 90.0, **more: str) -> subprocess.CompletedProcess[str]:
        """One command of Upstand to its end; no traceback may reach the person."""
        done = subprocess.run(
            [sys.executable, "-m", "upstand", *arguments],
            env=self.environment | more,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        return done

    @contextmanager
    def running(self, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
        """`upstand run …`; on the way out Ctrl-C, after which not one process may be left."""
        process = subprocess.Popen(
            [sys.executable, "-m", "upstand", "run", *arguments],
            env=self.environment | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process
            family = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(30)
            if process.stdout is not None:
                process.stdout.close()
        assert process.returncode == 0, said
        assert "Traceback" not in said
        names = [member for member in family if member.is_running() and member.status() != psutil.STATUS_ZOMBIE]
        assert family, "nothing was running"
        assert not names, "processes were left behind"


def shared_data() -> Path:
    """The folder of real recordings; it may be absent."""
    root = Path(__file__).parents[2]
    return Path(os.environ.get("UPSTAND_SHARED") or root.parent / "shared") / "data"
