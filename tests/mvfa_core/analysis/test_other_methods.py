"""The grad-cam package's maps from the last feature map alone, against the package on the whole network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import build_model
from mvfa_core.analysis.other_methods import OTHER_MAPS, other_map
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import Classifier

SIDE = (64, 96)
TARGET = 2


class Logits(nn.Module):
    """What the package expects: a network whose output is the mean view logits."""

    def __init__(self, model: Classifier) -> None:
        super().__init__()
        self.model, self.features = model, nn.Identity()

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        stages = self.model.pooling(self.features(self.model.backbone(image_B3SS)))
        return stages.ensemble_BC / (1 if stages.logits_BMC is None else stages.logits_BMC.shape[1])


@pytest.fixture(scope="module", params=["gap", "mfa"])
def model(request: pytest.FixtureRequest) -> Classifier:
    return build_model("compact", pooling=request.param, num_classes=4, k=5, sizes=(1, 3), seed=2).eval()


@pytest.fixture(scope="module")
def image_13SS() -> torch.Tensor:
    return torch.randn(1, 3, *SIDE, generator=torch.Generator().manual_seed(3))


def encoded(model: Classifier, image_13SS: torch.Tensor) -> Encoding:
    with torch.no_grad():
        return Encoding(model.backbone(image_13SS), SIDE[::-1])


@pytest.mark.parametrize("method", OTHER_MAPS)
def test_as_the_package_makes_it(method: str, model: Classifier, image_13SS: torch.Tensor) -> None:
    targets = [lambda output: output[TARGET]]
    whole = Logits(model)
    with OTHER_MAPS[method](whole, [whole.features]) as package:
        package(image_13SS, targets)
        listener = package.activations_and_grads
        found = [array[0].numpy() for array in (listener.activations, listener.gradients) if array]
        gradients = found[1] if len(found) > 1 else None
        theirs_BHW = package.get_cam_image(image_13SS, whole.features, targets, found[0], gradients, eigen_smooth=False)
    ours_HW = other_map(model, encoded(model, image_13SS), method, TARGET)
    assert ours_HW.shape == (SIDE[0] // 8, SIDE[1] // 8)
    np.testing.assert_allclose(ours_HW, theirs_BHW[0], rtol=1e-3, atol=1e-6 * np.abs(theirs_BHW).max() + 1e-12)


def test_hirescam_of_a_linear_head_is_the_contribution_map(model: Classifier, image_13SS: torch.Tensor) -> None:
    encoding = encoded(model, image_13SS)
    found = explain_encoding(model, encoding, target=TARGET)
    views = 1 if found.logits_MC is None else len(found.logits_MC)
    mean_vote_HW = found.contribution_HW / views
    np.testing.assert_allclose(other_map(model, encoding, "HiResCAM", TARGET), mean_vote_HW, atol=1e-5)


def test_k_and_sizes_of_this_call(image_13SS: torch.Tensor) -> None:
    model = build_model("compact", num_classes=4, k=5, sizes=(1, 3), seed=2).eval()
    encoding = encoded(model, image_13SS)
    found = explain_encoding(model, encoding, target=1, k=9, sizes=(3,))
    mean_vote_HW = found.contribution_HW / 9
    np.testing.assert_allclose(other_map(model, encoding, "HiResCAM", 1, k=9, sizes=(3,)), mean_vote_HW, atol=1e-5)


def test_nothing_stays_hooked(model: Classifier, image_13SS: torch.Tensor) -> None:
    other_map(model, encoded(model, image_13SS), "LayerCAM", 0)
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


@pytest.mark.parametrize(("method", "target"), [("Guess-CAM", 0), ("LayerCAM", 4), ("LayerCAM", -1)])
def test_refusals(method: str, target: int, model: Classifier, image_13SS: torch.Tensor) -> None:
    with pytest.raises(ValueError, match="expected"):
        other_map(model, encoded(model, image_13SS), method, target)
