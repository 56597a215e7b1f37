"""The breaks Upstand asks for unless told otherwise, each with where its numbers come from (evidence.md)."""

from __future__ import annotations

import math

from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Hours, Mode

SHIFT = BreakType(
    name="shift",
    action=Action.SHIFT,
    clock=Clock.STATIC,
    interval_s=900.0,
    length_s=20.0,
    enough_s=10.0,
    content=(
        "Change how you sit: move your pelvis forward or back.",
        "Shift your weight from one sit bone to the other.",
        "Rock your pelvis forward and back a few times.",
    ),
    source="B1: postural shifts, new low-back pain 7 % against 33 %, HR 0.19 (10.5271/sjweh.3949); B2: people at desks "
    "shift 9 times in 15 min (10.1016/j.apergo.2024.104374), so that 15 min without one is unusual",
    ignore_s=120.0,
    again_s=600.0,
    fades_s=300.0,
)
SLOUCH = BreakType(
    name="slouch",
    action=Action.SHIFT,
    clock=Clock.BENT,
    interval_s=600.0,
    length_s=20.0,
    enough_s=20.0,
    content=("Let your pelvis roll forward until your back is less bent.", "Sit back until the backrest carries you."),
    source="B2: lumbar flexion at desks is 43–79 % of its maximum (10.1016/j.apergo.2024.104374); RULA adds a point "
    "for what is static, on some sheets from 10 min on",
    ignore_s=120.0,
    again_s=900.0,
    fades_s=300.0,
)
ARCH = BreakType(
    name="arch",
    action=Action.SHIFT,
    clock=Clock.ARCHED,
    interval_s=600.0,
    length_s=20.0,
    enough_s=20.0,
    content=("Let your back go: you need not sit so straight.",),
    source="B2: who sits down loses about half of the lordosis (PMID 22915074), so more of it than standing is held by "
    "force; RULA adds a point for what is static, on some sheets from 10 min on",
    ignore_s=120.0,
    again_s=900.0,
    fades_s=300.0,
)
MICRO = BreakType(
    name="micro",
    action=Action.STAND,
    clock=Clock.SITTING,
    interval_s=1800.0,
    length_s=60.0,
    enough_s=45.0,
    content=("Stand for a minute; you need not leave the call.", "Stand up and roll your shoulders."),
    source="B1: interrupt every 30 min (PMC6058032); 1 min of walking each 30 or 60 min lowered blood pressure "
    "(Diaz 2023). Standing alone is the weaker form (PMC9819496), so it is asked for where walking is not possible",
    fades_s=600.0,
)
ACTIVE = BreakType(
    name="active",
    action=Action.WALK,
    clock=Clock.SITTING,
    interval_s=1800.0,
    length_s=300.0,
    enough_s=120.0,
    content=(
        "Stand up and walk a little.",
        "Walk to fetch a glass of water.",
        "Stand up, tuck your pelvis and stretch the front of your hips.",
    ),
    source="B1: 5 min of light walking each 30 min (Diaz 2023, the only dose that lowered glucose, n = 11); active "
    "breaks, new low-back pain 9 % against 33 %, HR 0.34 (10.5271/sjweh.3949); 2 min each 20 min lowered glucose, "
    "too (MSSE 2017 49:2119), so that 2 min count as done",
    fades_s=600.0,
)
REST = BreakType(
    name="rest",
    action=Action.REST,
    clock=Clock.SITTING,
    interval_s=10800.0,
    length_s=900.0,
    enough_s=600.0,
    content=("Lie on your back with your knees bent and let your back settle: constructive rest.",),
    source="B3: no trial of constructive rest alone; lessons that include it helped for a year (ATEAM, BMJ 2008 "
    "337:a884). Length and interval are our own choice",
    again_s=3600.0,
)
WIND_DOWN = BreakType(
    name="wind-down",
    action=Action.REST,
    clock=Clock.SITTING,
    interval_s=3600.0,
    length_s=600.0,
    enough_s=300.0,
    content=("Leave the desk for today: walk through the rooms, then lie down for a while.",),
    source="our own choice: no trial of it is in the evidence",
    again_s=1800.0,
)
DAY = BreakType(
    name="day",
    action=Action.STOP,
    clock=Clock.DAY,
    interval_s=math.inf,
    length_s=3600.0,
    enough_s=3600.0,
    content=("You have sat for as long today as you wanted to; stop here.",),
    source="B1: WHO 2020 limits sitting and gives no number of hours, so none is set",
    again_s=3600.0,
)

RULES = BreakRules(
    types=(SHIFT, SLOUCH, ARCH, MICRO, ACTIVE, REST, WIND_DOWN, DAY),
    modes={
        Mode.DESK: frozenset({"shift", "slouch", "arch", "active", "rest", "day"}),
        Mode.MEETING: frozenset({"micro"}),
        Mode.DRIVING: frozenset(),
        Mode.EVENING: frozenset({"slouch", "arch", "active", "wind-down", "day"}),
    },
    evening=Hours(21 * 3600.0, 4 * 3600.0),
)
