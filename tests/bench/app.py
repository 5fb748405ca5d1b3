"""How long the app takes from a movement of the hand to the new picture on the screen, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch

from mvfa_core.checkpoints import bundled, load_model
from tests.bench.browser import BrowserError, Change, Tab, facts, tab
from tests.bench.served import Served, served

BROWSER, SERVER, RESTS = "browser", "server", "browser; the server at rest"
MODEL = "compact_mfa"
"""Small, so that the app is timed and not the network."""
VIEW = f"model={MODEL}&picture=scene-23"
WARM_UP = 2
FORWARDS = 25
LOST = 3
NEW = 10
"""Pictures on the strip that the server has not seen, less the warm-up."""
PICTURE = "new picture"
LIVE = ".st-key-live"
MAPS, REGIONS, DIAL, CELL, VOTES = (
    f".st-key-board_{name}" for name in ("maps", "regions", "dial", "attention", "votes")
)


@dataclass(frozen=True)
class Control:
    """One thing a visitor moves.

    Attributes:
        name: for people. where: which side has to answer; `BROWSER` may send nothing at all.
        path: of the page. kind: the event that begins it. done: JavaScript, true once its result is in the page.
        move: does it, given the number of the round.
        whole: timed until all of the page is complete, not just until the first result.
    """

    name: str
    where: str
    path: str
    kind: str
    done: str
    move: Callable[[Tab, int], None]
    whole: bool = False


@dataclass(frozen=True)
class Timed:
    """A control after some rounds; `passes` are the pictures that went through the backbone meanwhile."""

    control: Control
    changes: tuple[Change, ...]
    passes: int

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.control.name, "where": self.control.where, **facts(self.changes, whole=self.control.whole),
            "passes": self.passes,
        }  # fmt: skip


def bench_app(rounds: int) -> tuple[list[Timed], float]:
    """Every control of `CONTROLS`, so many rounds of it, and the median milliseconds of the bare forward pass.

    Raises:
        BrowserError, ServedError: no browser or no app here.
    """
    with served() as app, tab(app.url) as page:
        timed = [_timed(control, app, page, min(rounds, NEW) if control.whole else rounds) for control in CONTROLS]
    return timed, forward_ms()


def forward_ms() -> float:
    """Median milliseconds of one picture through the model, and nothing else."""
    model = load_model(bundled()[MODEL]).eval()
    image_B3SS = torch.randn(1, 3, model.side, model.side)
    taken = []
    with torch.no_grad():
        for _ in range(FORWARDS):
            start = time.perf_counter()
            model(image_B3SS)
            taken.append(1000 * (time.perf_counter() - start))
    return median(taken)


def _timed(control: Control, app: Served, page: Tab, rounds: int, warm_up: int = WARM_UP) -> Timed:
    page.open(control.path)
    changes = []
    for number in range(warm_up + rounds):
        if number == warm_up:
            before = app.passes()
        changes.append(_moved(control, page, number))
    return Timed(control, tuple(changes[warm_up:]), app.passes() - before)


def _moved(control: Control, page: Tab, number: int) -> Change:
    """One round. A press that the page lost while it was drawn anew is made again, a few times."""
    for left in range(LOST, -1, -1):
        page.arm(control.kind, control.done)
        control.move(page, number)
        try:
            return page.finish()
        except BrowserError:
            if not left:
                raise
    raise AssertionError("unreachable")


# --- what is moved ---


def _more_anchors(page: Tab, number: int) -> None:
    page.page.locator(".st-key-k input[type=range]").press("ArrowRight")


def _drag_anchors(page: Tab, number: int) -> None:
    """The button goes down with the first round and stays down: nothing is asked of the server while it is."""
    slider = page.page.locator(f"{LIVE} .k input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * (0.1 + 0.8 * (number * 0.618 % 1)), box["y"] + box["height"] / 2
    if number == 0:
        page.page.mouse.move(box["x"] + box["width"] / 2, y)
        page.page.mouse.down()
    page.page.mouse.move(x, y)


def _press_size(page: Tab, number: int) -> None:
    sizes = page.page.locator(f"{LIVE} .sizes button")
    sizes.first.wait_for()
    sizes.nth(number % sizes.count()).click()


def _stage(page: Tab, block: str, number: int) -> tuple[float, float]:
    """Somewhere on the first picture of a board, another place every time, in px of the window."""
    stage = page.page.locator(f"{block} .stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    u, v = 0.05 + 0.9 * (number * 0.618 % 1), 0.05 + 0.9 * (number * 0.414 % 1)
    return box["x"] + u * box["width"], box["y"] + v * box["height"]


def _live_cell(page: Tab, number: int) -> None:
    page.page.mouse.click(*_stage(page, MAPS, number))


def _choose_cell(page: Tab, number: int) -> None:
    page.page.mouse.click(*_stage(page, CELL, number))


def _hover(page: Tab, number: int) -> None:
    page.page.mouse.move(*_stage(page, MAPS, number))


def _fade(page: Tab, number: int) -> None:
    page.page.locator(f"{MAPS} .opacity input").press("ArrowLeft" if number % 2 else "ArrowRight")


def _turn(page: Tab, number: int) -> None:
    page.page.locator(f"{DIAL} .dial input").press("ArrowLeft" if number % 2 else "ArrowRight")


def _other_picture(page: Tab, number: int) -> None:
    strip = page.page.locator(".st-key-gallery_strip button")
    strip.first.wait_for()
    if number == 0:  # the server has seen the picture it opens with
        strip.evaluate_all("all => all.forEach((one) => { one.dataset.seen = one.ariaPressed === 'true' ? 1 : ''; })")
    seen = strip.evaluate_all("nodes => nodes.map((one) => Boolean(one.dataset.seen))")
    new = strip.nth(seen.index(False))
    new.evaluate("node => { node.dataset.seen = 1; }")
    new.click()


def _live(classes: str, query: str) -> tuple[Control, ...]:
    """What Explore answers by itself; a movement is told to the server when it rests."""
    symbol, path = f"changed('{REGIONS}', '.symbol')", f"/?{query}"
    return (
        Control(f"K dragged, {classes}", BROWSER, path, "pointermove", symbol, _drag_anchors),
        Control(f"L_R, {classes}", RESTS, path, "pointerup", symbol, _press_size),
        Control(f"a cell, {classes}", RESTS, path, "pointerup", f"changed('{MAPS}', '.note')", _live_cell),
    )


CONTROLS = (
    *_live("10 classes", VIEW),
    *_live("1,000 classes", "model=lite0_imagenet&picture=photo-chelsea"),
    Control("K of Views", SERVER, f"/views?{VIEW}", "keydown", f"changed('{VOTES}', '.symbol')", _more_anchors),
    Control("cell of Anchors", SERVER, f"/anchors?{VIEW}", "pointerup", f"changed('{CELL}', '.symbol')", _choose_cell),
    Control("hover", BROWSER, f"/?{VIEW}", "pointermove", f"changed('{MAPS}', '.readout')", _hover),
    Control("opacity", BROWSER, f"/?{VIEW}", "keydown", "probe.drawn > probe.started", _fade),
    Control("T of the label dial", BROWSER, f"/maps?{VIEW}", "keydown", f"changed('{DIAL}', '.dial output')", _turn),
    Control(
        PICTURE, SERVER, f"/?{VIEW}", "pointerup", f"changed('{MAPS}', '.readout') && probe.settled()", _other_picture,
        whole=True,
    ),
)  # fmt: skip
"""In the order in which they are timed: the pictures last, because each is new to the server only once."""
