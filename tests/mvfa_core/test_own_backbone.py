"""The three lines of the user guide: the module on a backbone that this project has never seen."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import nn

import mvfa_core

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "user-guide.md"


def test_the_guide_s_lines_train_and_predict() -> None:
    (block,) = re.findall(r"```python\n(from mvfa_core import MFA.*?)```", GUIDE.read_text(), re.DOTALL)
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(3, 512, 16, 16), nn.ReLU())
    images, labels = torch.randn(4, 3, 160, 128), torch.tensor([0, 3, 9, 1])
    names = {"backbone": backbone, "images": images, "labels": labels}
    exec(block, names)
    names["loss"].backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in backbone.parameters())
    assert isinstance(names["head"], mvfa_core.MFA)
    assert names["head"](backbone(images)).ensemble_BC.argmax(1).shape == labels.shape
