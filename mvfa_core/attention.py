"""The attention baselines of Table 2: VGG16 with SE, CBAM or global-context blocks at the end of each of its five
convolutional stages, or with a selective-kernel block in place of each stage's last convolution.

The blocks are timm's. Reduction is 2, as the paper says for SE, CBAM and SK; for global context it gives none and the
library's own (8) stands.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from mvfa_core.checks import expect_choice

REDUCTION = 2


def se_block(channels: int) -> nn.Module:
    """Squeeze-and-excitation (Hu et al. 2018)."""
    from timm.layers import SEModule

    return SEModule(channels, rd_ratio=1 / REDUCTION, rd_divisor=1)


def cbam_block(channels: int) -> nn.Module:
    """Channel attention, then spatial attention (Woo et al. 2018)."""
    from timm.layers.cbam import CbamModule

    return CbamModule(channels, rd_ratio=1 / REDUCTION)


def gc_block(channels: int) -> nn.Module:
    """Global context added to every cell (Cao et al. 2019)."""
    from timm.layers import GlobalContext

    return GlobalContext(channels, fuse_add=True, fuse_scale=False)


def sk_block(channels_in: int, channels_out: int) -> nn.Module:
    """Selective kernel (Li et al. 2019): a 3x3 and a dilated 3x3 branch over all channels, joined by attention."""
    from timm.layers import SelectiveKernel

    return SelectiveKernel(channels_in, channels_out, rd_ratio=1 / REDUCTION, split_input=False)


AT_STAGE_END: dict[str, Callable[[int], nn.Module]] = {"se": se_block, "cbam": cbam_block, "gc": gc_block}
ATTENTION = (*AT_STAGE_END, "sk")


def attended(features: nn.Sequential, name: str) -> nn.Sequential:
    """VGG16's convolutions with the named attention in each stage.

    Args:
        features: torchvision's `features` without the last pooling: convolution, ReLU, ..., pooling.
        name: "se", "cbam", "gc" or "sk".

    Raises:
        ValueError: another name.
    """
    expect_choice(name, ATTENTION, "attention")
    layers: list[nn.Module] = []
    for stage in _stages(features):
        layers += _with_sk(stage) if name == "sk" else _with_block(stage, AT_STAGE_END[name])
    return nn.Sequential(*layers)


def _stages(features: nn.Sequential) -> list[list[nn.Module]]:
    """The layers between poolings; a pooling opens the stage after it."""
    stages: list[list[nn.Module]] = [[]]
    for layer in features:
        if isinstance(layer, nn.MaxPool2d):
            stages.append([])
        stages[-1].append(layer)
    return stages


def _with_block(stage: list[nn.Module], block: Callable[[int], nn.Module]) -> list[nn.Module]:
    last = [layer for layer in stage if isinstance(layer, nn.Conv2d)][-1]
    return [*stage, block(last.out_channels)]


def _with_sk(stage: list[nn.Module]) -> list[nn.Module]:
    """The last convolution and its ReLU give way to a block that brings its own activation."""
    last = stage[-2]
    assert isinstance(last, nn.Conv2d)
    return [*stage[:-2], sk_block(last.in_channels, last.out_channels)]
