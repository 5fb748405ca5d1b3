"""The rows of the tables. A row turns a dataset and a seed into a complete, frozen recipe with the paper's schedule,
and knows the paper's number for it where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.experiments.tables import TABLE1, TABLE2, TABLE3, paper_name
from mvfa_core.training.recipes import Recipe, paper

STEPS_ELSEWHERE = 20_000
"""For data that the paper did not train on: what it gives most of its datasets."""


def paper_recipe(data: str, seed: int = 0) -> Recipe:
    """VGG16_MFA of that dataset: Adam at 1e-4, batches of 64, flip and 256 -> 224 crop, a validation every 100 steps,
    K = 50, L_R = 3 5 7 9, the views' losses summed, and the paper's number of steps for that dataset (Section 3).

    python -m mvfa_core train --recipe paper --backbone vgg16 --data ucmerced --steps 15000 --out runs/NAME
    """
    entry = CATALOGUE.get(data)
    steps = entry.iterations if entry is not None and entry.iterations else STEPS_ELSEWHERE
    return replace(paper(), data=data, seed=seed, steps=steps)


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        name: as the paper writes it.
        changes: fields of the recipe in which it differs from `paper_recipe`.
        paper: dataset -> the paper's per cent.
        twin: the row with the same backbone and head that ends in GAP, "" if it is one itself.
        ensemble: how the views become one answer when the finished run is measured; nothing is trained for it.
        fixed: the backbone is what the row is about, so no other one can stand in for it.
    """

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    paper: Mapping[str, float] = field(default_factory=dict)
    twin: str = ""
    ensemble: str = "logit-sum"
    fixed: bool = False

    def recipe(self, data: str, seed: int = 0) -> Recipe:
        """The complete choice for one dataset; `ValueError` for a name or number out of range."""
        return replace(paper_recipe(data, seed), **self.changes)


def _model(name: str) -> Row:
    """A model of Table 1 by its name in the catalogue, "resnet41_mfa"."""
    backbone, _, pooling = name.rpartition("_")
    shown = paper_name(name)
    twin = f"{shown.removesuffix('_MFA')}_GAP" if pooling == "mfa" else ""
    return Row(shown, {"backbone": backbone, "pooling": pooling}, TABLE1[shown], twin)


def _table2(name: str, fixed: bool = False, **changes: Any) -> Row:
    twin = "" if name == "VGG16_GAP" else "VGG16_GAP"
    return Row(name, {"pooling": "gap", **changes}, TABLE2[name], twin, fixed=fixed)


GAP: Mapping[str, Any] = {"pooling": "gap"}

TABLE1_ROWS = tuple(_model(name) for name in next(iter(CATALOGUE.values())).accuracy)
TABLE2_ROWS = (
    _table2("VGG16_GAP"),
    _table2("VGG16_SE_GAP", fixed=True, backbone="vgg16_se"),
    _table2("VGG16_CBAM_GAP", fixed=True, backbone="vgg16_cbam"),
    _table2("VGG16_SK_GAP", fixed=True, backbone="vgg16_sk"),
    _table2("VGG16_GC_GAP", fixed=True, backbone="vgg16_gc"),
    _table2("VGG16_mixup_GAP", mix="mixup"),
    _table2("VGG16_cutout_GAP", mix="cutout"),
    _table2("VGG16_cutmix_GAP", mix="cutmix"),
    _table2("VGG16_MFA", pooling="mfa"),
)
TABLE3_ROWS = (
    Row("GAP", GAP, TABLE3["GAP"]),
    *(Row(f"K={k}", {"k": k}, TABLE3[f"K={k}"], "GAP") for k in (20, 30, 40, 50, 60)),
)
TWIN_ROWS = tuple(row for row in TABLE1_ROWS if row.name in ("VGG16_GAP", "VGG16_MFA"))
_VGG_GAP, _VGG_MFA = TWIN_ROWS
ABLATION_ROWS = (
    Row("GAP", GAP, _VGG_GAP.paper),
    Row("MFA", {}, _VGG_MFA.paper, "GAP"),
    *(Row(f"L_R={r}", {"sizes": (r,)}, twin="GAP") for r in (3, 5, 7, 9)),
    Row("random anchors", {"anchors": "random"}, twin="GAP"),
    Row("all cells", {"anchors": "all"}, twin="GAP"),
    Row("label anchors", {"anchors": "label"}, twin="GAP"),
    Row("no global loss", {"global_loss": "off"}, twin="GAP"),
    Row("mean local loss", {"local": "mean"}, twin="GAP"),
    Row("probability mean", {}, twin="GAP", ensemble="probability-mean"),
    Row("majority", {}, twin="GAP", ensemble="majority"),
    Row("MLP head, GAP", {"pooling": "gap", "head": "mlp"}),
    Row("MLP head, MFA", {"head": "mlp"}, twin="MLP head, GAP"),
    Row("prototype head, GAP", {"pooling": "gap", "head": "prototype"}),
    Row("prototype head, MFA", {"head": "prototype"}, twin="prototype head, GAP"),
)
ANCHOR_COUNTS = (1, 4, 9, 16, 25, 36, 50, 100, 196)
ANCHORS_ROWS = (
    Row("GAP", GAP),
    *(Row(f"K={k}", {"k": k}, twin="GAP") for k in ANCHOR_COUNTS),
    Row("K by cover", {"anchors": "covering"}, twin="GAP"),
)
"""Beyond Table 3: from one anchor to every cell of 14 x 14, and as many as AdaCAM covers, at most 50."""
