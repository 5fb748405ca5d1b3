"""Training measured three ways: the ratios are those of the times, the work is counted, and it runs in small."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import torch

from mvfa_core.bench import train
from mvfa_core.bench.train import Measured
from mvfa_core.model import GAP
from mvfa_core.stages import Stages


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_a_result_as_json() -> None:
    """8 pictures in 400 ms are 20 a second; 2e9 operations in 400 ms are 5e9 a second, half of 1e10."""
    one = Measured("m", "mfa", "training", 8, (400.0, 300.0, 500.0), (0.9, 1.0, 0.8), (1.2, 1.1, 1.3), None, 2 * 10**9)
    assert one.to_json(1e10) == {
        "model": "m", "pooling": "mfa", "way": "training", "batch": 8,
        "step_ms": {"median": 400.0, "min": 300.0, "max": 500.0}, "steps_per_s": 2.5, "pictures_per_s": 20.0,
        "over_resident": {"median": 0.9, "min": 0.8, "max": 1.0}, "over_gap": {"median": 1.2, "min": 1.1, "max": 1.3},
        "peak_bytes": None, "flops_per_step": 2 * 10**9, "flops_per_s": 5 * 10**9, "of_matrix_rate": 0.5,
    }  # fmt: skip


def test_operations_counted_by_hand() -> None:
    """One convolution 3 -> 5 of 3 x 3 on 8 x 8 px and a linear head 5 -> 3: forward, and backward by the weights; the
    gradient by the input is taken for the head alone. Two operations a multiplication."""

    class Small(torch.nn.Module):
        side = 8

        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.pooling = torch.nn.Conv2d(3, 5, 3, padding=1), GAP(5, 3)

        def forward(self, image_B3SS: torch.Tensor) -> Stages:
            return self.pooling(self.backbone(image_B3SS))

    convolution, head = 3 * 5 * 9 * 64, 5 * 3 * 64  # the head acts on maps, before pooling
    assert train._flops(Small(), 7) == 7 * 2 * (2 * convolution + 3 * head)


def test_the_matrix_rate_is_one() -> None:
    assert train.matrix_rate(torch.device("cpu"), torch.float32, rounds=1) > 1e8


def test_in_small_through_the_command_line(call: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "PICTURES", 8)
    words = ["bench", "train", "--models", "compact", "--steps", 1, "--repeats", 1, "--batch", 2, "--workers", 0]
    done = call(*words, "--precision", "fp32", "--json")
    assert done.status == 0, done.err
    found = json.loads(done.out)
    ways = {(row["pooling"], row["way"]): row for row in found["rows"]}
    assert set(ways) == {(p, w) for p in ("gap", "mfa") for w in ("training", "batch on the device", "plain loop")}
    for (pooling, way), row in ways.items():
        resident = ways[pooling, "batch on the device"]
        assert row["over_resident"]["median"] == pytest.approx(resident["step_ms"]["median"] / row["step_ms"]["median"])
        assert row["over_gap"]["median"] == pytest.approx(
            row["step_ms"]["median"] / ways["gap", way]["step_ms"]["median"]
        )
        assert row["pictures_per_s"] == pytest.approx(2000 / row["step_ms"]["median"], abs=0.1)
    for (_, way), row in ways.items():
        beside = [row.get("validation_ms"), row.get("checkpoint_ms")]
        assert all(value > 0 for value in beside) if way == "training" else beside == [None, None]
    assert ways["mfa", "training"]["flops_per_step"] > ways["gap", "training"]["flops_per_step"]
    assert found["precision"] == "torch.float32"


def test_refusals(call: Callable) -> None:
    assert call("bench", "train", "--steps", 0) == (2, "", "bench: steps: expected a whole number >= 1, got 0\n")


def test_the_plain_loop_sees_single_augmented_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "PICTURES", 8)
    with train._pictures("compact", None) as data:
        pictures = train._OneByOne(data.train, 112)
        image, label = pictures[3]
        assert (len(pictures), tuple(image.shape), image.dtype, label) == (8, (3, 112, 112), torch.float32, 3)
        assert not torch.equal(image, pictures[3][0])
