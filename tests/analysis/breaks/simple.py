"""Rules with one type of break, for tests of what is around the policy."""

from __future__ import annotations

from analysis.breaks.types import Action, BreakRules, BreakType, Clock, Fading, Mode


def standing_after(sit_s: float, *, ignore_s: float = 600.0, rise_s: float = 10.0) -> BreakRules:
    """Asks at once to stand after so much sitting, and again after as much when it was ignored."""
    stand = BreakType(
        name="stand",
        action=Action.STAND,
        clock=Clock.SITTING,
        interval_s=sit_s,
        length_s=2 * rise_s,
        enough_s=rise_s,
        content=("Stand up.",),
        heads_up_s=0.0,
        ignore_s=ignore_s,
        again_s=sit_s,
    )
    modes = {mode: frozenset({"stand"}) for mode in Mode}
    return BreakRules((stand,), modes, return_s=0.0, rise_s=rise_s, fading=Fading(is_on=False))
