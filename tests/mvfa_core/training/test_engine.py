"""The engine against a training loop written out by hand, and what it tells on the way."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core.data.sets import DataSet, PictureSet
from mvfa_core.images import MEAN, STD
from mvfa_core.training.batches import batch_index
from mvfa_core.training.engine import (
    Diverged,
    Started,
    Stepped,
    Ticked,
    Trainer,
    Validated,
    evaluate,
    predict,
    to_json,
)
from tests.mvfa_core.training.samples import CLASSES, TINY, data_set, of_kind, trainer

POOLINGS = ("mfa", "gap")


@pytest.mark.parametrize(("n", "batch"), [(12, 4), (10, 4), (7, 7), (5, 1), (9, 2)])
def test_an_epoch_shows_no_picture_twice(n: int, batch: int) -> None:
    per_epoch = n // batch
    epochs = [[batch_index(n, batch, 3, e * per_epoch + i) for i in range(per_epoch)] for e in range(3)]
    for batches in epochs:
        shown = np.concatenate(batches)
        assert all(len(index) == batch and (np.diff(index) > 0).all() for index in batches)
        assert len(set(shown)) == len(shown) == per_epoch * batch
        assert set(shown) <= set(range(n))
    if batch < n and n > 5:
        assert len({tuple(np.concatenate(batches)) for batches in epochs}) == 3


def test_batches_follow_from_seed_and_step_alone() -> None:
    later = batch_index(50, 8, 1, 17)
    for step in range(10):
        batch_index(50, 8, 2, step)
    np.testing.assert_array_equal(batch_index(50, 8, 1, 17), later)
    assert not np.array_equal(batch_index(50, 8, 2, 17), later)
    assert batch_index(3, 64, 0, 5).tolist() == [0, 1, 2]


class Witness(nn.Module):
    """A backbone that keeps what it was shown in training."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone, self.seen = backbone, []

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(image_B3SS.clone())
        return self.backbone(image_B3SS)


