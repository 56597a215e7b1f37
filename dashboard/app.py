"""The dashboard: the banner and the navigation over every page in dashboard/pages.

`server.command` starts it by way of start/app.py. `streamlit run dashboard/app.py` works as well, as long as the
first visit is to its root.

Hooks for tests in a browser. Elements carry the class `st-key-<key>`, and these keys stay:
every page   banner, overlay, overlay_start, overlay_done, overlay_postpone, overlay_later, overlay_skip, overlay_exit,
             breaks_strip, breaks_next, breaks_controls (in it breaks_start_<type>, breaks_pause_<seconds>,
             breaks_pause_tomorrow, breaks_resume, breaks_mode_<mode>), alerts
Now          now_posture, now_bout, now_pelvic_tilt, now_lumbar_lordosis, now_more (all other metrics), now_prompt,
             now_side_view, now_chart, sensor_<segment>, buzz_<segment>, identify_<segment>,
             calibrate, calibrate_stance, calibrate_kind, calibrate_progress, stand_tall
Today        today_date, today_totals, today_timeline, today_bouts, today_sitting, today_shifts, today_gait,
             today_prompts, today_correct, today_exposure
Breaks       breaks_date, breaks_record, breaks_ribbon, breaks_why, breaks_types
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

import dashboard.pages
from analysis.io import settings as settings_file
from analysis.io.reader import Reader
from analysis.registry import discover
from dashboard import banner, data, overlay, theme
from dashboard.page import Context, Page, in_one_sentence


def main() -> None:
    """One run of the script: for one person, on one page."""
    st.set_page_config(page_title=overlay.NAME, page_icon="🧍", layout="wide")
    st.html(theme.CSS)
    pages = sorted(discover(dashboard.pages, "PAGE", Page).items(), key=lambda named: named[1].order)
    chosen = st.navigation(
        [st.Page(_shown(page), title=page.title, icon=page.icon, url_path=name) for name, page in pages], position="top"
    )
    chosen.run()


def _shown(page: Page) -> Callable[[], None]:
    def show() -> None:
        with in_one_sentence():
            context = _context()
            banner.show(context)
            overlay.show(context)
            page.show(context)

    return show


def _context() -> Context:
    """Raises PostureError when the settings or the store cannot be read."""
    settings = settings_file.load()
    reader = _reader(settings.store_url)
    return Context(settings, reader, data.shown_wearer(reader, settings), _zone(st.context.timezone))


@st.cache_resource(max_entries=4)
def _reader(url: str) -> Reader:
    return Reader(url)


def _zone(name: str | None) -> tzinfo | None:
    """The browser's time zone, for the person sits there; this machine's where it is not told or not known."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


if __name__ == "__main__":
    main()
