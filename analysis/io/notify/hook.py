"""A program of the person's own, run at every change of a prompt with the prompt in its environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress

from analysis.break_flow import Prompt
from analysis.io.notify import Delivery, Means, Notifier

LONGEST_S = 10.0


def environment(prompt: Prompt, session_id: str) -> dict[str, str]:
    """The prompt as variables; texts are data there, and no shell ever reads them."""
    told = {
        "PROMPT_ID": prompt.prompt_id,
        "PROMPT_SESSION": session_id,
        "PROMPT_KIND": prompt.kind,
        "PROMPT_STATE": prompt.state.value,
        "PROMPT_LEVEL": str(prompt.level),
        "PROMPT_REASON": prompt.reason,
        "PROMPT_ACTION": prompt.action,
        "PROMPT_LENGTH_S": f"{prompt.length_s:g}",
        "PROMPT_CREDITED_S": f"{prompt.credited_s:g}",
    }
    return {name: value.replace("\0", "") for name, value in told.items()}


async def deliver(prompt: Prompt, means: Means) -> Delivery:
    program, *arguments = means.settings.hook
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | environment(prompt, means.session_id),
            start_new_session=True,  # so that what it starts can be ended with it
        )
    except (OSError, ValueError) as error:
        return Delivery(False, f"The hook {program} could not be run ({error}); correct `hook` under [notify].")
    try:
        async with asyncio.timeout(LONGEST_S):
            _, said = await process.communicate()
    except TimeoutError:
        return Delivery(False, f"The hook {program} took longer than {LONGEST_S:g} s and was ended.")
    finally:
        if process.returncode is None:
            _end(process)
            await process.wait()
    if process.returncode:
        why = said.decode(errors="replace").strip().splitlines()
        return Delivery(False, f"The hook {program} failed with {process.returncode}: {why[-1] if why else 'no word'}.")
    return Delivery(True)


def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


NOTIFIER = Notifier(label="Hook", deliver=deliver, is_asked=lambda settings: bool(settings.hook), reaches=False)
