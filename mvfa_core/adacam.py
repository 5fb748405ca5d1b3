"""AdaCAM: one attention map per picture, in the forward pass, from no label and no gradient (Section 2.1, Eq. 1-2).

B images · C classes · H W grid in cells
"""

from __future__ import annotations

import torch

from mvfa_core.checks import expect, expect_dims, expect_finite
from mvfa_core.precision import double


def attention_map(G_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Class maps G -> attention map A and auxiliary probabilities f.

    f = softmax(GAP(G)) and A = sum_i f_i G_i (Eq. 1 and 2): the expectation of the class maps under the model's own
    belief. Because the softmax widens gaps between logits, A is close to the map of the most probable class.

    Returns:
        A_BHW in logit units, f_BC with rows that sum to 1.

    Raises:
        ValueError: G is not four-dimensional or holds NaN or infinity.
    """
    expect_dims(G_BCHW, "BCHW", "G_BCHW")
    expect_finite(G_BCHW, "G_BCHW")
    f_BC = G_BCHW.mean(dim=(-2, -1)).softmax(dim=1)
    return torch.einsum("bc,bchw->bhw", f_BC, G_BCHW), f_BC


def label_dial(G_BCHW: torch.Tensor, temperature: float) -> torch.Tensor:
    """sum_i softmax(z / T)_i G_i, shape (B, H, W), with z = GAP(G): from the arg-max class map (T -> 0) through
    AdaCAM (T = 1) to the mean of all class maps (T -> infinity).

    Raises:
        ValueError: T is not positive.
    """
    expect_dims(G_BCHW, "BCHW", "G_BCHW")
    expect(temperature > 0, "temperature", "a positive number", temperature)
    return torch.einsum("bc,bchw->bhw", softened(G_BCHW.mean(dim=(-2, -1)), temperature), G_BCHW)


def softened(z_BC: torch.Tensor, temperature: float) -> torch.Tensor:
    """softmax(z / T), rows that sum to 1 for every T > 0, however small."""
    # in double precision and less the largest, for else a small T would make infinities, or be a zero itself
    z_BC64 = double(z_BC)
    return ((z_BC64 - z_BC64.amax(dim=1, keepdim=True)) / temperature).softmax(dim=1).to(z_BC.dtype).to(z_BC.device)


def covered_cells(A_BHW: torch.Tensor) -> torch.Tensor:
    """How many cells the evidence covers, read from A alone. Ours, not the paper's.

    The participation ratio (sum a)^2 / sum a^2 of what rises above the picture's mean, a = max(A - mean A, 0): n cells
    of one height on level ground give n. A constant added to A changes nothing, nor does a factor.

    Returns:
        cells_B, int64 from 1 to H*W; 1 for a map without any rise.

    Raises:
        ValueError: A is not (B, H, W) or not finite.
    """
    expect_dims(A_BHW, "BHW", "A_BHW")
    expect_finite(A_BHW, "A_BHW")
    a_BN = (A_BHW - A_BHW.mean(dim=(-2, -1), keepdim=True)).detach().clamp(min=0).flatten(1)
    tiny = torch.finfo(a_BN.dtype).tiny
    share_BN = a_BN / a_BN.amax(dim=1, keepdim=True).clamp(min=tiny)  # squares of small numbers would vanish
    ratio_B = share_BN.sum(dim=1).square() / share_BN.square().sum(dim=1).clamp(min=tiny)
    return ratio_B.round().long().clamp(min=1)
