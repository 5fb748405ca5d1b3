"""Where to compute."""

from __future__ import annotations

import pytest
import torch

from mvfa_core.devices import find_device


def test_auto_is_a_device_that_works() -> None:
    device = find_device()
    assert torch.ones(2, device=device).sum().item() == 2
    assert find_device("cpu") == torch.device("cpu")
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert device.type == best


@pytest.mark.parametrize("name", ["", "gpu", "cpu:x", "meta"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="device"):
        find_device(name)


def test_an_absent_device_is_refused_with_a_way_out() -> None:
    absent = "mps" if not torch.backends.mps.is_available() else "cuda"
    if absent == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has everything")
    with pytest.raises(ValueError, match="--device cpu"):
        find_device(absent)
