"""The sensors as the bridge sees them: how each is, a buzz and a light to tell which is which, and its exchange."""

from __future__ import annotations

import math
from html import escape

import streamlit as st

from analysis.lacks import meanings
from analysis.model import Segment
from analysis.schema import LinkStatus
from dashboard import commands, words
from dashboard.health import LOW_BATTERY_PERCENT, Health, loss_percent
from dashboard.page import Context

# A shape for each state, so that colour alone never tells.
_STATES = {"streaming": "●", "connecting": "◐", "searching": "○", "lost": "✕"}
_DONE = {
    "buzz": "The {} sensor buzzes.",
    "identify": "The {} sensor blinks.",
    "swap": "Another {} sensor is looked for; calibrate once it streams.",
}
_SWAP = (
    "Take the {} sensor off and put the other one on, switched on. It goes on in the same session, and needs a "
    "calibration of its own. Where no other one is found, this one goes on."
)


def show(context: Context, health: Health) -> None:
    """One card a sensor; nothing but a sentence where the bridge knows none."""
    st.markdown("#### Sensors")
    if not health.links:
        st.html('<div class="up-soft">No sensor is known yet.</div>')
        return
    for column, link in zip(st.columns(len(health.links)), health.links, strict=True):
        with column, st.container(border=True, key=f"sensor_{link.segment}"):
            st.html(as_html(link, health))
            with st.container(horizontal=True):
                for action, label, icon in (("buzz", "Buzz", "vibration"), ("identify", "Identify", "lightbulb")):
                    if st.button(
                        label,
                        key=f"{action}_{link.segment}",
                        icon=f":material/{icon}:",
                        disabled=link.state != "streaming",
                    ):
                        _signal(context, action, link.segment)
                _swap(context, link)
    waiting, bad = (
        health.bridge.waiting_blocks if health.bridge else 0,
        health.service.bad_messages if health.service else 0,
    )
    told = [f"{waiting} blocks wait in the bridge to be stored"] * (waiting > 50) + [
        f"{bad} messages could not be read"
    ] * (bad > 0)
    if told:
        st.html(f'<div class="up-soft">{"; ".join(told)}.</div>')


def as_html(link: LinkStatus, health: Health) -> str:
    """The card's text: where it is worn, how the link is, and its figures."""
    is_heard = health.is_up(health.bridge)
    state = link.state if is_heard else "not heard"
    lost = loss_percent(link)
    if state == "lost" and link.away_s > 0:
        state = f"lost for {words.duration(link.away_s)}"
    facts = [
        f"{link.rate_hz:.1f}\u00a0Hz" if link.rate_hz > 0 else "no samples now",
        f"loss {lost:.2f}\u00a0%" if math.isfinite(lost) else "",
        "" if link.clock_residual_ms is None else f"clock ±{link.clock_residual_ms:.1f}\u00a0ms",
        _battery(link.battery_percent),
        f"{link.bad_packets} bad packets" if link.bad_packets else "",
        _losses(link.losses),
    ]
    lacks = "".join(f"<br>{escape(told[0].upper() + told[1:])}." for told in meanings(link.lacks))
    return (
        f'<div class="up-sensor"><b>{escape(link.segment.capitalize())}</b> '
        f'<span class="up-soft">{escape(link.name or link.sensor_id)}</span><br>'
        f"{_STATES.get(link.state if is_heard else '', '○')} {escape(state.capitalize())}<br>"
        f"{' · '.join(fact for fact in facts if fact)}"
        f'<span class="up-soft">{lacks}</span></div>'
    )


def _losses(count: int) -> str:
    """How often the link broke."""
    return "" if count == 0 else "out of reach once" if count == 1 else f"out of reach {count}\u00a0times"


def _swap(context: Context, link: LinkStatus) -> None:
    with st.popover("Exchange", icon=":material/swap_horiz:", disabled=not link.sensor_id):
        st.html(f'<div class="up-soft">{_SWAP.format(link.segment)}</div>')
        if st.button("Look for another one", key=f"swap_{link.segment}"):
            _signal(context, "swap", link.segment)


def _battery(percent: int | None) -> str:
    if percent is None:
        return "battery not told"
    return f"battery {percent}\u00a0%" + (" — low" if percent <= LOW_BATTERY_PERCENT else "")


def _signal(context: Context, action: str, segment: Segment) -> None:
    reply = commands.signal(context, action, segment)
    message = _DONE[action].format(segment) if reply.ok else reply.message or "The bridge could not do that."
    st.toast(message, icon=":material/check:" if reply.ok else ":material/error:")
