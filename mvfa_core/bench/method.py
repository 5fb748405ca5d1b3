"""Speeds as ratios within one run: everything compared is timed in turn, round after round, on the same inputs.

B images · D channels · C classes · H W grid · K anchors · R sizes · M = K*R views
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf

from mvfa_core.explain import encode, explain_encoding
from mvfa_core.heads import LinearHead
from mvfa_core.images import to_tensor
from mvfa_core.losses import classification_loss
from mvfa_core.model import PAPER_K, PAPER_SIZES, Classifier, build_model
from mvfa_core.regions import region_boxes
from mvfa_core.stages import Stages
from mvfa_core.views import pool_views, region_weights

GRID = (14, 14)


@dataclass(frozen=True)
class Row:
    """Milliseconds of one contestant over the rounds, and its time over the reference's, round by round."""

    name: str
    milliseconds: tuple[float, ...]
    ratios: tuple[float, ...]

    def to_json(self) -> dict:
        """Median, least and most of both."""
        return {"name": self.name, "ms": _spread(self.milliseconds), "ratio": _spread(self.ratios)}


def compare(contestants: dict[str, Callable[[], object]], reference: str, rounds: int) -> list[Row]:
    """Time every contestant once per round, after one round that does not count; ratios are to `reference`."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, work in contestants.items():
            start = time.perf_counter()
            work()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            if turn:
                times[name].append((time.perf_counter() - start) * 1000)
    base = times[reference]
    return [Row(name, tuple(ms), tuple(a / b for a, b in zip(ms, base, strict=True))) for name, ms in times.items()]


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def bench_head(rounds: int = 5, batch: int = 16, channels: int = 512, classes: int = 10) -> list[Row]:
    """From F and boxes to the gradient of the local loss: a crop-by-crop loop, roi_align, the product on F, ours (the
    head's linear layer first, then the product), and the GAP head. D = 512, 14 x 14 cells, K = 50, R = 4."""
    generator = torch.Generator().manual_seed(0)
    F_BDHW = torch.randn(batch, channels, *GRID, generator=generator)
    labels_B = torch.randint(0, classes, (batch,), generator=generator)
    cells = torch.stack([torch.randperm(GRID[0] * GRID[1], generator=generator)[:PAPER_K] for _ in range(batch)])
    boxes_BKR4 = region_boxes(torch.stack((cells % GRID[1], cells // GRID[1]), dim=-1), PAPER_SIZES, GRID)
    head = LinearHead(channels, classes)

    def loss_of(logits_BMC: torch.Tensor) -> torch.Tensor:
        return nnf.cross_entropy(logits_BMC.flatten(0, 1), labels_B.repeat_interleave(logits_BMC.shape[1]))

    def timed(logits: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[], None]:
        def work() -> None:
            leaf = F_BDHW.detach().requires_grad_()
            loss_of(logits(leaf)).backward()

        return work

    def product_first(F: torch.Tensor) -> torch.Tensor:
        return head.fc(pool_views(region_weights(boxes_BKR4, GRID), F))

    def head_first(F: torch.Tensor) -> torch.Tensor:
        return head.finish(pool_views(region_weights(boxes_BKR4, GRID), head.maps(F)))

    contestants: dict[str, Callable[[], object]] = {
        "crop loop": timed(lambda F: head.fc(_crop_loop(F, boxes_BKR4))),
        "roi_align": timed(lambda F: head.fc(_roi_align(F, boxes_BKR4))),
        "product on F": timed(product_first),
        "ours, head first": timed(head_first),
        "GAP": timed(lambda F: head.fc(F.mean(dim=(-2, -1)))[:, None]),
    }
    return compare(contestants, "ours, head first", rounds)


def _crop_loop(F_BDHW: torch.Tensor, boxes_BKR4: torch.Tensor) -> torch.Tensor:
    """The method as it reads: crop every region, average it."""
    boxes_BM4 = boxes_BKR4.flatten(1, 2).tolist()
    views = [
        torch.stack([F_BDHW[b, :, y0 : y1 + 1, x0 : x1 + 1].mean(dim=(1, 2)) for x0, y0, x1, y1 in boxes])
        for b, boxes in enumerate(boxes_BM4)
    ]
    return torch.stack(views)


def _roi_align(F_BDHW: torch.Tensor, boxes_BKR4: torch.Tensor) -> torch.Tensor:
    """torchvision's pooling, exact here: with as many samples as cells each sample is a cell's centre."""
    from torchvision.ops import roi_align  # more than half of the start-up time of every command

    boxes = [b.float() + torch.tensor([0, 0, 1, 1]) for b in boxes_BKR4.flatten(1, 2)]
    pooled = roi_align(F_BDHW, boxes, output_size=1, sampling_ratio=-1, aligned=True)
    return pooled.flatten(1).unflatten(0, (len(boxes), -1))


def bench_step(backbone: str, rounds: int = 5, batch: int = 8, device: str = "cpu") -> list[Row]:
    """One training step (forward, loss, backward, Adam) of the MFA model over its GAP twin's, K = 50, R = 4."""

    def stepper(pooling: str) -> Callable[[], None]:
        model = build_model(backbone, pooling).to(device).train()
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
        image_B3SS = torch.randn(batch, 3, model.side, model.side, device=device)
        labels_B = torch.arange(batch, device=device) % 10

        def work() -> None:
            optimizer.zero_grad(set_to_none=True)
            classification_loss(model(image_B3SS), labels_B).total.backward()
            optimizer.step()

        return work

    return compare({"GAP step": stepper("gap"), "MFA step": stepper("mfa")}, "GAP step", rounds)


def bench_explain(backbone: str | Classifier, rounds: int = 9) -> list[Row]:
    """From a picture to the complete explanation (prediction, CAM, Grad-CAM, AdaCAM, anchors, K*R regions, votes,
    contribution map), over one plain forward pass of the same model; beside it Grad-CAM by the grad-cam package and by
    torchcam, where they are installed.

    backbone: its name, or a model; the plain forward of an adopted one is the classifier's own answer alone.
    """
    model = build_model(backbone, "mfa").eval() if isinstance(backbone, str) else backbone
    picture = np.random.default_rng(0).integers(0, 255, (model.side, model.side, 3), dtype=np.uint8)

    def plain() -> None:
        with torch.no_grad():
            F_BDHW = encode(model, picture).F_BDHW
            if "adopted" in model.config:
                model.pooling.head.finish(model.pooling.head.maps(F_BDHW.mean(dim=(-2, -1), keepdim=True))[:, :, 0, 0])
            else:
                model.pooling(F_BDHW)

    def complete() -> None:
        explanation = explain_encoding(model, encode(model, picture))
        explanation.top(10)

    contestants: dict[str, Callable[[], object]] = {"plain forward": plain, "complete explanation": complete}
    contestants |= _grad_cam_packages(model, picture)
    return compare(contestants, "plain forward", rounds)


class _Logits(torch.nn.Module):
    """The tensor that other packages expect of a model."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        stages: Stages = self.model(image_B3SS)
        return stages.ensemble_BC


def _grad_cam_packages(model: Classifier, picture: np.ndarray) -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    wrapped, last_layer = _Logits(model), list(model.backbone.children())[-1]
    try:
        from pytorch_grad_cam import GradCAM
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
    except ImportError:
        pass
    else:
        package = GradCAM(model=wrapped, target_layers=[last_layer])
        found["grad-cam package"] = lambda: package(to_tensor(picture, model.side), [ClassifierOutputTarget(0)])
    try:
        from torchcam.methods import GradCAM as TorchcamGradCAM
    except ImportError:
        return found

    def torchcam_pass() -> object:
        with TorchcamGradCAM(wrapped, target_layer=last_layer) as extractor:
            logits = wrapped(to_tensor(picture, model.side).requires_grad_())
            return extractor(0, logits)

    return found | {"torchcam": torchcam_pass}
