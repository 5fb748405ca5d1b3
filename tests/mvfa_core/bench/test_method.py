"""The benchmarks compare equals: every contestant gives the same numbers, and ratios are taken within one round."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from mvfa_core.bench import method
from mvfa_core.heads import LinearHead
from mvfa_core.regions import region_boxes
from mvfa_core.views import pool_views, region_weights


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_all_ways_of_pooling_agree_with_their_gradients() -> None:
    """Logits and the gradient with respect to F, in double precision; borders and corners are among the anchors."""
    generator = torch.Generator().manual_seed(0)
    F_BDHW = torch.randn(2, 6, *method.GRID, generator=generator, dtype=torch.float64)
    cells = torch.tensor([[[0, 0], [13, 13], [5, 8], [13, 2]], [[7, 7], [0, 13], [3, 0], [12, 11]]])
    boxes = region_boxes(cells, (1, 3, 9), method.GRID)
    head, upstream = LinearHead(6, 4).double(), torch.randn(2, 12, 4, generator=generator, dtype=torch.float64)
    weights = region_weights(boxes, method.GRID, torch.float64)
    ways: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "crop loop": lambda F: head.fc(method._crop_loop(F, boxes)),
        "roi_align": lambda F: head.fc(method._roi_align(F.float(), boxes).double()),
        "product": lambda F: head.fc(pool_views(weights, F)),
        "head first": lambda F: head.finish(pool_views(weights, head.maps(F))),
    }
    found = {}
    for name, way in ways.items():
        leaf = F_BDHW.clone().requires_grad_()
        logits = way(leaf)
        (logits * upstream).sum().backward()
        found[name] = logits.detach(), leaf.grad
    view = F_BDHW[1, :, 0:1, 1:6].mean(dim=(1, 2)), F_BDHW[0, :, 9:14, 9:14].mean(dim=(1, 2))
    torch.testing.assert_close(found["crop loop"][0][0, 5], head.fc(view[1]).detach())  # anchor (13, 13), r = 9
    for name, (logits, gradient) in found.items():
        tolerance = 1e-4 if name == "roi_align" else 1e-10
        torch.testing.assert_close(logits, found["crop loop"][0], rtol=tolerance, atol=tolerance, msg=name)
        torch.testing.assert_close(gradient, found["crop loop"][1], rtol=tolerance, atol=tolerance, msg=name)


def test_everybody_takes_part_in_every_round() -> None:
    calls: list[str] = []
    rows = method.compare({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, "b", rounds=3)
    assert calls == ["a", "b"] * 4, "one round that does not count, then three that do"
    assert [row.name for row in rows] == ["a", "b"]
    for row in rows:
        assert len(row.milliseconds) == len(row.ratios) == 3
        assert row.ratios == tuple(a / b for a, b in zip(row.milliseconds, rows[1].milliseconds, strict=True))
    assert rows[1].ratios == (1.0, 1.0, 1.0)


def test_a_row_as_json() -> None:
    row = method.Row("x", (3.0, 1.0, 8.0), (1.5, 0.5, 4.0))
    assert row.to_json() == {
        "name": "x",
        "ms": {"median": 3.0, "min": 1.0, "max": 8.0},
        "ratio": {"median": 1.5, "min": 0.5, "max": 4.0},
    }


def test_bench_head_in_small() -> None:
    rows = method.bench_head(rounds=1, batch=2, channels=8, classes=3)
    assert [row.name for row in rows] == ["crop loop", "roi_align", "product on F", "ours, head first", "GAP"]
    assert rows[3].ratios == (1.0,)
    assert all(np.isfinite(row.milliseconds).all() and row.milliseconds[0] > 0 for row in rows)


def test_bench_step_in_small() -> None:
    rows = method.bench_step("compact", rounds=1, batch=2)
    assert [row.name for row in rows] == ["GAP step", "MFA step"]
    assert rows[0].ratios == (1.0,)


def test_bench_explain_in_small() -> None:
    names = [row.name for row in method.bench_explain("compact", rounds=1)]
    assert names[:2] == ["plain forward", "complete explanation"]
    assert set(names[2:]) <= {"grad-cam package", "torchcam"}
