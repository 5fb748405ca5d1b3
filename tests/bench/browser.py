"""A page of the app in a real Chromium, with a probe inside that tells when something was painted and how many bytes
went over the websocket until then."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
WIDTH, HEIGHT = 1440, 1000
PATIENCE_MS, CHANGE_MS = 60_000, 20_000

PROBE = """
(() => {
  const probe = (window.mvfaProbe = { sent: [], received: [], drawn: 0, started: 0 });
  const size = (data) => data.byteLength ?? data.size ?? data.length;
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (event) => probe.received.push([performance.now(), size(event.data)]));
    }
    send(data) {
      probe.sent.push([performance.now(), size(data)]);
      super.send(data);
    }
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...args) {
    probe.drawn = performance.now();
    return draw.apply(this, args);
  };
  for (const kind of ["pointermove", "pointerup", "keydown", "input"]) {
    window.addEventListener(kind, (event) => {
      if (probe.armed && !probe.started && kind === probe.kind) probe.started = event.timeStamp;
    }, true);
  }
  const inside = function* (root) {
    yield root;
    for (const node of root.querySelectorAll("*")) if (node.shadowRoot) yield* inside(node.shadowRoot);
  };
  probe.text = (selector, part) => {
    const found = [];
    const top = document.querySelector(selector);
    if (top) for (const root of inside(top)) found.push(...root.querySelectorAll(part));
    return found.map((node) => node.textContent).join(" | ");
  };
  const app = () => document.querySelector("[data-testid=stApp]");
  const settled = () => app()?.getAttribute("data-test-script-state") === "notRunning";
  // From the visitor's event to the end of the frame in which `done` came true.
  probe.arm = (kind, done, patience) => {
    Object.assign(probe, { armed: true, started: 0, kind, sent: [], received: [], drawn: 0 });
    const late = performance.now() + patience;
    // A message that is posted in a frame is read when the frame has been drawn: what is true then was drawn in it.
    probe.result = new Promise((resolve, reject) => {
      const channel = new MessageChannel();
      const next = () => requestAnimationFrame(() => channel.port2.postMessage(null));
      channel.port1.onmessage = () => {
        if (performance.now() > late) return reject(new Error("late"));
        if (!(probe.started && done())) return next();
        probe.armed = false;
        return resolve({ ms: performance.now() - probe.started });
      };
      next();
    });
  };
  probe.settled = settled;
  const total = (list) => list.reduce((sum, [, bytes]) => sum + bytes, 0);
  // When nothing is under way any more: what crossed the wire since the probe was armed, and when.
  probe.finish = async () => {
    const result = await probe.result;
    let quiet = 0;
    while (quiet < 8) {
      await new Promise(requestAnimationFrame);
      quiet = settled() && performance.now() - (probe.received.at(-1)?.[0] ?? 0) > 60 ? quiet + 1 : 0;
    }
    const since = (list, at) => (list.length ? list.at(at)[0] - probe.started : null);
    return {
      ...result, drawn_ms: probe.drawn ? probe.drawn - probe.started : null,
      sent_bytes: total(probe.sent), received_bytes: total(probe.received), messages: probe.received.length,
      sent_ms: since(probe.sent, 0), first_ms: since(probe.received, 0), last_ms: since(probe.received, -1),
    };
  };
})();
"""


class BrowserError(RuntimeError):
    """No browser can be driven here; the sentence says what is missing."""


@dataclass(frozen=True)
class Change:
    """What one movement of a visitor took.

    Attributes:
        ms: from the event in the browser to the frame that shows its result.
        sent_bytes, received_bytes: over the websocket, until nothing was under way any more.
        messages: that came back. sent_ms, first_ms, last_ms: when the first left, the first and the last came.
        drawn_ms: when a canvas was last painted.
    """

    ms: float
    drawn_ms: float | None
    sent_bytes: int
    received_bytes: int
    messages: int
    sent_ms: float | None
    first_ms: float | None
    last_ms: float | None

    @property
    def whole_ms(self) -> float:
        """Until nothing more came and nothing more was painted."""
        return max(self.ms, self.drawn_ms or 0, self.last_ms or 0)


class Tab:
    """One page of the app that can be moved and timed."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    def open(self, path: str) -> None:
        """Go there and wait until the page is complete."""
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the app is connected and its script has run."""
        app = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
        self.page.wait_for_selector(app, timeout=PATIENCE_MS)
        self.page.get_by_test_id("stSkeleton").first.wait_for(state="detached", timeout=PATIENCE_MS)
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def text(self, block: str, part: str) -> str:
        """The text of all `part` inside a block of the page, component or not."""
        return self.page.evaluate("([block, part]) => mvfaProbe.text(block, part)", [block, part])

    def arm(self, kind: str, done: str) -> None:
        """Be ready to time what begins with the next event of that kind and has ended once `done`, JavaScript, is true.
        `changed(block, part)` in it says whether the text there is another one than now; `probe` is the probe. It waits
        until there is a text: a component draws itself a moment after the page's script has ended."""
        script = """async ([kind, source, patience]) => {
            const was = new Map();
            const changed = (block, part) => {
                const now = mvfaProbe.text(block, part);
                if (!was.has(block + part)) was.set(block + part, now);
                return now !== was.get(block + part);
            };
            const done = new Function("changed", "probe", `return ${source};`);
            const late = performance.now() + patience;
            for (;;) {
                was.clear();
                done(changed, mvfaProbe);
                if ([...was.values()].every(Boolean) || performance.now() > late) break;
                await new Promise(requestAnimationFrame);
            }
            mvfaProbe.arm(kind, () => done(changed, mvfaProbe), patience);
        }"""
        self.page.evaluate(script, [kind, done, CHANGE_MS])

    def finish(self) -> Change:
        """What the armed movement took, when nothing is under way any more.

        Raises:
            BrowserError: nothing came of it.
        """
        told = self.page.evaluate("mvfaProbe.finish().catch(() => null)")
        if told is None:
            raise BrowserError(f"nothing changed on the page within {CHANGE_MS // 1000} s")
        return Change(**told)


