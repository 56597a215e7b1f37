"""The one way from samples to prompts: live, batch and replay only differ in where inputs come from.

However the same inputs are cut into blocks and grouped into feeds, the frames, events and prompts are the same to the
last bit, as long as within a feed neither sensor ran more than `align.LAG_S` ahead of the other.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analysis import metrics
from analysis.align import Aligner
from analysis.break_flow import BreakMemory, BreakRequest, NewRules
from analysis.breaks import defaults
from analysis.breaks.policy import BreakPolicy, Told
from analysis.breaks.types import BreakRules
from analysis.calibrator import Calibrator
from analysis.correcting import Correcting
from analysis.desk import ClockAnchor, DeskState, Slept
from analysis.detectors.activity import ActivityFilter, beside
from analysis.detectors.activity_model import ActivityModel, shipped
from analysis.detectors.seconds import ticks_of
from analysis.detectors.watchers import Watchers
from analysis.frames import SECOND, at_frame_rate, frame_of, part
from analysis.metrics import Metric
from analysis.model import (
    CalibrateRequest,
    Calibration,
    CalibrationKind,
    CarriedPostures,
    Event,
    Input,
    Label,
    Output,
    Pose,
    PostureFrame,
    Quality,
    SampleBlock,
    Segment,
    SegmentOrientation,
    SessionEnd,
)
from analysis.mounting import Mountings, split
from analysis.registry import discover
from analysis.slips import SlipWatch
from analysis.streams import Stream
from analysis.worn import WornWatch, not_worn

FLEXION_SHARE = "lumbar_flexion_share"  # a value beside the metrics', in %


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What a person may set; everything else is a constant beside the code that uses it."""

    breaks: BreakRules = defaults.RULES
    height_m: float = math.nan  # of the wearer; NaN = not known
    activity: ActivityModel = field(default_factory=shipped)


