"""What the service says on MQTT about outputs that are safe in the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np

from analysis import schema
from analysis.break_flow import Prompt
from analysis.io.frames import join
from analysis.model import Activity, Event, Output, PostureFrame, Quality

FRAMES_PER_S = 15.0  # of real time; data that run faster are thinned out
_BURST = 20.0


class Publisher(Protocol):
    """What is needed of a `mqtt.Connection`."""

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None: ...


class Announcer:
    """Publishes outputs of all sessions of one wearer; frames at FRAMES_PER_S at most."""

    def __init__(self, wearer: str) -> None:
        self._wearer = wearer
        self._allowance = _BURST
        self._at_s = 0.0

    def announce(self, publisher: Publisher, session_id: str, outputs: Iterable[Output], now_s: float) -> None:
        """`now_s` is real time."""
        frames: list[PostureFrame] = []
        for output in outputs:
            match output:
                case PostureFrame():
                    frames.append(output)
                case Event():
                    message = schema.encode(schema.event_message(session_id, output))
                    publisher.publish(schema.topic(self._wearer, "events"), message, qos=1)
                case Prompt():
                    message = schema.encode(schema.prompt_message(session_id, output))
                    publisher.publish(schema.topic(self._wearer, "prompts"), message, qos=1)
                    publisher.publish(schema.topic(self._wearer, "prompt"), message, qos=1, retain=True)
        frame = join(frames)
        topic = schema.topic(self._wearer, "frames")
        for row in self._chosen(len(frame.t), now_s):
            publisher.publish(topic, schema.encode(frame_message(session_id, frame, row)), qos=0)

    def _chosen(self, count: int, now_s: float) -> list[int]:
        """Rows to publish, evenly spread, the newest among them."""
        self._allowance = min(_BURST, self._allowance + max(0.0, now_s - self._at_s) * FRAMES_PER_S)
        self._at_s = now_s
        take = min(count, int(self._allowance))
        self._allowance -= take
        return [count - 1 - (count * back) // take for back in range(take - 1, -1, -1)] if take else []


def frame_message(session_id: str, frame: PostureFrame, row: int) -> schema.FrameMessage:
    values = {name: float(column[row]) for name, column in frame.values.items()}
    return schema.FrameMessage(
        session_id=session_id,
        t=float(frame.t[row]),
        values={name: None if np.isnan(value) else value for name, value in values.items()},
        activity=Activity(int(frame.activity[row])).name.lower(),
        quality=[bit.name.lower() for bit in Quality(int(frame.quality[row])) if bit.name],
    )
