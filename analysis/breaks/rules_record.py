"""Rules of breaks as they are kept: all of them, so that a replay goes by what held then."""

from __future__ import annotations

import msgspec

from analysis.breaks.types import BreakRules


def packed(rules: BreakRules) -> bytes:
    """The same bytes for the same rules."""
    return msgspec.msgpack.encode(msgspec.to_builtins(rules, str_keys=True, order="deterministic"))


def unpacked(record: bytes) -> BreakRules | None:
    """None for what this version cannot read."""
    try:
        return msgspec.convert(msgspec.msgpack.decode(record), BreakRules, str_keys=True)
    except msgspec.MsgspecError:
        return None
