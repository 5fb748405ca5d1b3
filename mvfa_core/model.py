"""The classifiers: a backbone that ends in the multi-view feature augmentation module (MFA) or in global average
pooling (GAP). The rooms of the method in their order (Figure 4, Eq. 8).

    B images · S side in px · D channels · C classes · H W grid · K anchors · R sizes · M = K*R views
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from mvfa_core.adacam import attention_map, covered_cells
from mvfa_core.backbones import Backbone, expect_pictures, find_backbone
from mvfa_core.checks import expect, expect_choice, expect_dims, expect_finite, expect_sizes, expect_whole
from mvfa_core.devices import Place
from mvfa_core.heads import Head, build_head, pointwise
from mvfa_core.names import visible_names
from mvfa_core.regions import region_boxes, repeated_anchors, top_anchors
from mvfa_core.stages import Stages
from mvfa_core.views import pool_views, region_weights

PAPER_K = 50
PAPER_SIZES = (3, 5, 7, 9)
ANCHORS = ("adacam", "random", "all", "label", "covering")
"""Where views are taken: the paper's attention; or, to see what it is worth, K random cells, every cell, or in training
the class map of the true label, which leaks the label into the choice of views. "covering" is an experiment of ours: of
the attention's highest cells only as many as it covers."""


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
        anchors: one of `ANCHORS`; all but "adacam" are ablations.

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
        anchors: str = "adacam",
    ) -> None:
        super().__init__()
        expect_choice(anchors, ANCHORS, "anchors")
        self.anchors = anchors
        self.channels, self.sizes = channels, expect_sizes(sizes)
        self.k = expect_whole(k, "k", "a whole number >= 1", 1)
        self.head: Head = build_head(head, channels, num_classes, **(head_options or {}))
        self.auxiliary = nn.Conv2d(channels, num_classes, kernel_size=1)

    def forward(
        self,
        F_BDHW: torch.Tensor,
        *,
        k: int | None = None,
        sizes: Sequence[int] | None = None,
        labels_B: torch.Tensor | None = None,
    ) -> Stages:
        """One pass over the feature map, with this call's K and L_R if given. Labels, class indices, are looked at
        only in training with `anchors="label"`."""
        _expect_features(F_BDHW, self.channels)
        sizes = self.sizes if sizes is None else expect_sizes(sizes)
        grid = (F_BDHW.shape[-2], F_BDHW.shape[-1])
        G_BCHW = self.class_maps(F_BDHW)
        A_BHW, f_BC = self.attend(F_BDHW, G_BCHW)
        anchors_BK2 = self._anchors(G_BCHW, A_BHW, k, labels_B)
        boxes_BKR4 = region_boxes(anchors_BK2, sizes, grid)
        weights_BMHW = region_weights(boxes_BKR4, grid, F_BDHW.dtype)
        logits_BMC = self.head.finish(pool_views(weights_BMHW, self.view_maps(F_BDHW, G_BCHW)))
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

    def class_maps(self, F_BDHW: torch.Tensor) -> torch.Tensor:
        """G_BCHW, the auxiliary layer at every cell."""
        return pointwise(F_BDHW, self.auxiliary.weight.flatten(1), self.auxiliary.bias)

    def attend(self, F_BDHW: torch.Tensor, G_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A_BHW and f_BC (Eq. 1-2)."""
        return attention_map(G_BCHW)

    def confidence(self, logits: torch.Tensor) -> torch.Tensor:
        """Of each class in the last dimension."""
        return logits.softmax(dim=-1)

    def belief(self, z_BC: torch.Tensor) -> torch.Tensor:
        """f_BC of the auxiliary logits, weights of the classes that sum to 1 (Eq. 1)."""
        return z_BC.softmax(dim=1)

    def view_maps(self, F_BDHW: torch.Tensor, G_BCHW: torch.Tensor) -> torch.Tensor:
        """What views are pooled from: the first layer of the main head at every cell."""
        return self.head.maps(F_BDHW)

    def _anchors(
        self, G_BCHW: torch.Tensor, A_BHW: torch.Tensor, k: int | None, labels_B: torch.Tensor | None
    ) -> torch.Tensor:
        if self.anchors == "label" and self.training:
            expect(labels_B is not None, "labels_B", "the labels of the batch, for anchors from them", None)
            A_BHW = G_BCHW[torch.arange(len(G_BCHW), device=G_BCHW.device), labels_B]
        return self.chosen(A_BHW, k)

    def chosen(self, A_BHW: torch.Tensor, k: int | None = None) -> torch.Tensor:
        """The anchors of an attention map, anchors_BK2 as (x, y) in cells, by this module's rule; its own K if not
        given."""
        k = self.k if k is None else k
        if self.anchors == "random":
            return top_anchors(torch.rand_like(A_BHW), k)
        if self.anchors == "covering":
            return repeated_anchors(A_BHW, k, covered_cells(A_BHW))
        if self.anchors == "all":
            return top_anchors(A_BHW, A_BHW[0].numel())
        return top_anchors(A_BHW, k)


class GAP(nn.Module):
    """The twin that MFA replaces: one view, the mean over the whole map, through the same head."""

    def __init__(
        self, channels: int, num_classes: int, *, head: str = "linear", head_options: dict | None = None
    ) -> None:
        super().__init__()
        self.channels = channels
        self.head: Head = build_head(head, channels, num_classes, **(head_options or {}))

    def confidence(self, logits: torch.Tensor) -> torch.Tensor:
        """Of each class in the last dimension."""
        return logits.softmax(dim=-1)

    def forward(self, F_BDHW: torch.Tensor, *, labels_B: torch.Tensor | None = None) -> Stages:
        """F -> Stages with `F_BDHW` and `ensemble_BC`, the logits, filled; labels are taken and left alone."""
        _expect_features(F_BDHW, self.channels)
        return Stages(F_BDHW=F_BDHW, ensemble_BC=self.head.finish(self.head.maps(F_BDHW).mean(dim=(-2, -1))))


def _expect_features(F_BDHW: torch.Tensor, channels: int) -> None:
    expect_dims(F_BDHW, "BDHW", "F_BDHW")
    expect(F_BDHW.shape[1] == channels, "F_BDHW", f"D = {channels} channels", f"shape {tuple(F_BDHW.shape)}")
    expect_finite(F_BDHW, "F_BDHW")


POOLINGS = ("mfa", "gap")


class Classifier(nn.Module):
    """A backbone and what it ends in.

    Attributes:
        backbone: image_B3SS -> F_BDHW.
        pooling: `MFA` or `GAP`, F_BDHW -> Stages.
        config: the arguments of `build_model` that make this model again.
        classes: C names; `("0", "1", ...)` until a data set gives better ones.
        side: the picture side in px that it was made for.
        place: where and how finely it is computed for explanations (`inference.settle`).
    """

    def __init__(
        self, backbone: nn.Module, pooling: MFA | GAP, *, entry: Backbone, config: dict, classes: Sequence[str]
    ) -> None:
        super().__init__()
        self.backbone, self.pooling, self.config = backbone, pooling, config
        self.classes = tuple(classes)
        self.stride, self.side = entry.stride, entry.side
        self.place = Place()

    def forward(self, image_B3SS: torch.Tensor, labels_B: torch.Tensor | None = None) -> Stages:
        """Normalised pictures (B, 3, S, S), sides multiples of the stride -> Stages. See `MFA.forward` for labels."""
        expect_pictures(image_B3SS, self.stride)
        return self.pooling(self.backbone(image_B3SS), labels_B=labels_B)


def build_model(
    backbone: str,
    pooling: str = "mfa",
    num_classes: int = 10,
    *,
    k: int = PAPER_K,
    sizes: Sequence[int] = PAPER_SIZES,
    head: str = "linear",
    head_options: dict | None = None,
    anchors: str = "adacam",
    seed: int = 0,
    classes: Sequence[str] | None = None,
    weights: str | None = None,
) -> Classifier:
    """A fresh model. The same seed gives GAP and MFA the same backbone and the same main head to start from.

    Args:
        backbone: a name in `BACKBONES`, or `timm:<name>`.
        weights: of the backbone: None for fresh ones, "imagenet" (downloaded), or a local file.

    Raises:
        ValueError: an unknown name, fewer than two classes, or a K or size out of range; it says got and expected.
    """
    entry = find_backbone(backbone)
    expect_choice(pooling, POOLINGS, "pooling")
    classes = tuple(classes) if classes is not None else tuple(str(c) for c in range(num_classes))
    expect(len(classes) == num_classes, "classes", f"{num_classes} names", f"{len(classes)} names")
    classes = visible_names(classes)
    sizes, head_options = expect_sizes(sizes), dict(head_options or {})
    config = {"backbone": backbone, "pooling": pooling, "num_classes": num_classes, "head": head, "seed": seed}
    config |= {"head_options": head_options}
    # out of the caller's inference mode, whose tensors could never be trained or explained
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        # backbone first, head second, auxiliary layer last: the twins draw the same numbers as far as they agree
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also reseed every accelerator
        network = entry.build(weights=weights)
        if pooling == "gap":
            module: MFA | GAP = GAP(entry.channels, num_classes, head=head, head_options=head_options)
        else:
            options: dict = {"k": k, "sizes": sizes, "anchors": anchors}
            module = MFA(entry.channels, num_classes, head=head, head_options=head_options, **options)
            config |= {**options, "k": module.k, "sizes": list(module.sizes)}
    return Classifier(network, module, entry=entry, config=config, classes=classes)
