"""Two processes against one: the same batches, losses, weights and figures; and no process waits for one that is gone.

Started processes cost seconds, so one pair of them carries out three runs, and the tests look at what is left of those.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file
from timm.layers import BatchNormAct2d
from torch import nn
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from mvfa_core import load_model
from mvfa_core.training import engine
from mvfa_core.training.batches import batch_of, fetch
from mvfa_core.training.failures import LOST, TrainingError
from mvfa_core.training.parallel import ALONE, World, placed, world
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.runs import Run
from mvfa_core.training.shared_norm import SharedBatchNorm, share_statistics
from mvfa_core.training.work import resume, train
from mvfa_core.training.workers import _cause, start_workers
from tests.mvfa_core.training.samples import TINY, data_set, told
from tests.mvfa_core.training.shared_work import lose_the_second, share, stop_at
from tests.pictures import split_folder

STEPS, SHARED = 22, 20
MOMENTS = ("exp_avg", "exp_avg_sq")


class Runs(NamedTuple):
    """`begun` went on alone after two processes, `ended` went on with two after one, both beside a run alone;
    `short` is two steps by two processes, `spoilt` has no chance."""

    begun: Run
    begun_alone: Run
    ended: Run
    ended_alone: Run
    short: Run
    short_alone: Run
    spoilt: Run


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """Slow enough that a last bit does not change which cell is the k-th best."""
    folder = split_folder(tmp_path_factory.mktemp("data") / "colours", each=4, held_out=3)
    return replace(TINY, data=str(folder), steps=STEPS, val_every=STEPS, lr=1e-5, schedule="constant", film=0)


@pytest.fixture(scope="module", autouse=True)
def every_step_is_told() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "LOG_EVERY", 1)
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def runs(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("runs")
    made = Runs(*(Run(root / name) for name in Runs._fields))
    twin = replace(recipe, pooling="gap")
    train(recipe, made.begun_alone)
    train(twin, made.ended_alone)
    train(replace(recipe, steps=2), made.short_alone)
    train(twin, made.ended, listen=stop_at(made.ended, STEPS - SHARED))
    made.begun.create(recipe)
    made.short.create(replace(recipe, steps=2))
    made.spoilt.create(replace(recipe, lr=1e30, optimizer="adam"))
    together = [made.begun, made.ended, made.short, made.spoilt]
    start_workers(made.begun, replace(recipe, devices=2), share, [run.path for run in together], SHARED)
    return made


def assert_close(run: Run, reference: Run) -> None:
    """Figures of every step, and weights. Rounding grows from step to step."""
    for event, wanted in zip(told(run), told(reference), strict=True):
        assert event.keys() == wanted.keys() and event["step"] == wanted["step"]
        close = 1e-5 if event["step"] <= SHARED else 1e-3
        for name in event.keys() - {"event", *(name for name, value in wanted.items() if value is None)}:
            assert event[name] == pytest.approx(wanted[name], abs=close, rel=close), (event["step"], name)
    weights, wanted = (load_file(one.path / "model.safetensors") for one in (run, reference))
    assert_tensors_close(weights, wanted, 2e-3)


def assert_tensors_close(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], share: float) -> None:
    """The distance is small beside the length, for each tensor as a whole: any single number may be almost zero."""
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        distance, length = (found[name] - tensor).float().norm(), tensor.float().norm()
        assert distance <= share * length + 1e-7, f"{name}: {distance} apart, {length} long"


def moments_of(run: Run) -> dict[str, torch.Tensor]:
    """Running means of the gradients and of their squares, by parameter."""
    state = torch.load(run.path / "state.pt", weights_only=True)["optimizer"]["state"]
    return {f"{number} {name}": moments[name] for number, moments in state.items() for name in MOMENTS}


def test_two_processes_stop_together_and_one_goes_on(runs: Runs) -> None:
    status = runs.begun.status()
    assert (status.state, status.step) == ("stopped", SHARED)
    assert load_model(runs.begun.path)
    resume(runs.begun)
    assert (runs.begun.status().state, runs.begun.status().step) == ("finished", STEPS)
    assert_close(runs.begun, runs.begun_alone)


def test_two_processes_go_on_where_one_stopped(runs: Runs) -> None:
    assert runs.ended.status().state == "finished"
    assert_close(runs.ended, runs.ended_alone)


def test_gradients_are_those_of_the_whole_batch(runs: Runs) -> None:
    assert_tensors_close(moments_of(runs.short), moments_of(runs.short_alone), 1e-4)


def test_all_end_when_the_loss_is_not_finite(runs: Runs) -> None:
    assert runs.spoilt.status().state == "diverged"
    assert runs.spoilt.status().step < STEPS


def test_a_killed_process_fails_the_run_in_words(recipe: Recipe, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.create(recipe)
    with pytest.raises(TrainingError, match="process 2 of 2: it was ended by SIGKILL"):
        start_workers(run, replace(recipe, devices=2), lose_the_second, run.path, "kill")
    assert run.status().state == "failed"
    assert "process 2 of 2" in run.status().message and "Resume" in run.status().message
    assert not run.is_alive()


def failure(folder: Path, local: int, at: int, words: str) -> ProcessFailure:
    """As torch's own handler leaves it behind when a process ends with an error."""
    file = folder / f"{local}.json"
    file.write_text(json.dumps({"message": {"message": words, "extraInfo": {"timestamp": str(at)}}}))
    return ProcessFailure(local_rank=local, pid=1, exitcode=1, error_file=str(file))


