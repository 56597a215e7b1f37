"""Prompts go out through Apprise, to a real web server here; without the extra it says what to install."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import ClassVar

import pytest
from pydantic import SecretStr

from analysis.break_flow import Prompt, PromptState
from analysis.io.notify import Delivery, Means
from analysis.io.notify.phone import Phone
from analysis.io.settings import NotifySettings
from tests.analysis.io.notify.made_means import MadeMeans

ASKED = Prompt("p1", "active", 3, "You have been sitting for 30 min.", 1800.0, action="Walk a little.")
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's import
installed = pytest.mark.skipif(find_spec("apprise") is None, reason="the extra `phone` is not installed")


def means(*urls: str) -> Means:
    return MadeMeans(NotifySettings(phone=tuple(SecretStr(url) for url in urls))).means


class Web(BaseHTTPRequestHandler):
    """Takes what is posted to it."""

    posted: ClassVar[list[dict[str, str]]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.posted.append(json.loads(self.rfile.read(length)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - named by its base class
        pass


@pytest.fixture
def web() -> Iterator[str]:
    Web.posted.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://127.0.0.1:{server.server_port}/"
        server.shutdown()


@installed
async def test_a_prompt_is_sent_once(web: str) -> None:
    phone = Phone()
    assert await phone.deliver(ASKED, means(web)) == Delivery(True)
    assert await phone.deliver(replace(ASKED, can_skip=False), means(web)) is None
    assert await phone.deliver(replace(ASKED, state=PromptState.DONE), means(web)) is None
    [posted] = Web.posted
    assert (posted["title"], posted["message"]) == ("Walk a little.", "You have been sitting for 30 min.")


@installed
async def test_one_address_of_two_is_enough(web: str) -> None:
    assert await Phone().deliver(ASKED, means("nonsense://secret", web)) == Delivery(True)


@installed
async def test_what_fails_is_told_without_the_secret() -> None:
    delivery = await Phone().deliver(ASKED, means("nonsense://secret", "json://secret@127.0.0.1:1/"))
    assert delivery is not None
    assert not delivery.delivered
    assert "no. 1 is none that Apprise knows, no. 2 did not take it" in delivery.reason
    assert "secret" not in delivery.reason


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    delivery = await Phone().deliver(ASKED, means("ntfy://topic"))
    assert delivery == Delivery(
        False, "Telling the phone needs Apprise; install it with `pip install 'upstand[phone]'`."
    )
