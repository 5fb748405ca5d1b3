"""Remove and debias (Rong et al. 2022): pixels are filled in from their neighbours and not painted over, so that the
shape of a hole does not give the class away. The imputer is that of the grad-cam package.

S side in px · V versions of one picture
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch

from mvfa_core.draw import enlarge
from mvfa_core.images import denormalise, normalise
from mvfa_core.metrics.faithfulness import confidences
from mvfa_core.model import Classifier

REMOVED = (0.2, 0.4, 0.6, 0.8)
"""Shares of the pixels that are removed."""
_Imputer = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def road(
    model: Classifier, image: np.ndarray, maps: Mapping[str, np.ndarray], target: int, *, seed: int = 0
) -> dict[str, dict[str, float]]:
    """The figure of every map of one picture uint8 (S, S, 3): mean confidence without the least important pixels, less
    that without the most important, halved; -0.5 to 0.5, 0 for an order that means nothing.

    Pixels are ranked by the enlarged map, equal values in row-major order, so exactly the share named is removed.
    """
    # loaded with the first picture: it brings scikit-learn, which no other command needs
    from pytorch_grad_cam.metrics.road import NoisyLinearImputer

    impute = NoisyLinearImputer()
    image_3SS = normalise(torch.from_numpy(image)[None])[0]
    versions = []
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the little noise that the imputer adds
        for map_HW in maps.values():
            falling = np.argsort(-enlarge(map_HW, (image.shape[1], image.shape[0])).ravel(), kind="stable")
            versions += [_without(impute, image_3SS, falling[::way], share) for way in (-1, 1) for share in REMOVED]
    if not versions:
        return {}
    share_V = confidences(model, np.concatenate(versions), target)
    means = share_V.reshape(len(maps), 2, len(REMOVED)).mean(axis=2)
    return {name: {"road": float(least - most) / 2} for name, (least, most) in zip(maps, means, strict=True)}


def _without(
    impute: Callable[..., torch.Tensor], image_3SS: torch.Tensor, order: np.ndarray, share: float
) -> np.ndarray:
    kept = torch.ones(order.size)
    kept[torch.from_numpy(order[: round(share * order.size)].copy())] = 0
    return denormalise(impute(image_3SS, kept.view(image_3SS.shape[1:]))[None]).numpy()
