"""Plug-ins by folder: every module of a package that defines one given constant is an entry."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def discover(package: ModuleType, constant: str, kind: type[T]) -> dict[str, T]:
    """All `constant`s of the modules directly in `package`, by module name, in sorted order.

    Raises TypeError when a module defines the constant with another type: that is a bug.
    """
    found: dict[str, T] = {}
    for name in sorted(module.name for module in iter_modules(package.__path__)):
        module = import_module(f"{package.__name__}.{name}")
        entry = getattr(module, constant, None)
        if entry is None:
            continue
        if not isinstance(entry, kind):
            raise TypeError(f"{module.__name__}.{constant} must be a {kind.__name__}")
        found[name] = entry
    return found
