"""A real server in a process of its own, and a page that tells on every error it meets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from mvfa_core.training.runs import list_runs

START_S = 300
SETTLE_MS = 60_000
OPENINGS = 4  # of a list, until it stays open
expect.set_options(timeout=15_000)  # two cores that may be training at the same time


class Server:
    """`streamlit run app/main.py` at an address of its own, with a runs folder of its own.

    Args:
        settings: of the environment. base: the path below which it answers, such as /tools/mvfa.
    """

    def __init__(self, root: Path, folder: Path, settings: Mapping[str, str] | None = None, base: str = "") -> None:
        self.root, self.folder, self.settings, self.base = root, folder, settings or {}, base
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}{base}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it answers."""
        streamlit = Path(sys.executable).with_name("streamlit")
        command = [str(streamlit), "run", "app/main.py", f"--server.port={self.port}", "--server.headless=true"]
        places = {f"MVFA_{name.upper()}": str(self.folder / name) for name in ("runs", "cache", "data")}
        if self.base:
            command.append(f"--server.baseUrlPath={self.base}")
        environment = {**os.environ, **places, **self.settings}
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.root, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the server did not start:\n{(self.folder / 'server.log').read_text()}")

    def stop(self) -> None:
        """End the server's process, and nothing else."""
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def stop_runs(self) -> None:
        """End whatever is still being trained: runs outlive the server by design."""
        for run in list_runs(self.folder / "runs"):
            if run.is_alive():
                psutil.Process(json.loads((run.path / "process.json").read_text())["pid"]).terminate()


@contextmanager
def started(server: Server) -> Iterator[Server]:
    """The server at work, and neither it nor a run of it left behind."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.stop_runs()


@pytest.fixture(scope="session")
def server(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with started(Server(repo_root, tmp_path_factory.mktemp("server"))) as running:
        yield running


def _is_streamlits_probe(message: ConsoleMessage) -> bool:
    # On /train Streamlit's own client first asks /train/_stcore/health where its server is, and is told 404.
    return "404" in message.text and "/_stcore/" in message.location.get("url", "")


def errors_of(page: Page) -> list[str]:
    """Every error that the page meets from now on."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"page error: {error}"))
    page.on(
        "console",
        lambda message: (
            errors.append(f"console: {message.text}")
            if message.type == "error" and not _is_streamlits_probe(message)
            else None
        ),
    )
    return errors


@pytest.fixture
def visit(page: Page, server: Server) -> Iterator[Callable[[str], Page]]:
    """visit("/train") -> the page when it has settled; any error on the way or later fails the test."""
    errors = errors_of(page)

    def go(path: str) -> Page:
        page.goto(server.url + path)
        settle(page)
        return page

    yield go
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.locator('[aria-label="undefined"]')).to_have_count(0)  # a word that was not handed over
    assert not errors, "\n".join(errors)


def settle(page: Page) -> None:
    """Wait until the page is connected and its script has run."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED", timeout=SETTLE_MS)
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=SETTLE_MS)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=SETTLE_MS)  # parts that are fetched when needed
    expect(page.get_by_test_id("stException")).to_have_count(0)


def choose(page: Page, box: Locator, option: str, exact: bool = False) -> None:
    """Pick an option of a list; a list that was open when its page was drawn again has closed and is opened anew."""
    wanted = page.get_by_role("option", name=option, exact=exact)
    for _ in range(OPENINGS):
        settle(page)
        box.click()
        try:
            wanted.click(timeout=SETTLE_MS / OPENINGS)
            return
        except PlaywrightTimeoutError:
            page.keyboard.press("Escape")
    raise AssertionError(f"{box} offered no {option!r} in {OPENINGS} openings")


def panel(page: Page, title: str) -> Locator:
    """The panel of a board with that title."""
    return page.locator("figure.panel").filter(has=page.get_by_role("heading", name=title, exact=True))


def point(stage: Locator, x: int, y: int) -> dict:
    """The middle of cell (x, y) of 14 x 14, in px of a panel's stage, which is brought into view."""
    stage.scroll_into_view_if_needed()
    size = stage.bounding_box()
    assert size
    return {"x": size["width"] * (x + 0.5) / 14, "y": size["height"] * (y + 0.5) / 14}
