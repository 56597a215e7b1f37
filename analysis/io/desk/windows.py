"""What the shell of Windows says of notifications."""

from __future__ import annotations

import ctypes


def shell_state() -> int | None:
    """QUERY_USER_NOTIFICATION_STATE of shellapi.h; None elsewhere, or where it does not say."""
    libraries = getattr(ctypes, "windll", None)
    state = ctypes.c_int(0)
    if libraries is None or libraries.shell32.SHQueryUserNotificationState(ctypes.byref(state)):
        return None
    return state.value