@contextmanager
def tab(url: str) -> Iterator[Tab]:
    """A fresh browser with one page; it ends with the block.

    Raises:
        BrowserError: Playwright or a Chromium is missing.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise BrowserError(
            "driving a browser needs Playwright, which is not installed: pip install -r requirements-dev.txt"
        ) from error
    program = _program()
    flags = [*FLAGS, *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        try:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.set_default_timeout(PATIENCE_MS)
            page.add_init_script(PROBE)
            yield Tab(page, url)
        finally:
            browser.close()


def _program() -> str:
    for name in (os.environ.get("MVFA_BROWSER", ""), *BROWSERS):
        if name and (path := shutil.which(name)):
            return path
    raise BrowserError("no Chromium was found: install Chromium or Google Chrome, or set MVFA_BROWSER to its path")


def facts(changes: Sequence[Change], *, whole: bool = False) -> dict[str, Any]:
    """Median, p95, least and most of a few changes in ms, and the medians of what they sent.

    Args:
        whole: until the last message and the last stroke on a canvas, if those came later.
    """
    ordered = sorted(change.whole_ms if whole else change.ms for change in changes)
    counts = ("sent_bytes", "received_bytes", "messages")
    return {
        "count": len(ordered),
        "median_ms": nearest(ordered, 0.5),
        "p95_ms": nearest(ordered, 0.95),
        "min_ms": ordered[0],
        "max_ms": ordered[-1],
        **{name: nearest([getattr(change, name) for change in changes], 0.5) for name in counts},
    }


def nearest(values: Sequence[float], share: float) -> float:
    """The least of the values that is not below so large a share of them (nearest rank)."""
    return sorted(values)[max(1, math.ceil(share * len(values))) - 1]
