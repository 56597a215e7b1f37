"""The board as a process of its own: `python -m hardware.twin.board_process TRANSPORT ADDRESS FOLDER [LIFE_S]`.

TRANSPORT is Bumble's name of an HCI controller (tcp-client:127.0.0.1:9101), ADDRESS a random static one, FOLDER the
drive. code.py runs on it until LIFE_S seconds have passed or the controller goes away. The IMU lies on somebody who
sways.
"""

from __future__ import annotations

import asyncio
import os
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from bumble.device import Device
from bumble.hci import Address
from bumble.transport import open_transport

from analysis.model import GRAVITY, Floats, Segment
from hardware.twin.circuitpython import Board, running
from hardware.twin.imu import ImuErrors
from hardware.twin.lsm6ds3 import Lsm6ds3

CODE = Path(__file__).parents[1] / "firmware" / "code.py"


def swaying(t: Floats) -> tuple[Floats, Floats]:
    """Leaning forward and back by 5°, once in 4 s."""
    angle = np.radians(5.0) * np.sin(np.pi / 2 * t)
    rate = np.radians(5.0) * np.pi / 2 * np.cos(np.pi / 2 * t)
    acc = GRAVITY * np.stack([-np.sin(angle), 0 * t, np.cos(angle)], axis=1)
    return acc, np.stack([0 * t, rate, 0 * t], axis=1)


def program(board: Board) -> Callable[[], None]:
    """code.py's main, with the board's modules in place of CircuitPython's from now on."""
    sys.modules.update(board.modules())
    main: Callable[[], None] = runpy.run_path(str(CODE), run_name="code")["main"]
    return main


async def run(transport: str, address: str, folder: Path, life_s: float) -> None:
    """Raises what the firmware died of."""
    async with await open_transport(transport) as controller:
        device = Device.with_hci("XIAO", Address(address), controller.source, controller.sink)
        await device.power_on()
        os.chdir(folder)
        model = Lsm6ds3(Segment.PELVIS, swaying, ImuErrors.default(1))
        board = Board(device, model)
        with running(board, program(board)):
            gone = asyncio.ensure_future(controller.source.wait_for_termination())
            await asyncio.wait({gone}, timeout=life_s)


if __name__ == "__main__":
    _, wanted, name, drive, *life = sys.argv
    asyncio.run(run(wanted, name, Path(drive), float(life[0]) if life else 3600.0))
