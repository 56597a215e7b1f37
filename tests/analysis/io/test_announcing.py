"""What is said on MQTT, and how much of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import schema
from analysis.break_flow import Prompt
from analysis.errors import PostureError, SchemaError
from analysis.io.announcing import FRAMES_PER_S, Announcer, frame_message
from analysis.io.commands import CommandDesk, input_of_command
from analysis.model import Activity, CalibrateRequest, Event, Label, PostureFrame, Quality, SessionEnd, Stance
from analysis.schema import Command, EventMessage, FrameMessage, PromptMessage


class Paper:
    """Keeps what is published."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes, int]] = []

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        assert retain == topic.endswith("/prompt")
        self.said.append((topic, payload, qos))

    def times(self) -> list[float]:
        return [schema.decode(payload, FrameMessage).t for topic, payload, _ in self.said if topic.endswith("frames")]


def posture(first_tick: int, count: int) -> PostureFrame:
    ticks = first_tick + np.arange(count)
    quality = np.full(count, int(Quality.MOVING | Quality.SETTLING), np.uint16)
    return PostureFrame(ticks / 10, {"tilt": np.where(ticks % 2, 1.5, np.nan)}, np.full(count, 3, np.int8), quality)


def test_a_frame_says_what_it_knows() -> None:
    frame = posture(0, 2)
    assert frame_message("s", frame, 0).values == {"tilt": None}
    told = schema.decode(schema.encode(frame_message("s", frame, 1)), FrameMessage)
    assert (told.t, told.values, told.activity) == (0.1, {"tilt": 1.5}, "walking")
    assert sorted(told.quality) == ["moving", "settling"]


def test_at_the_pace_of_real_time_every_frame_is_told() -> None:
    paper, announcer = Paper(), Announcer("me")
    for second in range(300):
        for half in range(2):
            announcer.announce(paper, "s", [posture(10 * second + 5 * half, 5)], second + half / 2)
    assert len(paper.times()) == 3000


@given(st.lists(st.tuples(st.integers(0, 400), st.floats(0.05, 2.0)), min_size=1, max_size=30))
def test_fast_data_are_thinned_evenly_and_the_newest_is_told(steps: list[tuple[int, float]]) -> None:
    paper, announcer, tick, now_s = Paper(), Announcer("me"), 0, 100.0
    for count, pause_s in steps:
        announcer.announce(paper, "s", [posture(tick, count)] if count else [], now_s)
        tick += count
        now_s += pause_s
    times = paper.times()
    assert times == sorted(set(times))
    assert len(times) <= 20 + FRAMES_PER_S * (now_s - 100.0)


def test_events_and_prompts_are_all_told() -> None:
    paper = Paper()
    event, prompt = Event("rise", 1.0, 2.0, {"n": 1}), Prompt("p", "stand", 1, "Stand up.", 3.0)
    Announcer("me").announce(paper, "s", [event, prompt, posture(0, 1)], 0.0)
    assert [(topic, qos) for topic, _, qos in paper.said] == [
        ("upstand/v1/me/events", 1),
        ("upstand/v1/me/prompts", 1),
        ("upstand/v1/me/prompt", 1),  # retained: the newest as it stands, for whoever comes later
        ("upstand/v1/me/frames", 0),
    ]
    assert schema.decode(paper.said[0][1], EventMessage).values == {"n": 1}
    assert schema.decode(paper.said[1][1], PromptMessage).reason == "Stand up."


def test_commands_become_inputs() -> None:
    sitting = Command(id="a", action="calibrate", stance=Stance.SITTING)
    assert input_of_command(sitting, 12.5)[0] == CalibrateRequest(12.5, 5.0, Stance.SITTING)
    label = Command(id="b", action="label", text=" phone ", start_s=1.0, end_s=2.0)
    assert input_of_command(label, 12.5) == (Label(1.0, 2.0, "phone"), "The label is kept.")
    assert input_of_command(Command(id="c", action="label", text="x"), 12.5)[0] == Label(12.5, 12.5, "x")
    assert input_of_command(Command(id="d", action="end"), 12.5)[0] == SessionEnd(12.5)
    sat = Command(id="e", action="correct", activity=Activity.SITTING, start_s=3.0, end_s=9.0)
    assert input_of_command(sat, 12.5)[0] == Label(3.0, 9.0, "", Activity.SITTING)
    assert input_of_command(sat, 6.5)[0] == Label(3.0, 6.5, "", Activity.SITTING)  # nobody knows the future


@pytest.mark.parametrize(
    "command",
    [
        Command(id="a", action="calibrate"),
        Command(id="a", action="calibrate", stance=Stance.SITTING, duration_s=0.0),
        Command(id="a", action="calibrate", stance=Stance.SITTING, start_s=float("nan")),
        Command(id="a", action="label", text=" "),
        Command(id="a", action="label", text="x", start_s=2.0, end_s=1.0),
        Command(id="a", action="correct", start_s=1.0, end_s=2.0),
        Command(id="a", action="correct", activity=Activity.SITTING, start_s=2.0, end_s=2.0),
        Command(id="a", action="correct", activity=Activity.SITTING, start_s=13.0, end_s=20.0),
        Command(id="a", action="buzz"),
    ],
)
def test_commands_that_make_no_sense_are_refused_in_words(command: Command) -> None:
    with pytest.raises(PostureError, match=r"\.$"):
        input_of_command(command, 0.0)


def test_every_command_gets_one_reply() -> None:
    desk = CommandDesk()
    desk.take("me", Command(id="named", action="end", session_id="s"), 0.0)
    desk.take("me", Command(id="any", action="end"), 0.0)
    desk.take("me", Command(id="any", action="end"), 0.5)
    with pytest.raises(SchemaError):
        desk.take("me", Command(id="no/topic", action="end"), 0.0)
    replies = []
    for now_s in np.arange(0.0, 15.0, 0.5):
        desk.carry_out(lambda *_: None, float(now_s))
        replies += [(reply.id, reply.ok, float(now_s)) for _, reply in desk.take_replies()]
    assert replies == [("any", False, 2.5), ("named", False, 10.5)]
