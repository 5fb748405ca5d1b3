"""The self-test of an adopted model: what it says against what the untouched network says, by numbers.

B images · D channels · C classes · H W grid in cells
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from mvfa_core.adoption.anatomy import EXACT, TOKENS, NotAdoptableError, logits_of
from mvfa_core.images import to_tensor
from mvfa_core.model import Classifier
from mvfa_core.photographs import photograph

TOLERANCE = 1e-4
"""Of the largest logit, between the view of the whole map and the network's own answer."""
NOISES = 2
TRIED = ("chelsea", "coffee", "rocket", "astronaut")
"""Of the photographs: four are enough to tell a wrong account, and each costs a run of the network."""


@dataclass(frozen=True)
class SelfTest:
    """Distances from the untouched network's logits, as shares of the largest of them.

    Attributes:
        whole_view: of the view of the whole map; None where a class token answers, which no view is.
        mean_of_maps: of the mean of G over all cells.
        agreement: share of the photographs for which the votes name the class that the network names.
        pictures: how many it was tried on, noise and photographs.
    """

    whole_view: float | None
    mean_of_maps: float
    agreement: float
    pictures: int

    def as_json(self) -> dict[str, float | int | None]:
        """As it stands on a card."""
        return asdict(self)


def pictures_to_try(side: int) -> torch.Tensor:
    """Normalised noise, then four of the photographs that come with scikit-image, image_B3SS."""
    noise_B3SS = torch.randn(NOISES, 3, side, side, generator=torch.Generator().manual_seed(1))
    return torch.cat([noise_B3SS, *(to_tensor(photograph(name), side) for name in TRIED)])


def self_test(model: Classifier, network: nn.Module, kind: str) -> SelfTest:
    """Try the model on pictures.

    Args:
        network: the untouched one.
        kind: what it was taken for (`anatomy.KINDS`).

    Raises:
        NotAdoptableError: the numbers do not bear out the kind.
    """
    image_B3SS = pictures_to_try(model.side)
    adapter: Any = model.backbone.adapter
    whole, mean, same, largest = 0.0, 0.0, 0, 0.0
    with torch.no_grad():
        for image_13SS in image_B3SS.split(1):
            expected_C = logits_of(network(adapter(image_13SS)))[0]
            F_BDHW = model.backbone(image_13SS)
            over_all = 2 * max(F_BDHW.shape[-2:]) + 1
            stages = model.pooling(F_BDHW)
            assert stages.auxiliary_BC is not None
            view_C = model.pooling(F_BDHW, k=1, sizes=(over_all,)).ensemble_BC[0]
            scale = float(expected_C.abs().max())
            whole = max(whole, float((view_C - expected_C).abs().max()) / max(scale, 1e-30))
            mean = max(mean, float((stages.auxiliary_BC[0] - expected_C).abs().max()) / max(scale, 1e-30))
            same += int(stages.ensemble_BC[0].argmax() == expected_C.argmax())
            largest = max(largest, scale)
    _expect_borne_out(kind, whole, mean, largest)
    return SelfTest(None if kind == TOKENS else whole, mean, same / len(image_B3SS), len(image_B3SS))


def _expect_borne_out(kind: str, whole: float, mean: float, largest: float) -> None:
    if not 0 < largest < float("inf"):
        raise NotAdoptableError("the network answers every picture with zeros or numbers that are not finite; its "
                                "weights are not those of a trained network")  # fmt: skip
    # False counts as no distance
    distances = {
        "the view of the whole map": kind != TOKENS and whole,
        "the mean of the class maps": kind == EXACT and mean,
    }
    for what, distance in distances.items():
        if not distance <= TOLERANCE:
            raise NotAdoptableError(
                f"the self-test failed: {what} differs from the network's own logits by {distance:.2g} of the largest, "
                f"more than {TOLERANCE:g}"
            )
