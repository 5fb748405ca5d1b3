"""CAM of an adopted network against two other packages, on the untouched network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from mvfa_core import adopt
from mvfa_core.explain import Encoding, explain_encoding
from mvfa_core.model import Classifier
from tests.mvfa_core.adoption.networks import randomised

TARGETS = [1, 4]


@pytest.fixture(scope="module")
def pair() -> tuple[nn.Module, Classifier]:
    network = randomised(torchvision.models.resnet18(num_classes=5))
    return network, adopt(network, size=64)


@pytest.fixture
def image_13SS() -> torch.Tensor:
    return torch.randn(1, 3, 96, 160, generator=torch.Generator().manual_seed(11))


def cam_of(model: Classifier, image_13SS: torch.Tensor, target: int) -> np.ndarray:
    with torch.no_grad():
        F_BDHW = model.backbone(image_13SS)
    found = explain_encoding(model, Encoding(F_BDHW, (160, 96)), target=target)
    assert found.cam_HW is not None and found.cam_HW.shape == (3, 5)
    assert np.allclose(found.cam_HW, found.grad_cam_HW, rtol=1e-5)  # one head: they are one map
    return found.cam_HW


@pytest.mark.parametrize("target", TARGETS)
def test_torchcam(pair: tuple[nn.Module, Classifier], image_13SS: torch.Tensor, target: int) -> None:
    methods = pytest.importorskip("torchcam.methods")
    network, model = pair
    with methods.CAM(network, "layer4", fc_layer="fc") as extractor, torch.no_grad():
        network(model.backbone.adapter(image_13SS))
        wanted_HW = extractor(class_idx=target, normalized=False)[0][0].numpy()
    assert np.abs(wanted_HW).max() > 0
    np.testing.assert_allclose(cam_of(model, image_13SS, target), wanted_HW, rtol=1e-4, atol=1e-5 * wanted_HW.max())


@pytest.mark.parametrize("target", TARGETS)
def test_grad_cam(pair: tuple[nn.Module, Classifier], image_13SS: torch.Tensor, target: int) -> None:
    """The package's signed map, before it cuts and enlarges it, is CAM over the number of cells."""
    package = pytest.importorskip("pytorch_grad_cam")
    network, model = pair
    targets = [package.utils.model_targets.ClassifierOutputTarget(target)]
    own = model.backbone.adapter(image_13SS)
    with package.GradCAM(model=network, target_layers=[network.layer4]) as extractor:
        extractor(input_tensor=own, targets=targets)
        kept = extractor.activations_and_grads
        activations, gradients = kept.activations[0].numpy(), kept.gradients[0].numpy()
        (wanted_HW,) = extractor.get_cam_image(own, network.layer4, targets, activations, gradients)
    np.testing.assert_allclose(cam_of(model, image_13SS, target), 15 * wanted_HW, rtol=1e-3, atol=1e-4)
