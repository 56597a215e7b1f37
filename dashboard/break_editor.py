"""Types of breaks, working hours and limits, changed on the page and written into the settings file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import streamlit as st

from analysis.breaks import defaults
from analysis.breaks.types import BreakRules, Clock, Mode
from analysis.errors import PostureError
from analysis.io import break_edits
from analysis.io import settings as settings_file
from analysis.io.break_edits import Plain
from analysis.io.break_settings import DAYS, BreakSettings
from analysis.io.mqtt import LOOPBACK
from dashboard import break_types
from dashboard.break_types import NEW, Wish
from dashboard.page import Context, in_one_sentence

_NEW = "a new one"
_CLOCKS = tuple(Clock)
_MADE = "breaks_made"  # in the browser session's state: the type that was saved, to be shown from now on
_SAID = "breaks_said"  # likewise: what became of the last button
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def show(context: Context) -> None:
    """Two forms, closed until they are asked for, and what was said to the last one."""
    with st.expander("Change a break, or make one of your own", icon=":material/edit:"):
        _types(context)
    with st.expander("Working hours, evening and limits", icon=":material/schedule:"):
        _rules(context)
    said = st.session_state.pop(_SAID, "")
    if said:
        st.success(said, icon=":material/check:")


@st.fragment
def _types(context: Context) -> None:
    with in_one_sentence():
        rules = context.settings.breaks.rules()
        if _MADE in st.session_state:
            st.session_state["breaks_change"] = st.session_state.pop(_MADE)
        name = st.selectbox("Break", [*(one.name for one in rules.types), _NEW], key="breaks_change")
        one = rules.of(name)
        wish = _filled_in(NEW if one is None else break_types.wish_of(rules, one), is_new=one is None)
        is_shipped = defaults.RULES.of(name) is not None
        with st.container(horizontal=True):
            if st.button("Save", key="breaks_save", type="primary", icon=":material/save:"):
                if one is None and rules.of(wish.name) is not None:
                    raise PostureError(f"There is a break {wish.name!r} already; choose it above, or another name.")
                values = break_types.values_of(wish)
                _keep(
                    context,
                    lambda text: break_edits.set_type(text, wish.name, values),
                    f"{wish.name}: saved",
                    wish.name,
                )
            if one is not None and name in context.settings.breaks.types:
                label = "As shipped" if is_shipped else "Remove"
                if st.button(label, key="breaks_remove", icon=":material/undo:" if is_shipped else ":material/delete:"):
                    _keep(context, lambda text: break_edits.remove_type(text, name), f"{name}: {label.lower()}")


def _filled_in(base: Wish, *, is_new: bool) -> Wish:
    key = f"breaks_change_{'new' if is_new else base.name}_"
    left, right = st.columns(2)
    with left:
        name = st.text_input("Name", base.name, key=f"{key}name") if is_new else base.name
        is_on = st.toggle("Asked for", base.is_on, key=f"{key}on")
        wish = break_types.switched(base, is_on=is_on)
        usual = break_types.switched(base, is_on=True).interval_min
        interval_min = st.number_input("After, min", 0.1, 1440.0, usual, 1.0, "%g", key=f"{key}interval")
        length_s = st.number_input("Lasts, s", 1.0, 7200.0, base.length_s, 5.0, "%g", key=f"{key}length")
        clock = st.selectbox(
            "Counted",
            _CLOCKS,
            index=_CLOCKS.index(base.clock),
            format_func=break_types.CLOCK_WORDS.__getitem__,
            key=f"{key}clock",
            disabled=not is_new,
        )
    with right:
        modes = st.pills(
            "In the modes",
            list(Mode),
            selection_mode="multi",
            default=list(wish.modes),
            format_func=str,
            key=f"{key}modes_{is_on}",
            disabled=not is_on,
        )
        content = st.text_area("What to do, one line each", "\n".join(base.content), key=f"{key}content")
        limits = _limits(base, key)
    action, credit = break_types.measured(clock) if is_new else (base.action, base.credit)
    return replace(
        limits,
        name=name.strip(),
        action=action,
        clock=clock,
        credit=credit,
        interval_min=interval_min if is_on else wish.interval_min,
        length_s=length_s,
        content=tuple(line.strip() for line in content.splitlines() if line.strip()),
        modes=tuple(mode for mode in Mode if mode in modes) if is_on else wish.modes,
    )


def _limits(base: Wish, key: str) -> Wish:
    is_strict = st.toggle("Strict: no way out, but for an emergency", base.is_strict, key=f"{key}strict")
    later, times, skips = st.columns(3)
    unlimited = "−1: without limit."
    with later:
        postpone_min = st.number_input(
            "Postponed by, min", 0.1, 240.0, base.postpone_min, 1.0, "%g", key=f"{key}later", disabled=is_strict
        )
    with times:
        postpones = st.number_input(
            "Times at most", -1, 50, base.postpones, 1, key=f"{key}postpones", help=unlimited, disabled=is_strict
        )
    with skips:
        skips_in_row = st.number_input(
            "Skips in a row", -1, 50, base.skips_in_row, 1, key=f"{key}skips", help=unlimited, disabled=is_strict
        )
    return replace(base, is_strict=is_strict, postpone_min=postpone_min, postpones=postpones, skips_in_row=skips_in_row)


@st.fragment
def _rules(context: Context) -> None:
    with in_one_sentence():
        given = context.settings.breaks
        st.html(
            '<div class="up-soft">No break is asked for outside these hours; where none are given, always. '
            "As in <code>09:00-12:30, 13:15-17:30</code>.</div>"
        )
        hours: dict[str, list[str]] = {}
        columns = st.columns(4)
        for place, (day, label) in enumerate(zip(DAYS, _DAY_NAMES, strict=True)):
            with columns[place % 4]:
                told = st.text_input(label, ", ".join(given.hours.get(day, ())), key=f"breaks_hours_{day}")
                spans = [span.strip() for span in told.split(",") if span.strip()]
                if spans:
                    hours[day] = spans
        with columns[3]:
            evening = st.text_input("Evening", given.evening, key="breaks_evening", help="Empty: never by itself.")
        values = _numbers(given.rules())
        if st.button("Save", key="breaks_rules_save", type="primary", icon=":material/save:"):
            all_values: dict[str, Plain | Mapping[str, list[str]]] = {**values, "hours": hours}
            all_values["evening"] = None if evening.strip() == _EVENING else evening.strip()
            _keep(context, lambda text: break_edits.set_rules(text, all_values), "Hours and limits: saved")


_EVENING = str(BreakSettings.model_fields["evening"].default)


def _numbers(rules: BreakRules) -> dict[str, Plain]:
    usual = defaults.RULES
    first, second, third = st.columns(3)
    with first:
        spacing_min = st.number_input(
            "Between two prompts, min", 0.0, 120.0, rules.spacing_s / 60.0, 1.0, "%g", key="breaks_spacing"
        )
    with second:
        defer_min = st.number_input(
            "A call or the like keeps one back for, min",
            0.0,
            480.0,
            rules.defer_s / 60.0,
            5.0,
            "%g",
            key="breaks_defer",
        )
    with third:
        weeks = st.number_input(
            "A silent day every so many weeks",
            0,
            52,
            rules.fading.silent_every_weeks,
            key="breaks_silent",
            help="0: none.",
        )
    return {
        "spacing_s": None if spacing_min * 60.0 == usual.spacing_s else spacing_min * 60.0,
        "defer_s": None if defer_min * 60.0 == usual.defer_s else defer_min * 60.0,
        "silent_every_weeks": None if weeks == usual.fading.silent_every_weeks else weeks,
    }


def _keep(context: Context, edit: Callable[[str], str], done: str, made: str = "") -> None:
    """Write it, and draw the whole page anew from what is now in the file. Raises PostureError for what cannot be."""
    file = settings_file.file_of()
    break_edits.write(file, edit(break_edits.read(file)))
    is_here = context.settings.mqtt.host in ("", LOOPBACK, "localhost")
    where = "" if is_here else " If the analysis runs on another computer, change its file likewise."
    if made:
        st.session_state[_MADE] = made
    st.session_state[_SAID] = f"{done} in {file}; it holds from now on.{where}"
    st.rerun()
