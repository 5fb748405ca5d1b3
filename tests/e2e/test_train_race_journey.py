"""A run from the terminal appears by itself, its twin waits in line and races it, and the Runs page keeps order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.training.runs import Run

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
LONG_MS = 90_000
NAMES = "[...document.querySelectorAll('.mvfa-curves .plot')].map(plot => (plot.data ?? []).map(one => one.name))"


@pytest.fixture
def by_hand(server: Any, tmp_path: Path) -> Callable[[], Run]:
    """Starts a run from the command line; how it ends is the journey's business."""
    for name in ("star", "ring"):
        folder = tmp_path / "pictures" / name
        folder.mkdir(parents=True)
        for seed in range(6):
            scene = draw_scene(seed, label=CLASSES.index(name), side=112)
            Image.fromarray(scene.picture).save(folder / f"{seed}.png")

    def start() -> Run:
        run = Run(server.folder / "runs" / "by-hand")
        command = f"{sys.executable} -m mvfa_core train --recipe quick --backbone compact --batch 2 --k 3 --sizes 3"
        command += f" --steps 100000 --val-every 20 --device cpu --film 0 --quiet --out {run.path}"
        environment = {**os.environ, "MVFA_CACHE": str(server.folder / "cache"), "OMP_NUM_THREADS": "1"}
        data = str(tmp_path / "pictures")
        subprocess.Popen([*command.split(), "--data", data], env=environment, stdout=subprocess.DEVNULL)
        return run

    return start


def test_race(visit: Visit, server: Any, by_hand: Callable[[], Run]) -> None:
    page = visit("/train")
    expect(page.get_by_text("by-hand")).to_have_count(0)
    mine = by_hand()

    # It appears and is shown without a reload.
    expect(page.get_by_text("Running", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(page.get_by_text(re.compile("runs/by-hand$"))).to_be_visible()

    # Its twin waits in line until it stops, then both are on one chart.
    page.get_by_role("button", name="Race it with its GAP twin").click()
    expect(page.get_by_role("button", name=re.compile("Queued: compact-gap"))).to_be_visible()
    page.get_by_role("button", name="Stop and keep the model").click()
    expect(page.get_by_role("button", name=re.compile("Running: compact-gap"))).to_be_visible(timeout=LONG_MS)
    twins = "names.includes('by-hand') && names.some(name => name.startsWith('compact-gap'))"
    both = f"() => ({NAMES}).every(names => {twins})"
    page.wait_for_function(both, timeout=LONG_MS)
    assert mine.status().state == "stopped"
    twin = Run(next((server.folder / "runs").glob("compact-gap-*")))

    # All of it in the table: side by side, stopped, removed and brought back.
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("heading", name="Runs: what was trained")).to_be_visible()
    page.get_by_role("checkbox", name="Select by-hand").check()
    page.get_by_role("checkbox", name=f"Select {twin.id}").check()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    page.wait_for_function(both)
    page.get_by_role("button", name=twin.id).click()
    page.get_by_role("button", name="Stop", exact=True).click()
    row = page.locator(f"tr[data-run='{twin.id}']")
    expect(row).to_contain_text("Stopped", timeout=60_000)
    page.get_by_label("Find").fill("gap")
    expect(page.locator("tr[data-run='by-hand']")).to_have_count(0)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(row).to_have_count(0)
    assert not twin.path.exists()
    page.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)
    assert twin.model_path()
    row.get_by_role("button", name=twin.id).click()
    watch = page.get_by_role("button", name="Watch in Train")
    expect(watch).to_have_count(1)
    expect(watch).to_be_enabled()
    watch.click()
    expect(page.get_by_text(re.compile(f"runs/{twin.id}$"))).to_be_visible()
