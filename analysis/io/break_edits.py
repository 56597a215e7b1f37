"""Changes to `[breaks]` of the settings file, which leave everything else in it as it was written, comments too."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable
from tomlkit.toml_document import TOMLDocument

from analysis.errors import PostureError
from analysis.io.break_settings import BreakSettings

Plain = str | bool | int | float | list[str] | None  # None: as shipped, so that the key is taken out


def set_type(text: str, name: str, values: Mapping[str, Plain]) -> str:
    """The file's text with these keys of one type of break. Raises PostureError for what cannot be."""
    document = _parsed(text)
    table = _table(_table(_table(document, "breaks"), "types"), name, is_shown=True)
    _put(table, values)
    if not table:
        _take_out(document, name)
    return _checked(document)


def remove_type(text: str, name: str) -> str:
    """Without that type; one that is shipped is as shipped again. Raises PostureError."""
    document = _parsed(text)
    _take_out(document, name)
    return _checked(document)


def set_rules(text: str, values: Mapping[str, Plain | Mapping[str, list[str]]]) -> str:
    """The text with these keys of `[breaks]` itself; a mapping is a table, such as `hours`. Raises PostureError."""
    document = _parsed(text)
    breaks = _table(document, "breaks", is_shown=True)
    for key, value in values.items():
        if isinstance(value, Mapping):
            breaks.pop(key, None)
            if value:
                _put(_table(breaks, key, is_shown=True), value)
        else:
            _put(breaks, {key: value})
    return _checked(document)


def types_in(text: str) -> frozenset[str]:
    """Names of the types that the file itself says something about."""
    breaks = _parsed(text).get("breaks", {})
    return frozenset(breaks.get("types", {})) if isinstance(breaks, Mapping) else frozenset()


def read(file: Path) -> str:
    """Its text; empty where there is none. Raises PostureError where it cannot be read."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise PostureError(f"{file} cannot be read ({error}); correct that, and try again.") from error


def write(file: Path, text: str) -> None:
    """Whole or not at all, with the rights that the file had. Raises PostureError where that is not possible."""
    target = file.resolve()
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(text.encode())
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileNotFoundError):
            Path(name).chmod(target.stat().st_mode & 0o7777)
        Path(name).replace(target)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> PostureError:
    return PostureError(f"{file} cannot be written ({error.strerror}); allow that, or change it with another program.")


def _parsed(text: str) -> TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise PostureError(f"The settings file is not valid TOML ({error}); correct that line first.") from error


def _checked(document: TOMLDocument) -> str:
    """The text, once it is known that it can be read again and makes rules."""
    meant = document.unwrap()
    try:
        BreakSettings.model_validate(meant.get("breaks", {}))
    except ValidationError as error:
        raise PostureError(f"This cannot be: {sentence(error)}.") from error
    if (text := document.as_string()) and not _says(text, meant):
        document.remove("breaks")  # tables cannot be put among dotted keys, such as breaks.types.eyes.length_s = 5
        document.append("breaks", tomlkit.item(meant["breaks"]))
        text = document.as_string()
    if not _says(text, meant):
        raise PostureError(
            "The settings file cannot be changed as it is written; give [breaks] lines of its own there."
        )
    return text


def _says(text: str, meant: Mapping[str, object]) -> bool:
    try:
        return _told(tomllib.loads(text)) == _told(meant)
    except tomllib.TOMLDecodeError:
        return False


def _told(of: Mapping[str, object]) -> dict[str, object]:
    """Without tables that hold nothing: those may or may not be written."""
    told = {key: _told(value) if isinstance(value, Mapping) else value for key, value in of.items()}
    return {key: value for key, value in told.items() if value != {}}


def sentence(error: ValidationError) -> str:
    """What is wrong first, in words of the file."""
    first = error.errors()[0]
    said = str(first["msg"]).removeprefix("Value error, ")
    where = ".".join(str(part) for part in first["loc"] if part != "types")
    return f"{where}: {said[:1].lower()}{said[1:]}" if where else said


def _take_out(document: TOMLDocument, name: str) -> None:
    breaks = document.get("breaks")
    types = breaks.get("types") if isinstance(breaks, Mapping) else None
    if isinstance(types, dict):
        types.pop(name, None)


def _table(parent: dict[str, object], key: str, *, is_shown: bool = False) -> dict[str, object]:
    """The table of that name, made where there is none; `is_shown`: with a head of its own."""
    found = parent.get(key)
    if not isinstance(found, dict):
        is_inline = isinstance(parent, InlineTable)
        parent[key] = tomlkit.inline_table() if is_inline else tomlkit.table(is_super_table=not is_shown)
        found = parent[key]
    if not isinstance(found, dict):
        raise PostureError(f"`{key}` in the settings file is no table; correct that first.")
    return found


def _put(table: dict[str, object], values: Mapping[str, Plain]) -> None:
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        elif table.get(key) != value:
            table[key] = _plain(value)


def _plain(value: str | bool | int | float | list[str]) -> object:
    """As a person would write it: 2700 and not 2700.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
