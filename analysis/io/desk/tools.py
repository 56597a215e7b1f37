"""What a file of the kernel's says, or another program where it is installed."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import suppress
from pathlib import Path

ANSWER_S = 2.0


def read(file: Path) -> str:
    """What a file of the kernel's says, without its line end; nothing where it has just gone."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


async def said_by(program: str, *arguments: str) -> str | None:
    """Its output; None where it is not installed, fails or takes longer than ANSWER_S."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(ANSWER_S):
            output, _ = await process.communicate()
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output.decode(errors="replace") if process.returncode == 0 else None
