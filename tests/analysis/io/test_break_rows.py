"""The record of breaks in the store: what is told again replaces what was told, and a new session finds the last."""

from __future__ import annotations

from pathlib import Path

from analysis.break_flow import BreakMemory, BreakTally, LedgerSpan, Prompt, PromptState
from analysis.breaks.ledger import why
from analysis.io.reader import Reader
from analysis.io.store import Batch, Store

FIRST = LedgerSpan(0.0, None, "not_due", "active", 0.0, 1.0, 1800.0)
TOLD = LedgerSpan(0.0, 600.0, "not_due", "active", 0.0, 1.0, 1800.0)
NEXT = LedgerSpan(600.0, None, "camera", "active", 1800.0, 1.0, 1800.0)
MEMORY = BreakMemory(600.0, 1e9, {"active": 1800.0}, 1800.0, 4, {"active": 1}, {"active": 0.25})
PROMPT = Prompt(
    prompt_id="active-1",
    kind="active",
    level=2,
    reason="You have been sitting for 30 min.",
    due_s=1800.0,
    state=PromptState.SHORT,
    closed_s=1950.0,
    told_s=1801.0,
    begun_s=1850.0,
    credited_s=60.0,
    length_s=300.0,
    action="Walk.",
    can_postpone=False,
    can_skip=False,
)


def test_spans_tallies_prompts_and_the_memory_come_back(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    with Store.open(url) as store:
        session = store.session("one", "me", "radio", 1000.0)
        store.write([Batch(session, (), [FIRST, BreakTally(4, "active", prompted=1), PROMPT])])
        store.write([Batch(session, (), [TOLD, NEXT, BreakTally(4, "active", prompted=2), MEMORY])])
        assert store.break_memory("me", "one") is None
        assert store.break_memory("me", "two") == MEMORY
        assert store.break_memory("somebody", "two") is None
    with Reader(url) as reader:
        read = reader.newest_session("me")
        assert read is not None
        assert reader.break_spans(read) == [TOLD, NEXT]
        assert reader.break_tallies(read) == [BreakTally(4, "active", prompted=2)]
        assert reader.prompts(read) == [PROMPT]
        assert "the camera was in use" in why(reader.break_spans(read), 700.0)
