"""The real stack, or the reason why it is not there; `make bluez` brings one where it can."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from importlib import import_module

import pytest
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from dbus_fast import DBusError

from tests.bluez.stack import VHCI, Stack, system

# Its plugin would load it when all is over, where Python 3.11.7 has failed to parse it (SystemError: AST constructor
# recursion depth mismatch)
import_module("hypothesis")


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    if not VHCI.exists() or not os.access(VHCI, os.W_OK):
        pytest.skip("this computer has no virtual Bluetooth controllers that may be opened; try `make bluez`")
    try:
        async with system() as stack:
            adapters = await stack.adapters()
            if adapters:
                pytest.skip("this computer's own Bluetooth would be disturbed; unplug it, or try `make bluez`")
            yield stack
            await _close_bleak()
    except (OSError, DBusError) as error:
        pytest.skip(f"bluetoothd does not answer on D-Bus ({error}); start it, or try `make bluez`")


async def _close_bleak() -> None:
    """bleak keeps one connection to D-Bus for each event loop, and has no way of its own to close it."""
    bus = (await get_global_bluez_manager())._bus
    if bus is not None:
        bus.disconnect()
        await bus.wait_for_disconnect()
