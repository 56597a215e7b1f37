"""Measurements as a page: the machine and the versions first, then a table a topic."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

_SHOWN = ("upstand", "numpy", "scipy", "bleak", "bumble", "paho-mqtt", "msgspec", "SQLAlchemy", "streamlit")


@dataclass(frozen=True, slots=True)
class Section:
    """One table and the sentence that says how it was measured."""

    title: str
    how: str
    rows: Sequence[tuple[str, str]]


def write(sections: Sequence[Section], path: Path) -> None:
    """The whole page; also what `make bench` prints."""
    path.write_text(render(sections), encoding="utf-8")


def render(sections: Sequence[Section]) -> str:
    lines = ["# Measurements", "", f"Measured on {date.today().isoformat()} with `make bench`; {machine()}.", ""]
    for section in sections:
        lines += [f"## {section.title}", "", section.how, "", "| what | measured |", "|---|---|"]
        lines += [f"| {what} | {value} |" for what, value in section.rows]
        lines.append("")
    return "\n".join(lines)


def machine() -> str:
    """This machine and the versions that were measured, in one line."""
    versions = ", ".join(f"{name} {version(name)}" for name in _SHOWN)
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_processor()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or "unnamed processor"
