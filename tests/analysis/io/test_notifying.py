"""Up the ladder until one gets through, every try kept, and nobody real told of what is made up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from analysis.break_flow import Prompt, PromptState
from analysis.io.notify import Delivery, Means, Notifier
from analysis.io.notifying import Notifying
from analysis.io.settings import NotifySettings
from analysis.io.store import Batch, StoredSession
from tests.analysis.io.notify.made_means import MadeMeans

ASKED = Prompt("p1", "active", 1, "You have been sitting for 30 min.", 1800.0, told_s=1800.0)
DONE = replace(ASKED, state=PromptState.DONE, closed_s=2000.0)
STARTED_AT = 1_700_000_000.0


@dataclass
class Person:
    """Whom `surfaces` reach or do not, and what each of them was told."""

    reached_by: Sequence[str] = ()
    told: list[tuple[str, PromptState, int]] = field(default_factory=list)

    def surface(self, name: str, **values: object) -> Notifier:
        async def deliver(prompt: Prompt, means: Means) -> Delivery:
            await asyncio.sleep(0)
            self.told.append((name, prompt.state, prompt.level))
            return Delivery(True) if name in self.reached_by else Delivery(False, f"{name} is not there.")

        return replace(Notifier(name, deliver, lambda _: True), **values)

    def ladder(self) -> dict[str, Notifier]:
        return {
            "buzz": self.surface("buzz", is_worn=True),
            "desktop": self.surface("desktop"),
            "hook": self.surface("hook", reaches=False),
            "page": self.surface("page", level=2),
            "phone": self.surface("phone", level=3),
        }


def batch(*prompts: Prompt, source: str = "radio") -> Batch:
    return Batch(StoredSession(1, "s1", "me", source, STARTED_AT, 7, {}, None), [], list(prompts))


async def tell(
    notifiers: Mapping[str, Notifier], *batches: Batch, settings: NotifySettings | None = None, at_s: float = 1805.0
) -> Notifying:
    means = MadeMeans(settings or NotifySettings()).means
    notifying = Notifying(notifiers, lambda _: means, lambda: STARTED_AT + at_s)
    for one in batches:
        notifying.notify(one)
    await notifying.close()
    return notifying


def names(person: Person) -> list[str]:
    return [name for name, _, _ in person.told]


async def test_who_is_reached_is_not_told_further_up() -> None:
    person = Person(["desktop"])
    notifying = await tell(person.ladder(), batch(ASKED))
    assert sorted(names(person)) == ["buzz", "desktop", "hook"]
    kept = {one.notifier: (one.delivered, one.reason) for one in notifying.take_delivered()}
    assert kept == {
        "buzz": (False, "buzz is not there."),
        "desktop": (True, ""),
        "hook": (False, "hook is not there."),
    }
    assert notifying.take_delivered() == []


async def test_where_nothing_gets_through_the_next_one_is_tried() -> None:
    person = Person(["phone"])
    await tell(person.ladder(), batch(ASKED))
    assert names(person)[-2:] == ["page", "phone"]
    person = Person(["page", "phone"])
    await tell(person.ladder(), batch(ASKED))
    assert names(person)[-1] == "page"


async def test_a_program_that_ran_is_no_person_reached() -> None:
    person = Person(["hook", "page"])
    await tell(person.ladder(), batch(ASKED))
    assert names(person)[-1] == "page"


async def test_an_insistent_prompt_uses_more_at_once() -> None:
    person = Person(["desktop", "phone"])
    await tell(person.ladder(), batch(replace(ASKED, level=3)))
    assert sorted(names(person)) == ["buzz", "desktop", "hook", "page", "phone"]


async def test_the_levels_can_be_set() -> None:
    person = Person(["phone"])
    await tell(person.ladder(), batch(ASKED), settings=NotifySettings(levels={"phone": 1, "desktop": 3}))
    assert sorted(names(person)) == ["buzz", "hook", "phone"]


async def test_what_has_ended_is_told_to_all_and_in_order() -> None:
    person = Person(["desktop"])
    await tell(person.ladder(), batch(ASKED), batch(DONE))
    for name in ("buzz", "desktop", "hook"):
        assert [state for told, state, _ in person.told if told == name] == [PromptState.OPEN, PromptState.DONE]


async def test_a_prompt_that_ended_meanwhile_is_not_taken_further_up() -> None:
    person = Person()
    await tell(person.ladder(), batch(ASKED), batch(DONE))
    assert ("phone", PromptState.OPEN, 1) not in person.told


async def test_the_same_again_is_no_news() -> None:
    person = Person(["desktop"])
    again = replace(ASKED, can_skip=False)
    await tell({"desktop": person.surface("desktop")}, batch(ASKED), batch(again), batch(replace(ASKED, level=2)))
    assert person.told == [("desktop", PromptState.OPEN, 1), ("desktop", PromptState.OPEN, 2)]


@pytest.mark.parametrize("source", ["simulated", "replay"])
async def test_nobody_real_is_told_of_what_is_made_up_unless_asked_for(source: str) -> None:
    person = Person()
    await tell(person.ladder(), batch(ASKED, source=source))
    assert names(person) == ["buzz"]
    person = Person(["desktop"])
    await tell(person.ladder(), batch(ASKED, source=source), settings=NotifySettings(simulated=True))
    assert sorted(names(person)) == ["buzz", "desktop", "hook"]


async def test_a_prompt_of_long_ago_is_not_told_and_one_kept_back_for_long_is() -> None:
    person = Person(["desktop"])
    notifying = await tell(person.ladder(), batch(ASKED), at_s=2500.0)
    assert person.told == []
    assert {one.delivered for one in notifying.take_delivered()} == {False}
    await tell(person.ladder(), batch(replace(ASKED, told_s=2490.0)), at_s=2500.0)
    assert "desktop" in names(person)


async def test_what_is_not_asked_for_is_not_used() -> None:
    person = Person(["desktop", "phone"])
    off = {"desktop": person.surface("desktop", is_asked=lambda _: False), "phone": person.surface("phone", level=3)}
    await tell(off, batch(ASKED))
    assert names(person) == ["phone"]
