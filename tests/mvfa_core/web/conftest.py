"""The method in a real browser: the modules as they are shipped, at an address of their own that is no server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

from mvfa_core.web import payload

WEB = Path(payload.__file__).parent
HERE = Path(__file__).resolve().parent
ADDRESS = "http://method.test"

Answers = list[dict[str, np.ndarray] | str]


class Method:
    """The modules in a page. `take` gives them a payload, `ask` asks about it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.route(f"{ADDRESS}/**", self._serve)
        page.goto(f"{ADDRESS}/")
        page.evaluate("async () => { window.method = await import('/answers.js'); }")

    @staticmethod
    def _serve(route: Route) -> None:
        name = urlsplit(route.request.url).path.lstrip("/")
        if not name:
            route.fulfill(content_type="text/html", body="<!doctype html><title>method</title>")
            return
        file = next((file for file in (HERE / name, WEB / name) if file.is_file()), None)
        if file is None:  # a handler that fails leaves the page waiting for ever
            route.fulfill(status=404)
            return
        route.fulfill(content_type="text/javascript", body=file.read_text(encoding="utf-8"))

    def take(self, payload: bytes) -> None:
        self.page.evaluate("bytes => window.method.take(bytes)", base64.b64encode(payload).decode())

    def ask(self, questions: list[tuple[str, dict[str, Any]]]) -> Answers:
        """The named numbers of every answer, or the sentence with which it was refused."""
        heads, numbers = self.page.evaluate("asked => window.method.answer(asked)", [list(q) for q in questions])
        values, at = np.frombuffer(base64.b64decode(numbers)), 0
        answers: Answers = []
        for head in json.loads(heads):
            if isinstance(head, str):
                answers.append(head)
                continue
            named = {}
            for name, length in head:
                named[name], at = values[at : at + length], at + length
            answers.append(named)
        return answers

    def answers(self, questions: list[tuple[str, dict[str, Any]]]) -> Iterator[dict[str, np.ndarray]]:
        """As `ask`, where nothing may be refused."""
        for answer in self.ask(questions):
            assert isinstance(answer, dict), answer
            yield answer


@pytest.fixture(scope="session")
def method(browser: Browser) -> Iterator[Method]:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Method(page)
    page.close()
    assert not errors, errors
