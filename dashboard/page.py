"""What a page is: one module in dashboard/pages with one `PAGE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo

import streamlit as st

from analysis.errors import PostureError
from analysis.io.reader import Reader
from analysis.io.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """What every page is given."""

    settings: Settings
    reader: Reader
    wearer: str  # whose measurements are shown
    zone: tzinfo | None  # of the person who looks; None: this machine's


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the dashboard; its address is its module's name."""

    title: str
    icon: str  # one of Streamlit's own Material symbols
    order: int  # place in the navigation; the lowest is the first page
    show: Callable[[Context], None]  # draws it; Streamlit may call parts of it again as fragments


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Shows what a person can mend as its one sentence; for the body of every page and fragment."""
    try:
        yield
    except PostureError as error:
        st.error(str(error), icon=":material/error:")
