"""Grad-CAM against two other packages, on the same networks, pictures and classes.

Both find the last feature map with hooks and cut the map at zero. Run once for a logit and once for its negative they
show both signs: relu(m) - relu(-m) = m.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mvfa_core import build_model
from mvfa_core.maps import grad_cam
from mvfa_core.model import Classifier
from tests.mvfa_core import oracles
from tests.mvfa_core.samples import array

grad_cam_package = pytest.importorskip("pytorch_grad_cam")
torchcam = pytest.importorskip("torchcam.methods")

MODELS = {
    "compact gap": ("compact", {"pooling": "gap"}, (64, 96)),
    "compact mfa": ("compact", {"k": 9, "sizes": (1, 3, 5)}, (64, 96)),
    "compact gap mlp": ("compact", {"pooling": "gap", "head": "mlp"}, (96, 64)),
    "compact mfa mlp": ("compact", {"k": 9, "sizes": (3, 5), "head": "mlp"}, (96, 64)),
    "compact mfa prototype": ("compact", {"k": 4, "sizes": (3,), "head": "prototype"}, (56, 56)),
    "resnet41 mfa": ("resnet41", {"k": 8, "sizes": (3, 5)}, (64, 96)),
}
TARGETS = [1, 4]


class Logits(nn.Module):
    """What the packages expect: a network whose output is the logits; `sign` -1 turns them round."""

    def __init__(self, model: Classifier, sign: int) -> None:
        super().__init__()
        self.model, self.sign = model, sign

    def forward(self, image_B3SS: torch.Tensor) -> torch.Tensor:
        return self.sign * self.model(image_B3SS).ensemble_BC


@pytest.fixture(scope="module", params=MODELS)
def model_and_pictures(request: pytest.FixtureRequest) -> tuple[Classifier, torch.Tensor]:
    backbone, options, size = MODELS[request.param]
    generator = torch.Generator().manual_seed(11)
    return build_model(backbone, num_classes=5, seed=2, **options).eval(), torch.randn(2, 3, *size, generator=generator)


def ours(model: Classifier, image_B3SS: torch.Tensor, target: int) -> torch.Tensor:
    with torch.no_grad():
        F_BDHW = model.backbone(image_B3SS)
    return grad_cam(model.pooling, F_BDHW, target)


def agree(got_BHW: torch.Tensor, wanted_BHW: oracles.Array) -> None:
    largest = np.abs(wanted_BHW).max()
    assert largest > 0
    np.testing.assert_allclose(array(got_BHW), wanted_BHW, rtol=1e-4, atol=1e-5 * largest)


@pytest.mark.parametrize("target", TARGETS)
def test_torchcam(model_and_pictures: tuple[Classifier, torch.Tensor], target: int) -> None:
    model, image_B3SS = model_and_pictures
    halves = []
    for sign in (1, -1):
        network = Logits(model, sign)
        with torchcam.GradCAM(network, "model.backbone") as extractor:
            maps = extractor(class_idx=target, scores=network(image_B3SS), normalized=False)
        halves.append(array(maps[0]))
    assert (np.minimum(*halves) == 0).all()
    agree(ours(model, image_B3SS, target), halves[0] - halves[1])


@pytest.mark.parametrize("target", TARGETS)
def test_the_grad_cam_package_s_raw_map(model_and_pictures: tuple[Classifier, torch.Tensor], target: int) -> None:
    """The signed sum, before the package cuts, enlarges and normalises it."""
    model, image_B3SS = model_and_pictures
    network = Logits(model, 1)
    targets = [grad_cam_package.utils.model_targets.ClassifierOutputTarget(target)] * 2
    with grad_cam_package.GradCAM(model=network, target_layers=[model.backbone]) as extractor:
        extractor(input_tensor=image_B3SS, targets=targets)
        kept = extractor.activations_and_grads
        maps = extractor.get_cam_image(
            image_B3SS, model.backbone, targets, kept.activations[0].numpy(), kept.gradients[0].numpy()
        )
    agree(ours(model, image_B3SS, target), maps)


@pytest.mark.parametrize("target", TARGETS)
def test_the_grad_cam_package_s_picture(model_and_pictures: tuple[Classifier, torch.Tensor], target: int) -> None:
    """What a user of the package sees: cut at zero, scaled to 0..1, enlarged to the picture, scaled again."""
    model, image_B3SS = model_and_pictures
    targets = [grad_cam_package.utils.model_targets.ClassifierOutputTarget(target)] * 2
    with grad_cam_package.GradCAM(model=Logits(model, 1), target_layers=[model.backbone]) as extractor:
        pictures = extractor(input_tensor=image_B3SS, targets=targets)
    scale = grad_cam_package.utils.image.scale_cam_image
    height, width = image_B3SS.shape[-2:]
    cut = ours(model, image_B3SS, target).clamp(min=0).numpy()
    np.testing.assert_allclose(scale(scale(cut, (width, height))), pictures, atol=2e-3)
