"""How much a network takes is told of tensors and of names, without taking it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from mvfa_core.adoption.amount import BYTES, bytes_of, bytes_of_weights
from mvfa_core.adoption.weight_files import read
from mvfa_core.weights.files import WeightsError


def test_a_small_file_may_stand_for_a_large_network(tmp_path: Path) -> None:
    file = tmp_path / "x.pth"
    torch.save({"x": torch.zeros(1, dtype=torch.float16).expand(10**9)}, file)
    assert file.stat().st_size < 10_000 and bytes_of_weights(read(file)) == 10**9 * BYTES
    torch.save({"x": torch.zeros(3)}, file)
    assert bytes_of_weights(read(file)) == 3 * BYTES
    before = time.monotonic()
    assert bytes_of_weights(read(file), "torchvision:vit_h_14") > 2.4e9 and time.monotonic() - before < 20
    with pytest.raises(WeightsError, match="no network of that name"):
        bytes_of_weights(read(file), "timm:resnet_of_nobody")


def test_a_network_in_memory() -> None:
    network = torchvision.models.resnet18(num_classes=3)
    assert bytes_of(network) == sum(tensor.numel() for tensor in network.state_dict().values()) * 4


def test_a_small_folder_may_claim_a_large_network(tmp_path: Path) -> None:
    """What the configuration beside the weights would have built counts, before it is."""
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "vit_huge_patch14_224", "num_classes": 3}))
    save_file({"x": torch.zeros(3)}, tmp_path / "model.safetensors")
    assert bytes_of_weights(read(tmp_path)) > 2.4e9