def test_the_twins_see_the_same_pictures() -> None:
    seen = {}
    for pooling in POOLINGS:
        one = trainer(pooling=pooling, steps=4)
        one.model.backbone = Witness(one.model.backbone)
        list(one.run())
        seen[pooling] = one.model.backbone.seen
    assert len(seen["mfa"]) == len(seen["gap"]) == 4
    for mfa, gap in zip(seen["mfa"], seen["gap"], strict=True):
        assert torch.equal(mfa, gap)
    assert not torch.equal(seen["mfa"][0], seen["mfa"][1])


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean of -log p over the rows, written out."""
    shifted = logits - logits.max(dim=1, keepdim=True).values
    return (shifted.exp().sum(dim=1).log() - shifted[torch.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("local", ["sum", "mean"])
def test_equals_a_loop_by_hand(pooling: str, local: str) -> None:
    if pooling == "gap" and local == "mean":
        pytest.skip("GAP has no local loss")
    choices = {"pooling": pooling, "local": local, "steps": 3, "optimizer": "adam", "schedule": "constant",
               "augment": "none", "weight_decay": 0.0, "sizes": (3, 5), "lr": 1e-4}  # fmt: skip
    engine, twin, data = trainer(**choices), trainer(**choices), data_set()
    events = list(engine.run())

    model = twin.model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.999))
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    figures = []
    for step in range(3):
        index = batch_index(len(data.train), TINY.batch, TINY.seed, step)
        pictures = torch.from_numpy(data.train.images[index]).permute(0, 3, 1, 2).float() / 255
        labels = torch.from_numpy(data.train.labels[index])
        stages = model((pictures - mean) / std)
        if pooling == "gap":
            global_, local_ = cross_entropy(stages.ensemble_BC, labels), torch.zeros(())
        else:
            global_ = cross_entropy(stages.G_BCHW.mean(dim=(2, 3)), labels)
            views = torch.stack([cross_entropy(view, labels) for view in stages.logits_BMC.unbind(dim=1)])
            local_ = views.sum() if local == "sum" else views.mean()
        total = global_ + local_
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        right = (stages.ensemble_BC.argmax(dim=1) == labels).float().mean()
        figures.append([total.item(), global_.item(), local_.item(), right.item()])

    stepped = of_kind(events, Stepped)
    assert [event.step for event in stepped] == [3]
    total, global_, local_, right = np.mean(figures, axis=0)
    assert stepped[0].loss == pytest.approx(total, rel=5e-4)
    assert stepped[0].loss_global == pytest.approx(global_, rel=5e-4)
    assert stepped[0].train_accuracy == pytest.approx(right)
    if pooling == "gap":
        assert stepped[0].loss_local is None
    else:
        assert stepped[0].loss_local == pytest.approx(local_, rel=5e-4)
        assert stepped[0].loss == pytest.approx(stepped[0].loss_global + stepped[0].loss_local, rel=1e-5)
    # Adam's steps have the size of the rate even where a gradient is all rounding, so single weights may well differ
    models = engine.model, model, trainer(**choices).model
    got, wanted, start = (nn.utils.parameters_to_vector(one.parameters()) for one in models)
    assert ((wanted - start).abs() > 0.5e-4).float().mean() > 0.7
    assert (got - wanted).abs().mean() < 0.03 * (wanted - start).abs().mean()


@pytest.mark.parametrize("pooling", POOLINGS)
def test_learns_a_tiny_set(pooling: str) -> None:
    one = trainer(pooling=pooling, steps=30, batch=8, lr=5e-3, val_every=30)
    events = list(one.run())
    losses = [event.loss for event in of_kind(events, Stepped)]
    assert losses[-1] < losses[0] / 2
    assert of_kind(events, Stepped)[-1].train_accuracy == 1.0
    assert of_kind(events, Validated)[-1].accuracy == 1.0


def test_events_come_in_order() -> None:
    events = list(trainer(steps=12, val_every=5).run())
    started = events[0]
    parameters = sum(p.numel() for p in trainer().model.parameters())
    assert started == Started(0, CLASSES, 12, 6, "cpu", parameters, 0.0)
    expected: list[tuple[type, int]] = [(Started, 0)]
    for step in range(1, 13):
        expected += [(Stepped, step)] if step in (10, 12) else []
        expected += [(Validated, step)] if step in (5, 10, 12) else []
        expected += [(Ticked, step)]
    assert [(type(event), event.step) for event in events] == expected
    times = [event.time_s for event in events if not isinstance(event, Ticked)]
    assert all(a <= b for a, b in pairwise(times))
    assert all(event.steps_per_s > 0 for event in of_kind(events, Stepped))


def test_events_as_json() -> None:
    start, *others = list(trainer(steps=1, val_every=1).run())
    told = to_json(start)
    assert {name: told[name] for name in ("event", "step", "train_n", "val_n", "device")} == {
        "event": "start", "step": 0, "train_n": 12, "val_n": 6, "device": "cpu",
    }  # fmt: skip
    names = {
        "step": {"step", "loss", "loss_global", "loss_local", "train_accuracy", "lr", "steps_per_s", "time_s", "event",
                 "memory_bytes"},
        "validation": {"step", "accuracy", "n", "time_s", "by_scale", "event"},
    }  # fmt: skip
    for event in map(to_json, others[:2]):
        assert set(event) == names[event["event"]]


def test_the_rate_that_is_told_is_the_rate_that_was_used() -> None:
    constant = [event.lr for event in of_kind(list(trainer(schedule="constant", steps=11).run()), Stepped)]
    assert constant == [TINY.lr, TINY.lr]
    cycle = [event.lr for event in of_kind(list(trainer(steps=20).run()), Stepped)]
    # torch's one-cycle: 30 % of the way up from 1/25 of the peak, then down by a cosine to 1/10,000 of where it began
    assert cycle[-1] == pytest.approx(TINY.lr / 25 / 1e4, rel=1e-3)
    down = (9 - (0.3 * 20 - 1)) / (19 - (0.3 * 20 - 1))
    expected = TINY.lr / 25e4 + (TINY.lr - TINY.lr / 25e4) * (1 + math.cos(math.pi * down)) / 2
    assert cycle[0] == pytest.approx(expected, rel=1e-3)


def test_accuracy_is_a_hand_count() -> None:
    one = trainer(steps=3, val_every=3)
    said = of_kind(list(one.run()), Validated)[-1]
    val, right, mean, std = one.data.val, 0, np.array(MEAN), np.array(STD)
    found = []
    with torch.no_grad():
        for image, label in zip(val.images, val.labels, strict=True):
            tensor = torch.from_numpy(((image / 255 - mean) / std).transpose(2, 0, 1)).float()
            found.append(int(one.model.eval()(tensor[None]).ensemble_BC[0].argmax()))
            right += found[-1] == label
    assert (said.accuracy, said.n) == (right / len(val), len(val))
    assert predict(one.model, val, batch=4).tolist() == found
    assert evaluate(one.model, val) == (said.accuracy, None)


def spoil_weights(one: Trainer) -> None:
    with torch.no_grad():
        next(one.model.backbone.parameters()).fill_(math.nan)


def spoil_head(one: Trainer) -> None:
    with torch.no_grad():
        one.model.pooling.head.fc.bias[0] = math.inf


def spoil_statistics(one: Trainer) -> None:
    """Training does not read these; only the validation meets them."""
    next(m for m in one.model.modules() if isinstance(m, nn.BatchNorm2d)).running_mean.fill_(math.nan)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("spoil", [spoil_weights, spoil_head, spoil_statistics])
def test_numbers_that_are_not_finite_end_the_run(spoil: object, pooling: str) -> None:
    one = trainer(pooling=pooling, steps=30, val_every=3)
    spoil(one)
    events = list(one.run())
    assert isinstance(events[-1], Diverged)
    assert events[-1].step <= 3
    assert not of_kind(events, Validated) + of_kind(events, Stepped)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_rate_far_too_high_diverges(pooling: str) -> None:
    events = list(trainer(pooling=pooling, steps=60, lr=1e30, schedule="constant", optimizer="adam").run())
    assert isinstance(events[-1], Diverged)
    assert events[-1].step < 60
    assert all(math.isfinite(event.loss) for event in of_kind(events, Stepped))


def test_other_errors_are_not_taken_for_divergence() -> None:
    data = data_set()
    wrong = PictureSet(data.train.images, data.train.labels + 1, data.train.names)
    with pytest.raises(ValueError, match="class indices"):
        list(trainer(DataSet("wrong", CLASSES, wrong, data.val), steps=3).run())


def test_a_restored_trainer_goes_on_as_if_nothing_had_been() -> None:
    whole, half, rest = trainer(steps=8), trainer(steps=8), trainer(steps=8)
    list(whole.run())
    for event in half.run():
        if isinstance(event, Ticked) and event.step == 3:
            break
    rest.restore(half.state())
    events = list(rest.run())
    assert (events[0].step, rest.step) == (3, 8)
    for got, wanted in zip(rest.model.state_dict().values(), whole.model.state_dict().values(), strict=True):
        assert torch.equal(got, wanted)


def test_more_pictures_asked_for_than_there_are() -> None:
    events = list(trainer(batch=500, steps=2, recipe=replace(TINY, val_every=1)).run())
    assert of_kind(events, Validated)[-1].step == 2
