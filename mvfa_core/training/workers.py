"""Start the processes of a run that several devices of one machine share, wait for them, and say what ended them."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from mvfa_core.checks import expect
from mvfa_core.training.failures import LOST, TrainingError
from mvfa_core.training.parallel import world
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run

HERE = "127.0.0.1"


class RefusedError(ValueError):
    """A wrong request, told across processes by this name."""


def needs_workers(recipe: Recipe) -> bool:
    """Whether the processes that the recipe asks for are still to be started."""
    return world().size == 1 and recipe.devices * recipe.nodes > 1


def start_workers(run: Run, recipe: Recipe, work: Callable[..., None], *arguments: Any) -> None:
    """Carry out a run with one process a device on this machine; returns when all are done.

    Args:
        work: called with the arguments in every process; all of them must be picklable.

    Raises:
        ValueError: the request is wrong, in the words of the processes, or it is one for several machines.
        TrainingError: a process ended before its time; the run has failed.
        KeyboardInterrupt: somebody ended this process.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    run.claim()
    try:
        _expect_one_machine(recipe)
        _launch(recipe.devices, run.id, work, *arguments)
    except ValueError as error:
        _end(run, "failed", str(error))
        raise
    except ChildFailedError as error:
        kind, sentence = _cause(error.failures, recipe.devices)
        _end(run, "failed", sentence)
        raise kind(sentence) from None
    except (SignalException, KeyboardInterrupt) as error:
        _end(run, "stopped", "interrupted")
        raise KeyboardInterrupt from error


def _expect_one_machine(recipe: Recipe) -> None:
    command = f"torchrun --nnodes {recipe.nodes} --nproc-per-node {recipe.devices} --rdzv-backend c10d"
    advice = f"1, or the same `{command} --rdzv-endpoint HOST:29400 -m mvfa_core train ...` on every machine"
    expect(recipe.nodes == 1, "nodes", f"{advice} (docs/parallel.md)", recipe.nodes)


def _launch(devices: int, name: str, work: Callable[..., None], *arguments: Any) -> None:
    """What `torchrun --standalone` does, on the loopback and with a port that is free."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=devices, run_id=name, max_restarts=0,
        rdzv_backend="c10d", rdzv_endpoint=f"{HERE}:0", local_addr=HERE,
    )  # fmt: skip
    with _only_our_words():
        elastic_launch(config, _enter)(work, *arguments)


@contextmanager
def _only_our_words() -> Iterator[None]:
    """Errors are one line, and it is written by whoever catches them."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _enter(work: Callable[..., None], *arguments: Any) -> None:
    """Where each process begins."""
    if "OMP_NUM_THREADS" not in os.environ:  # each would take all cores, and they would take turns
        torch.set_num_threads(max(1, torch.get_num_threads() // int(os.environ["LOCAL_WORLD_SIZE"])))
    try:
        work(*arguments)
    except ValueError as error:
        raise RefusedError(str(error)) from error
    world().leave()


def _cause(failures: Mapping[int, Any], size: int) -> tuple[type[Exception], str]:
    """What went wrong first, as the error to raise and its sentence. Who only noticed that another process was gone
    knows least."""
    told = {rank: _words(failure) for rank, failure in failures.items()}
    rank = min(told, key=lambda rank: (LOST in told[rank][1], failures[rank].timestamp, rank))
    name, sentence = told[rank]
    if name == RefusedError.__name__:
        return ValueError, sentence
    return TrainingError, f"process {rank + 1} of {size}: {sentence}"


def _words(failure: Any) -> tuple[str, str]:
    """The name and the text of the error that ended a process, or how the system ended it."""
    if isinstance(failure.message, dict):
        name, _, text = failure.message["message"].partition(": ")
        return name, text.partition("\n")[0] or name
    how = f"it was ended by {failure.signal_name()}" if failure.exitcode < 0 else f"it left with {failure.exitcode}"
    return "", f"{how}, perhaps for want of memory; what was saved before is kept. Resume the run to go on"


def _end(run: Run, reason: str, message: str) -> None:
    """Note how it ended, in place of what one of the processes may have noted."""
    step = run.status().step
    run.forget_end()
    run.end(step, reason, message)
