"""The classifiers: a backbone that ends in the multi-view feature augmentation module (MFA) or in global average
pooling (GAP). The rooms of the method in their order (Figure 4, Eq. 8).

    B images · S side in px · D channels · C classes · H W grid · K anchors · R sizes · M = K*R views
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from mvfa_core.adacam import attention_map
from mvfa_core.backbones import expect_pictures, find_backbone
from mvfa_core.checks import expect, expect_choice, expect_dims, expect_finite, expect_sizes
from mvfa_core.heads import Head, build_head
from mvfa_core.regions import region_boxes, top_anchors
from mvfa_core.stages import Stages
from mvfa_core.views import pool_views, region_weights

PAPER_K = 50
PAPER_SIZES = (3, 5, 7, 9)


class MFA(nn.Module):
    """The module of Figure 4: F -> class maps -> attention -> anchors -> regions -> views -> votes.

    Usable on any backbone: `MFA(channels, num_classes)(F_BDHW).ensemble_BC` are the logits.

    Args:
        channels: D of the backbone.
        num_classes: C.
        k: anchors per picture, 1 to H*W.
        sizes: L_R, odd side lengths in cells.
        head: the main head by name.
        head_options: what that head takes besides.

    Raises:
        ValueError: an unknown head or a size that is even or < 1; at the call, K > H*W or F not finite.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        k: int = PAPER_K,
        sizes: Sequence[int] = PAPER_SIZES,
        head: str = "linear",
        head_options: dict | None = None,
    ) -> None:
        super().__init__()
        expect(isinstance(k, int) and k >= 1, "k", "a whole number >= 1", repr(k))
        self.k, self.sizes = k, expect_sizes(sizes)
        self.head: Head = build_head(head, channels, num_classes, **(head_options or {}))
        self.auxiliary = nn.Conv2d(channels, num_classes, kernel_size=1)

    def forward(self, F_BDHW: torch.Tensor, *, k: int | None = None, sizes: Sequence[int] | None = None) -> Stages:
        """One pass over the feature map, with this call's K and L_R if given."""
        expect_dims(F_BDHW, "BDHW", "F_BDHW")
        expect_finite(F_BDHW, "F_BDHW")
        sizes = self.sizes if sizes is None else expect_sizes(sizes)
        grid = (F_BDHW.shape[-2], F_BDHW.shape[-1])
        G_BCHW = self.auxiliary(F_BDHW)
        A_BHW, f_BC = attention_map(G_BCHW)
        anchors_BK2 = top_anchors(A_BHW, self.k if k is None else k)
        boxes_BKR4 = region_boxes(anchors_BK2, sizes, grid)
        weights_BMHW = region_weights(boxes_BKR4, grid, F_BDHW.dtype)
        logits_BMC = self.head.finish(pool_views(weights_BMHW, self.head.maps(F_BDHW)))
        return Stages(
            F_BDHW=F_BDHW,
            ensemble_BC=logits_BMC.sum(dim=1),  # Eq. 8: logits, not probabilities
            G_BCHW=G_BCHW,
            f_BC=f_BC,
            A_BHW=A_BHW,
            anchors_BK2=anchors_BK2,
            boxes_BKR4=boxes_BKR4,
            weights_BMHW=weights_BMHW,
            logits_BMC=logits_BMC,
            sizes=tuple(sizes),
        )


class GAP(nn.Module):
    """The twin that MFA replaces: one view, the mean over the whole map, through the same head."""

    def __init__(
        self, channels: int, num_classes: int, *, head: str = "linear", head_options: dict | None = None
    ) -> None:
        super().__init__()
        self.head: Head = build_head(head, channels, num_classes, **(head_options or {}))

    def forward(self, F_BDHW: torch.Tensor) -> Stages:
        """F -> Stages with `F_BDHW` and `ensemble_BC`, the logits, filled."""
        expect_dims(F_BDHW, "BDHW", "F_BDHW")
        expect_finite(F_BDHW, "F_BDHW")
        return Stages(F_BDHW=F_BDHW, ensemble_BC=self.head.finish(self.head.maps(F_BDHW).mean(dim=(-2, -1))))


POOLINGS = ("mfa", "gap")


class Classifier(nn.Module):
    """A backbone and what it ends in.

    Attributes:
        backbone: image_B3SS -> F_BDHW.
        pooling: `MFA` or `GAP`, F_BDHW -> Stages.
        config: the arguments of `build_model` that make this model again.
        classes: C names; `("0", "1", ...)` until a data set gives better ones.
        side: the picture side in px that it was made for.
    """

    def __init__(self, backbone: nn.Module, pooling: MFA | GAP, config: dict, classes: Sequence[str]) -> None:
        super().__init__()
        self.backbone, self.pooling, self.config = backbone, pooling, config
        self.classes = tuple(classes)
        self.stride = find_backbone(config["backbone"]).stride
        self.side = find_backbone(config["backbone"]).side

    def forward(self, image_B3SS: torch.Tensor) -> Stages:
        """Normalised pictures (B, 3, S, S), sides multiples of the stride -> Stages."""
        expect_pictures(image_B3SS, self.stride)
        return self.pooling(self.backbone(image_B3SS))


def build_model(
    backbone: str,
    pooling: str = "mfa",
    num_classes: int = 10,
    *,
    k: int = PAPER_K,
    sizes: Sequence[int] = PAPER_SIZES,
    head: str = "linear",
    head_options: dict | None = None,
    seed: int = 0,
    classes: Sequence[str] | None = None,
) -> Classifier:
    """A fresh model. The same seed gives GAP and MFA the same backbone and the same main head to start from.

    Raises:
        ValueError: an unknown name, fewer than two classes, or a K or size out of range; it says got and expected.
    """
    entry = find_backbone(backbone)
    expect_choice(pooling, POOLINGS, "pooling")
    classes = tuple(classes) if classes is not None else tuple(str(c) for c in range(num_classes))
    expect(len(classes) == num_classes, "classes", f"{num_classes} names", f"{len(classes)} names")
    head_options = dict(head_options or {})
    config = {"backbone": backbone, "pooling": pooling, "num_classes": num_classes, "head": head, "seed": seed}
    config |= {"head_options": head_options}
    with torch.random.fork_rng(devices=[]):
        # backbone first, head second, auxiliary layer last: the twins draw the same numbers as far as they agree
        torch.manual_seed(seed)
        network = entry.build()
        if pooling == "gap":
            module: MFA | GAP = GAP(entry.channels, num_classes, head=head, head_options=head_options)
        else:
            module = MFA(entry.channels, num_classes, k=k, sizes=sizes, head=head, head_options=head_options)
            config |= {"k": k, "sizes": list(module.sizes)}
    return Classifier(network, module, config, classes)
