"""Measurements as a page: the machine and the versions first, then a table a topic."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
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


def render(sections: Sequence[Section]) -> str:
    return _page(_told(section) for section in sections)


def merged(page: str, sections: Sequence[Section]) -> str:
    """The page with these sections in the place of their namesakes; each tells the day it was measured on."""
    kept = {part.split("\n", 1)[0]: part.rstrip("\n") for part in page.split("\n## ")[1:]}
    return _page({**kept, **{section.title: _told(section) for section in sections}}.values())


def _page(told: Iterable[str]) -> str:
    parts = [f"# Measurements\n\nMeasured with `make bench`; {machine()}.", *(f"## {part}" for part in told)]
    return "\n\n".join(parts) + "\n"


def _told(section: Section) -> str:
    how = f"{section.how} Measured on {date.today().isoformat()}."
    rows = [f"| {what} | {value} |" for what, value in section.rows]
    return "\n".join([section.title, "", how, "", "| what | measured |", "|---|---|", *rows])


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
