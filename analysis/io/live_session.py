"""One session as the service holds it: which block comes next, what waits to be fed, and its pipeline."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto

from analysis.break_flow import BreakMemory, LedgerSpan, NewRules, Prompt, PromptState
from analysis.breaks.rules_record import packed, unpacked
from analysis.breaks.types import BreakRules
from analysis.desk import ClockAnchor
from analysis.io.journal import Bundler, Entry, entry_of, readable_inputs, samples_entry
from analysis.io.sources import DESK
from analysis.io.store import Batch, StoredSession
from analysis.journal_records import Kept, encode_input
from analysis.model import Calibration, CarriedPostures, Input, Output, SampleBlock, Segment, SessionEnd
from analysis.pipeline import Pipeline, PipelineSettings

# Blocks come again in order within seconds. One that does not come for this long is gone for good (a store or an
# outbox was deleted), and holding out for it would stop the stream for ever.
GAP_PATIENCE_S = 30.0
ANCHOR_S = 60.0  # between two words on the clock on the wall

_log = logging.getLogger(__name__)


class Verdict(Enum):
    """What becomes of a block that has arrived."""

    NEXT = auto()  # to be stored and fed
    STORED = auto()  # it is in the store already
    EARLY = auto()  # one before it is missing: it will be sent again


@dataclass(slots=True)
class _Stream:
    """Where one segment's blocks stand."""

    next_seq: int = 0  # counting those that wait to be written
    safe_seq: int = -1  # the last one that is in the store
    gap_since_s: float | None = None
    gap_lowest: int = 0


