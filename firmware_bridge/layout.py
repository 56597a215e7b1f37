"""Bytes of fixed-width fields → named numbers, from a line such as `time:u32 acc_x:f32 acc_y:f32 acc_z:f32`."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_CODES = {
    "u8": "B", "i8": "b", "u16": "H", "i16": "h", "u24": "3s", "i24": "3s", "u32": "I", "i32": "i",
    "u64": "Q", "i64": "q", "f16": "e", "f32": "f", "f64": "d",
}  # fmt: skip
_WIDE = ("u24", "i24")  # which struct does not know
TYPES = tuple(_CODES)


class Layout:
    """One record of packed fields. A field named "-" is skipped."""

    def __init__(self, fields: Sequence[str], *, big_endian: bool = False) -> None:
        """`fields` are `name:type`, type one of TYPES. Raises ValueError with the field that is none."""
        self.names: list[str] = []
        self._types: list[str] = []
        for field in fields:
            name, _, kind = field.partition(":")
            if kind not in _CODES or not name:
                raise ValueError(f"{field!r} is no field; write name:type with a type of {', '.join(TYPES)}")
            self.names.append(name)
            self._types.append(kind)
        self._order = "big" if big_endian else "little"
        self._struct = struct.Struct((">" if big_endian else "<") + "".join(_CODES[kind] for kind in self._types))
        self._has_wide = any(kind in _WIDE for kind in self._types)

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return self._struct.size

    def read(self, data: bytes, at: int = 0) -> dict[str, float]:
        """The named fields of the record at `at`. Raises struct.error where it is cut off."""
        values = self._struct.unpack_from(data, at)
        if self._has_wide:
            values = tuple(map(self._number, values, self._types))
        return {name: value for name, value in zip(self.names, values, strict=True) if name != "-"}

    def pack(self, values: dict[str, float]) -> bytes:
        """One record; integers of 24 bits cannot be packed. Raises struct.error for a value that does not fit."""
        return self._struct.pack(*(values[name] for name in self.names))

    def _number(self, value: float | bytes, kind: str) -> float:
        if isinstance(value, bytes):
            return int.from_bytes(value, "big" if self._order == "big" else "little", signed=kind == "i24")
        return value