class Pipeline:
    """One session of one wearer. Blocks that are not sane lose their broken rows and nothing else."""

    def __init__(self, settings: PipelineSettings) -> None:
        self._metrics = discover(metrics, "METRIC", Metric)
        self._watchers = Watchers(settings.height_m)
        self._policy = BreakPolicy(settings.breaks)
        self._streams = {segment: Stream(segment) for segment in Segment}
        self._calibrator = Calibrator(self._streams)
        self._carried: dict[Segment, Calibration] = {}  # for a sensor that has not come yet
        self._mountings = Mountings()
        self._aligner = Aligner()
        self._worn = WornWatch()
        self._activity = ActivityFilter(settings.activity)
        self._slips = SlipWatch()
        self._correcting = Correcting()
        self._end: SessionEnd | None = None

    @property
    def _is_over(self) -> bool:
        return self._end is not None

    @property
    def _newest_s(self) -> float:
        return max(stream.newest_s for stream in self._streams.values())

    def feed(self, *inputs: Input) -> list[Output]:
        """Everything that became known: labels and calibrations, then frames, then events, then what breaks tell."""
        if self._is_over:
            notes = [event for item in inputs if isinstance(item, Label) for event in self._noted(item)]
            return [*notes, *self._learnt(math.inf)]
        told: list[Output] = []
        for item in inputs:
            self._take(item, told)
        return told + self._told()

    def _told(self) -> list[Output]:
        self._turn()
        until_s = math.inf if self._is_over else self._aligner.watermark_s
        told: list[Output] = []
        learnt: list[Event] = []
        frames = list(self._frames(until_s, told, learnt))
        if self._is_over:
            learnt += self._learnt(math.inf)
        told += [*frames, *learnt, *self._noticed(frames)]
        self._calibrator.forget()
        return told

    def _take(self, item: Input, told: list[Output]) -> None:
        match item:
            case SampleBlock() if not self._is_over:
                self._take_block(item)
            case CalibrateRequest() if not self._is_over:
                self._calibrator.ask(item)
            case Calibration() if not self._is_over:
                self._carry_over(item)
            case Label():
                told += self._noted(item)
                if item.activity is not None and not self._is_over:
                    self._policy.correct(item, self._newest_s)
            case CarriedPostures() if not self._is_over:
                self._correcting.carry(item, self._newest_s)
            case SessionEnd():
                self._end = self._end or item
            case DeskState() | ClockAnchor() | Slept() | BreakRequest() | BreakMemory() | NewRules() if (
                not self._is_over
            ):
                if self._policy.is_silent(item, self._newest_s):
                    told += self._told()  # time goes on without samples: what they still hold comes first
                told += self._policy.take(item, self._newest_s)
            case _:
                pass  # after the session's end there is nothing left to feed

    def _take_block(self, block: SampleBlock) -> None:
        stream = self._streams[block.segment]
        was_worn = bool(stream.worn)
        if not stream.take(block):
            return
        since_s = stream.worn[-1][0] if was_worn else -math.inf
        if was_worn:
            self._activity.changed(block.segment, since_s)
            self._mountings.put(block.segment, since_s, None)
            self._calibrator.held.put(block.segment, since_s, None)
        carried = self._carried.get(block.segment)
        if carried is not None and carried.sensor_id == block.sensor_id:
            del self._carried[block.segment]
            self._take_up(carried, since_s)

    def _carry_over(self, calibration: Calibration) -> None:
        worn = self._streams[calibration.segment].worn
        if worn and worn[-1][1] == calibration.sensor_id:
            self._take_up(calibration, self._newest_s)
        else:
            self._carried[calibration.segment] = calibration

    def _take_up(self, calibration: Calibration, after_s: float) -> None:
        """One of an earlier session, with the wearer's range if it was known then."""
        self._install(calibration, after_s, is_current=False)
        self._calibrator.held.put(calibration.segment, after_s, calibration)
        if calibration.flexion is not None:
            self._calibrator.held.put_range(after_s, calibration.flexion)

    def _install(self, calibration: Calibration, after_s: float, *, is_current: bool) -> None:
        self._mountings.put(calibration.segment, after_s, calibration.mounting)
        self._activity.calibrated(calibration.stance, after_s, is_current=is_current)
        keeps_walk = calibration.kind is CalibrationKind.TALL and is_current
        self._slips.calibrated(calibration.segment, calibration.stance, after_s, keeps_walk=keeps_walk)
        self._correcting.calibrated(calibration.stance, after_s)
        self._watchers.calibrated(calibration, after_s)

    def _turn(self) -> None:
        for stream in self._streams.values():
            self._keep(stream.turned(is_over=self._is_over))
        for segment in self._aligner.laggards:
            self._keep(self._streams[segment].peeked())

    def _keep(self, parts: list[SegmentOrientation]) -> None:
        self._calibrator.take(parts)
        self._aligner.take(parts)

    def _frames(self, until_s: float, told: list[Output], learnt: list[Event]) -> Iterator[PostureFrame]:
        """Of all that is known until `until_s`; calibrations go to `told`, slips and corrections to `learnt`."""
        for whole in self._aligner.flush() if self._is_over else self._aligner.feed(()):
            answers_s = [one.after_s for one in self._calibrator.ready(until_s) if math.isfinite(one.after_s)]
            for sensors in self._parts(whole, [*answers_s, *self._correcting.due_s]):
                self._settle(float(sensors.t[0]), until_s, told)
                learnt += self._learnt(float(sensors.t[0]))
                pose = self._worn.feed(self._mountings.applied(sensors))
                for off in self._worn.news():
                    self._watchers.bared(off)
                self._watchers.moved(pose)
                shown = at_frame_rate(pose)
                seen = self._activity.feed(sensors, pose, shown.t)
                for span in self._activity.news():
                    self._watchers.retold(span)
                activity = not_worn(shown, seen.activity)
                if len(shown.t):
                    learnt += self._slips.feed(shown, activity)
                    frame = self._with_share(beside(frame_of(shown, self._metrics, activity), seen))
                    self._correcting.feed(frame)
                    yield frame
        self._settle(math.inf, until_s, told)

    def _parts(self, whole: Pose, after_s: Iterable[float]) -> Iterator[Pose]:
        """A pose cut after each of these, and where a correction may hold: known only once what was before is told."""
        for stretch in split(whole, after_s):
            rest = [stretch]
            while rest:
                first, *rest = split(rest[0], [self._slips.next_s(float(rest[0].t[0]))])
                yield first

    def _settle(self, before_s: float, until_s: float, told: list[Output]) -> None:
        """Put in force, in order, what holds from before `before_s` on; every earlier tick has been told."""
        for waiting in self._calibrator.ready(until_s):
            if waiting.after_s >= before_s:
                break
            known_s = min(waiting.after_s, until_s)
            self._follow(known_s, told)
            answer = self._calibrator.answer(waiting, self._slips.slipped(known_s))
            for calibration in answer.calibrations:
                if answer.is_mounting:
                    self._install(calibration, answer.after_s, is_current=answer.is_current)
                told.append(calibration)
            told.append(answer.event)
        self._follow(min(before_s, until_s), told)

    def _follow(self, before_s: float, told: list[Output]) -> None:
        """Small drifts that walking has shown: the mounting alone changes."""
        corrections = self._slips.corrections(before_s)
        answer = self._calibrator.follow(corrections) if corrections else None
        if answer is not None:
            for calibration in answer.calibrations:
                self._mountings.put(calibration.segment, answer.after_s, calibration.mounting)
            told += [*answer.calibrations, answer.event]

    def _with_share(self, frame: PostureFrame) -> PostureFrame:
        """And the one value that no posture alone tells: it takes the wearer's own range."""
        lordosis_deg = frame.values["lumbar_lordosis"]
        share = self._calibrator.held.share(frame.t, lordosis_deg)
        lacks = np.isnan(share) & ~np.isnan(lordosis_deg)
        quality = np.where(lacks, frame.quality | np.uint16(Quality.NO_RANGE), frame.quality)
        return replace(frame, values={**frame.values, FLEXION_SHARE: share}, quality=quality)

    def _noticed(self, frames: Sequence[PostureFrame]) -> list[Output]:
        found = self._watchers.feed(frames, is_over=self._is_over)
        prompts = self._prompted(frames, found)
        events = [event for second in sorted(found) for event in found[second]]
        if self._end is not None:
            events += self._watchers.close(self._end.at_s)
            prompts += self._policy.close(self._end.at_s)
        return [*events, *prompts]

    def _prompted(self, frames: Sequence[PostureFrame], found: Mapping[int, list[Event]]) -> list[Told]:
        """Breaks wait for no second to be over: a rise counts from its tick, what a second tells from its end."""
        prompts: list[Told] = []
        seconds = deque(sorted(found))
        for frame in frames:
            first, ticks = 0, ticks_of(frame)
            while seconds and (seconds[0] + 1) * SECOND <= ticks[-1]:
                end = int(np.searchsorted(ticks, (seconds[0] + 1) * SECOND))
                prompts += self._policy.feed(part(frame, first, end))
                self._policy.know(found[seconds.popleft()])
                first = end
            prompts += self._policy.feed(part(frame, first, len(ticks)))
        for second in seconds:
            self._policy.know(found[second])
        return prompts

    def _noted(self, label: Label) -> list[Event]:
        if label.activity is None:
            return [Event("label", label.start_s, label.end_s, {"text": label.text})]
        return self._correcting.correct(label, self._newest_s)

    def _learnt(self, until_s: float) -> list[Event]:
        """What corrections teach, now that all ticks before `until_s` have been told."""
        events: list[Event] = []
        for learnt in self._correcting.learn(until_s):
            events += learnt.events
            for own in learnt.own:
                self._activity.adapted(own, learnt.from_s)
                self._watchers.adapted(own, learnt.from_s)
        return events