class LiveSession:
    """Takes inputs in arrival order and turns them into batches; what it feeds is what the batch journals."""

    def __init__(self, stored: StoredSession, settings: PipelineSettings) -> None:
        self.stored = stored
        self.newest_s = stored.last_s or 0.0  # end of the newest samples
        self.rules = settings.breaks
        self.prompt: Prompt | None = None  # the one that has not ended
        self.answered = ("", "")  # the prompt that was answered last, and what was said to that
        self.spans: tuple[LedgerSpan, ...] = ()  # the newest of the ledger
        self.memory: BreakMemory | None = None  # the newest, for the session after this one
        self.is_over = False
        self._heard_s: float | None = None  # real time of the last block
        self._pipeline = Pipeline(settings)
        self._bundler = Bundler()
        self._streams = {segment: _Stream(seq, seq - 1) for segment, seq in stored.next_seq.items()}
        self._sensors: set[tuple[Segment, str]] = set()
        self._carried = CarriedPostures(())
        self._rules_record = b""
        self._anchored_s = -math.inf
        self._entries: list[Entry] = []
        self._inputs: list[Input] = []
        self.touched: set[Segment] = set()  # segments whose bridge waits for a word

    def rebuild(self, journal: Iterable[Entry]) -> None:
        """Bring the pipeline to where it was, from the journal; what comes out is in the store already."""
        for bundle in self._bundler.feed(readable_inputs(journal)):
            for item in bundle:
                self._heed(item)
            self._look(self._pipeline.feed(*bundle))

    def judge(self, segment: Segment, seq: int, now_s: float) -> Verdict:
        """What to do with a block; `now_s` is real time."""
        self.touched.add(segment)
        self._heard_s = now_s
        stream = self._streams.setdefault(segment, _Stream())
        if seq < stream.next_seq:
            return Verdict.STORED
        if seq > stream.next_seq and not self._has_waited_for_it(stream, seq, now_s):
            return Verdict.EARLY
        if seq > stream.next_seq:
            _log.warning("blocks %d to %d of %s never came; going on without them", stream.next_seq, seq - 1, segment)
        stream.gap_since_s = None
        return Verdict.NEXT

    @staticmethod
    def _has_waited_for_it(stream: _Stream, seq: int, now_s: float) -> bool:
        if stream.gap_since_s is None:
            stream.gap_since_s, stream.gap_lowest = now_s, seq
        stream.gap_lowest = min(stream.gap_lowest, seq)
        return now_s - stream.gap_since_s > GAP_PATIENCE_S and seq == stream.gap_lowest

    def knows_sensor(self, segment: Segment, sensor_id: str) -> bool:
        return (segment, sensor_id) in self._sensors

    def carry_over(self, calibration: Calibration) -> None:
        """A calibration of the same sensor on the same segment from an earlier session."""
        self.add(replace(calibration, made_s=float("nan")))

    def carry_postures(self, carried: CarriedPostures) -> None:
        """What the wearer has shown in other sessions, where it is something new."""
        if encode_input(carried) != encode_input(self._carried):  # in which NaN equals NaN
            self.add(carried)

    def take_rules(self, rules: BreakRules, at_s: float) -> None:
        """The rules of breaks from `at_s` on, where they are others: kept, so that a replay goes by the same."""
        record = packed(rules)
        if record != self._rules_record:
            self.add(NewRules(at_s, record))

    def anchor(self, utc_s: float, offset_s: float) -> None:
        """What the clock on the wall shows at the end of the newest samples; every minute is often enough."""
        if self.newest_s - self._anchored_s >= ANCHOR_S:
            self._anchored_s = self.newest_s
            self.add(ClockAnchor(self.newest_s, utc_s, offset_s))

    def anchor_anew(self, at_s: float, utc_s: float, offset_s: float) -> None:
        """The clock on the wall was set, or the sensors are silent and time goes on without them."""
        self._anchored_s = at_s
        self.add(ClockAnchor(at_s, utc_s, offset_s))

    def add_block(self, block: SampleBlock, payload: bytes) -> None:
        """A block that `judge` found to be NEXT; `payload` is its message."""
        self._heed(block)
        self._streams[block.segment].next_seq = block.seq + 1
        self.newest_s = max(self.newest_s, float(block.t[-1]))
        self._entries.append(samples_entry(block, payload))
        self._inputs.append(block)

    def add(self, item: Kept) -> None:
        self._heed(item)
        self._entries.append(entry_of(item))
        self._inputs.append(item)

    def _heed(self, item: Input) -> None:
        """What this session itself has to know of an input, live as in a replay."""
        match item:
            case SampleBlock() | Calibration():
                self._sensors.add((item.segment, item.sensor_id))
            case CarriedPostures():
                self._carried = item
            case NewRules():
                self._rules_record = item.rules
                self.rules = unpacked(item.rules) or self.rules
            case SessionEnd():
                self.is_over = True

    def present_s(self, now_s: float) -> float:
        """The session's present at `now_s` of real time: it goes on when the sensors fall silent."""
        return self.newest_s + self.silent_s(now_s)

    def silent_s(self, now_s: float) -> float:
        """Without samples; a simulated wearer's pace is its own, and known from samples alone."""
        is_real = self.stored.is_of_a_person and self._heard_s is not None
        return max(0.0, now_s - (self._heard_s or 0.0)) if is_real else 0.0

    @property
    def goes_on(self) -> bool:
        """It has been heard of since it was taken up, and has not ended."""
        return self._heard_s is not None and not self.is_over

    @property
    def has_sensors(self) -> bool:
        """False: it goes by the clock and the keyboard, and nothing can be asked of a sensor."""
        return self.stored.source != DESK

    def _look(self, told: Iterable[Output]) -> None:
        for output in told:
            match output:
                case Prompt():
                    self.prompt = None if output.state.is_ended else output
                    self.answered = ("", "")  # it is as it is told, whatever was promised
                case BreakMemory():
                    self.memory = output
                case LedgerSpan():
                    self.spans = (*(one for one in self.spans if one.start_s < output.start_s), output)[-2:]

    @property
    def is_asked(self) -> bool:
        """A prompt is on the screen."""
        return self.prompt is not None and self.prompt.state is not PromptState.IN_BREAK

    @property
    def has_work(self) -> bool:
        return bool(self._entries)

    def take(self) -> Batch:
        """Feed all that waits; the batch holds it with everything that came out."""
        told: list[Output] = []
        for bundle in self._bundler.feed(self._inputs):
            told += self._pipeline.feed(*bundle)
        self._look(told)
        batch = Batch(self.stored, self._entries, told)
        self._entries, self._inputs = [], []
        return batch

    def committed(self) -> dict[Segment, int]:
        """To be called once the last batch is in the store: what may now be confirmed, by touched segment."""
        for stream in self._streams.values():
            stream.safe_seq = stream.next_seq - 1
        safe = {segment: self._streams[segment].safe_seq for segment in self.touched}
        self.touched = set()
        return {segment: seq for segment, seq in safe.items() if seq >= 0}