def test_the_cause_is_told_before_what_followed(tmp_path: Path) -> None:
    follows = failure(tmp_path, 0, 100, f"TrainingError: {LOST}; what was saved before is kept")
    memory = failure(tmp_path, 1, 101, "TrainingError: out of memory; take a smaller batch")
    assert _cause({0: follows, 1: memory}, 2) == (
        TrainingError, "process 2 of 2: out of memory; take a smaller batch"
    )  # fmt: skip
    refused = failure(tmp_path, 1, 100, "RefusedError: colours: no such folder")
    assert _cause({1: refused}, 2) == (ValueError, "colours: no such folder")


@pytest.mark.parametrize("mix", ["none", "mixup", "cutmix", "cutout"])
def test_parts_make_up_the_batch_of_one_process(mix: str) -> None:
    recipe, data, cpu = replace(TINY, mix=mix), data_set(), torch.device("cpu")
    for step in (0, 7):
        whole = batch_of(data, recipe, step, cpu)
        parts = [batch_of(data, recipe, step, cpu, World(rank, 2)) for rank in range(2)]
        for name in ("image_B3SS", "labels_B", "targets"):
            assert torch.equal(torch.cat([getattr(part, name) for part in parts]), getattr(whole, name))


@pytest.mark.parametrize(("mix", "more"), [("none", 0), ("mixup", 1), ("cutmix", 1), ("cutout", 0)])
def test_a_process_gathers_its_own_part_alone(mix: str, more: int) -> None:
    """And where pictures are mixed with their neighbour, the one before it."""
    data, recipe, cpu = data_set(), replace(TINY, mix=mix), torch.device("cpu")
    assert len(fetch(data, recipe, 3, cpu).labels_B) == 4
    for rank in range(4):
        fetched = fetch(data, recipe, 3, cpu, World(rank, 4))
        assert fetched.rows == tuple((rank + shift) % 4 for shift in range(-more, 1))
        assert len(fetched.raw_BSS3) == len(fetched.labels_B) == 1 + more


def test_what_follows_is_drawn_differently_in_each_process() -> None:
    data, cpu, drawn = data_set(), torch.device("cpu"), []
    for place in (ALONE, World(0, 4), World(1, 4), World(2, 4), World(3, 4)):
        batch_of(data, TINY, 3, cpu, place)
        drawn.append(torch.rand(8))
    assert torch.equal(drawn[0], drawn[1])
    assert len({tuple(numbers.tolist()) for numbers in drawn}) == 4


@pytest.mark.parametrize(("n", "size"), [(9, 2), (3, 4), (8, 8), (5, 1)])
def test_parts_are_equal_and_leave_nothing_out(n: int, size: int) -> None:
    parts = [list(range(n))[World(rank, size).part(n)] for rank in range(size)]
    assert [item for part in parts for item in part] == list(range(n))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.fixture
def group_of_one() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.parametrize("act", [False, True])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_shared_statistics_of_one_process_are_its_own(act: bool, momentum: float | None, group_of_one: None) -> None:
    """Against PyTorch's batch normalisation, and timm's with an activation inside."""
    kind = BatchNormAct2d if act else nn.BatchNorm2d
    wanted, shared = (nn.Sequential(kind(3, momentum=momentum)) for _ in range(2))
    for norm in (wanted, shared):
        nn.init.uniform_(norm[0].weight, 0.5, 2, generator=torch.Generator().manual_seed(1))
    share_statistics(shared, torch.device("cpu"))
    assert type(shared[0]) is SharedBatchNorm
    target = torch.randn(4, 3, 5, 6)
    for _ in range(2):
        x = (torch.randn(4, 3, 5, 6) * 2 + 7).requires_grad_()
        found, expected = (
            torch.autograd.grad((norm(x) - target).pow(4).sum(), (x, *norm.parameters())) for norm in (shared, wanted)
        )
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(shared.state_dict(), wanted.state_dict())
    x = torch.randn(4, 3, 5, 6)
    torch.testing.assert_close(shared.eval()(x), wanted.eval()(x))


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(ValueError, match="batch: expected a multiple of 3, the processes that share it, got 4"):
        replace(TINY, devices=3)
    assert replace(TINY, devices=2, nodes=2).batch == 4


def test_the_number_of_processes_must_be_that_of_the_recipe(recipe: Recipe, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="processes: expected 2, as devices and nodes of the recipe say, got 1"):
        train(replace(recipe, devices=2), Run(tmp_path / "run"))
    assert not list(tmp_path.iterdir())


def test_torchrun_says_how_many(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": 3, "WORLD_SIZE": 4, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 2}.items():
        monkeypatch.setenv(name, str(value))
    assert world() == World(3, 4, 1) and not world().first
    assert (placed(recipe).devices, placed(recipe).nodes) == (2, 2)
    with pytest.raises(ValueError, match="devices: expected 2, which torchrun has started, got 4"):
        placed(recipe, devices=4)


def test_several_machines_are_told_what_to_type(recipe: Recipe, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.create(recipe)
    with pytest.raises(ValueError, match="torchrun --nnodes 2 --nproc-per-node 1"):
        start_workers(run, replace(recipe, nodes=2), share)
    assert run.status().state == "failed"
