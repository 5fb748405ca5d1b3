"""A run that is killed again and again ends as if nothing had been. `make soak` runs it; the suite has a short form in
test_launch.py."""

from __future__ import annotations

import multiprocessing
import random
import time
from dataclasses import replace
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mvfa_core.training.engine import Event, Started, Ticked
from mvfa_core.training.runs import Run
from mvfa_core.training.work import resume, train
from tests.mvfa_core.training.samples import TINY, assert_same_training, wait_for
from tests.pictures import split_folder

KILLS, STEPS, SEED = 30, 80, 2026
VAL_EVERY = 5
LONGER = 7
"""How many parts come as far as a new checkpoint; the others die before it, or thirty would not fit."""
LAST_S = 0.05
"""Up to so long after its last step a part lives on: some steps, or into the midst of a checkpoint."""


def go_on(path: Path, steps: Synchronized[int] | None = None) -> None:
    """What a killed process does: it trains with one thread, as the reference does, and counts its steps."""

    def count(event: Event) -> None:
        if steps is not None and isinstance(event, Started | Ticked):
            steps.value += 1

    torch.set_num_threads(1)
    resume(Run(path), listen=count)


@pytest.mark.soak
@pytest.mark.parametrize("pooling", ["mfa", "gap"])
def test_thirty_kills_change_nothing(pooling: str, tmp_path: Path) -> None:
    """SIGKILL at moments drawn with a seed: while it starts, between steps, in a validation, in a checkpoint."""
    folder = split_folder(tmp_path / "colours", each=4, held_out=2)
    recipe = replace(TINY, data=str(folder), pooling=pooling, steps=STEPS, val_every=VAL_EVERY, film=0)
    reference, victim = Run(tmp_path / "reference"), Run(tmp_path / "victim")
    train(recipe, reference)
    victim.create(recipe)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    draw = random.Random(SEED)
    lives = [draw.randint(VAL_EVERY + 1, VAL_EVERY + 3) for _ in range(LONGER)]
    lives += [draw.randint(0, VAL_EVERY) for _ in range(KILLS - LONGER)]
    draw.shuffle(lives)
    died_at: list[str] = []
    for life in lives:
        steps = context.Value("i", 0, lock=False)  # a lock could die with its holder
        process = context.Process(target=go_on, args=(victim.path, steps))
        process.start()
        wait_for(lambda: not process.is_alive() or steps.value >= life, f"{life} steps")  # noqa: B023
        time.sleep(draw.uniform(0, LAST_S))
        alive = process.is_alive()
        process.kill()
        process.join()
        assert alive, f"the run ended before it was killed: {victim.status()}"
        died_at.append(f"{steps.value} to {victim.status().step}")
        print(f"death {len(died_at)} of {KILLS}: after {died_at[-1]}", flush=True)
    assert victim.status().state == "lost"
    go_on(victim.path)
    assert victim.status().state == "finished"
    assert_same_training(victim, reference)
    best, wanted = (load_file(run.path / "best.safetensors") for run in (victim, reference))
    assert all(torch.equal(best[name], tensor) for name, tensor in wanted.items())
    assert not list(victim.path.glob("*.part"))
