"""The default behaviour of four other break reminders as settings of ours.

Their numbers are facts read from Stretchly (2024-10-13), Workrave (2026-08-06), Safe Eyes 3.5.0 and BreakTimer 2.1.
None of them sees a body: all four run on the clock on the wall or on keys and mouse. Their warnings come before a
break is due; ours comes when it is due, so that it is taken off the interval.
"""

from __future__ import annotations

import math

from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Credit, Fading, Hours, Mode
from analysis.desk import Desk


def rules(*types: BreakType, **more: object) -> BreakRules:
    everywhere = {mode: frozenset(one.name for one in types) for mode in Mode}
    given: dict[str, object] = {"return_s": 0.0, "spacing_s": 0.0, "fading": Fading(is_on=False), "defer_s": math.inf}
    return BreakRules(types, everywhere, **{**given, **more})  # type: ignore[arg-type] # by name, as the tests give them


MINI = BreakType(
    name="mini",
    action=Action.SHIFT,
    clock=Clock.WALL,
    interval_s=590.0,
    length_s=20.0,
    enough_s=20.0,
    content=("Look away.", "Breathe.", "Stretch your arms."),
    credit=Credit.TIMER,
    heads_up_s=10.0,
    gap_s=0.0,
    again_s=0.0,
    postpone_s=120.0,
    postpones=1,
    postpone_share=0.3,
    skip_after_share=0.3,
    skip_resets=True,
    idle_s=300.0,
    reset_s=300.0,
    pays=False,
)
LONG = BreakType(
    name="long",
    action=Action.STAND,
    clock=Clock.WALL,
    interval_s=1770.0,
    length_s=300.0,
    enough_s=300.0,
    content=("Walk around.",),
    credit=Credit.TIMER,
    heads_up_s=30.0,
    gap_s=0.0,
    again_s=0.0,
    postpone_s=300.0,
    postpones=1,
    postpone_share=0.3,
    skip_after_share=0.3,
    skip_resets=True,
    idle_s=300.0,
    reset_s=300.0,
    pays=False,
)
STRETCHLY = rules(MINI, LONG, is_smallest_first=False)

MICRO = BreakType(
    name="micro",
    action=Action.SHIFT,
    clock=Clock.KEYBOARD,
    interval_s=180.0,
    length_s=30.0,
    enough_s=30.0,
    content=("Let go of the keyboard.",),
    credit=Credit.IDLE,
    heads_up_s=0.0,
    escalate_s=(10.0, 20.0),
    gap_s=0.0,
    ignore_s=30.0,
    again_s=10.0,
    postpone_s=150.0,
    postpones=-1,
    skip_resets=True,
    force_after=2,
    idle_s=5.0,
    reset_s=30.0,
    pays=False,
)
WORK_REST = BreakType(
    name="rest",
    action=Action.STRETCH,
    clock=Clock.KEYBOARD,
    interval_s=2700.0,
    length_s=600.0,
    enough_s=600.0,
    content=("Exercise.",),
    credit=Credit.IDLE,
    heads_up_s=0.0,
    ignore_s=30.0,
    again_s=10.0,
    postpone_s=180.0,
    postpones=-1,
    skip_resets=True,
    force_after=2,
    idle_s=5.0,
    reset_s=600.0,
    pays=False,
)
DAILY = BreakType(
    name="daily",
    action=Action.STOP,
    clock=Clock.DAY,
    interval_s=4 * 3600.0,
    length_s=60.0,
    enough_s=60.0,
    content=("That is enough for today.",),
    credit=Credit.IDLE,
    heads_up_s=0.0,
    postpone_s=1200.0,
    postpones=-1,
    idle_s=5.0,
    pays=False,
)
WORKRAVE = rules(MICRO, WORK_REST, DAILY)

SHORT = BreakType(
    name="short",
    action=Action.SHIFT,
    clock=Clock.WALL,
    interval_s=890.0,
    length_s=15.0,
    enough_s=15.0,
    content=("Close your eyes.", "Roll your eyes.", "Look far away."),
    credit=Credit.TIMER,
    heads_up_s=10.0,
    gap_s=0.0,
    again_s=0.0,
    postpones=0,
    skips_in_row=2,
    skip_resets=True,
    idle_s=5.0,
    reset_s=900.0,
    pays=False,
)
SAFE_LONG = BreakType(
    name="long",
    action=Action.WALK,
    clock=Clock.WALL,
    interval_s=4490.0,
    length_s=60.0,
    enough_s=60.0,
    content=("Walk for a while.",),
    credit=Credit.TIMER,
    heads_up_s=10.0,
    gap_s=0.0,
    again_s=0.0,
    postpones=0,
    skips_in_row=2,
    skip_resets=True,
    idle_s=5.0,
    reset_s=60.0,
    pays=False,
)
SAFE_EYES = rules(SHORT, SAFE_LONG, is_smallest_first=False, quiet=Desk.FULL_SCREEN | Desk.BATTERY | Desk.APP)

BREAK = BreakType(
    name="break",
    action=Action.STAND,
    clock=Clock.WALL,
    interval_s=1680.0,
    length_s=120.0,
    enough_s=60.0,
    content=("Rest your eyes, stretch your legs.",),
    credit=Credit.TIMER,
    starts_itself=False,
    heads_up_s=0.0,
    gap_s=0.0,
    ignore_s=math.inf,
    postpone_s=180.0,
    postpones=-1,
    can_skip=False,
    idle_s=300.0,
    reset_s=1.0,
    pays=False,
)
WORKING = (Hours(9 * 3600.0, 12 * 3600.0), Hours(13 * 3600.0, 18 * 3600.0))
BREAK_TIMER = rules(BREAK, hours=dict.fromkeys(range(5), WORKING))
