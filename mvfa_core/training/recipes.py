"""Recipes: complete, frozen choices of how to train. A preset is a function; anything in it can be replaced."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace

from mvfa_core.backbones import BACKBONES, find_backbone
from mvfa_core.checks import MOST_SIZES, expect, expect_k, expect_sizes
from mvfa_core.data.mixing import MIXINGS
from mvfa_core.heads import HEADS
from mvfa_core.model import ANCHORS, PAPER_K, PAPER_SIZES, POOLINGS
from mvfa_core.training.recipe_fields import (
    LARGEST,
    Bound,
    choice,
    declared,
    expect_possible,
    number,
    switch,
    text,
    whole,
    wholes,
)

OPTIMIZERS = ("adam", "adamw")
SCHEDULES = ("constant", "one-cycle")
AUGMENTATIONS = ("flip-crop", "none")
PRECISIONS = ("auto", "fp32", "tf32", "bf16", "fp16")
LOGS = ("none", "tensorboard", "wandb", "mlflow")
HELD_OUT = "held-out"
VALIDATE_ON = ("val", "test", HELD_OUT)
MOST_HIDDEN, MOST_RESTARTS, MOST_FILM = 16, 1_000, 12


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, and how it is carried out. Steps and `val_every` count batches.

    Each field is declared here and nowhere else (`recipe_fields`); docs/recipes.md shows all of them.

    Raises:
        ValueError: at construction, for a name or a number out of range.
    """

    data: str = text("synthetic", '"synthetic", a name from `data list`, or a folder of pictures')
    backbone: str = text("compact", f"{', '.join(BACKBONES)}, or timm:<name>", metavar="NAME")
    pooling: str = choice("mfa", POOLINGS, "mfa, or gap for its twin")
    k: int = whole(PAPER_K, "K, anchors per picture, up to one for every cell", Bound(1, LARGEST), of_views=True)
    sizes: tuple[int, ...] = wholes(
        PAPER_SIZES, "L_R, odd region sizes in cells", Bound(1, LARGEST), MOST_SIZES, metavar="R", of_views=True
    )
    head: str = choice("linear", tuple(HEADS), "what scores a view")
    local: str = choice("sum", ("sum", "mean"), "how the view losses of a picture combine", of_views=True)
    steps: int = whole(20_000, "batches to train on", Bound(1, 10_000_000))
    batch: int = whole(64, "pictures of a step", Bound(1, 1_024, 2**20))
    seed: int = whole(0, "of first weights, order, flips and crops", Bound(0, 2**31 - 1))
    optimizer: str = choice("adam", OPTIMIZERS, "Adam, or with decoupled weight decay")
    schedule: str = choice("constant", SCHEDULES, "of the rate: one-cycle rises and falls once")
    lr: float = number(
        1e-4, "the initial rate, or the highest one of a one-cycle schedule",
        Bound(0.0, 1.0, math.inf, whole=False, above=True),
    )  # fmt: skip
    weight_decay: float = number(0.0, "of the optimiser", Bound(0.0, 1.0, math.inf, whole=False))
    augment: str = choice("flip-crop", AUGMENTATIONS, "of every picture in training")
    mix: str = choice("none", MIXINGS, "image-level augmentation of Table 2")
    anchors: str = choice("adacam", ANCHORS, "where views are taken; all but adacam are ablations", of_views=True)
    global_loss: str = switch("on", "off: the auxiliary head learns nothing", of_views=True)
    hidden: tuple[int, ...] = wholes(
        (256,), "widths of an MLP head's hidden layers", Bound(1, 8_192, 2**16), MOST_HIDDEN, metavar="N"
    )
    prototype_weight: float = number(
        0.001, "of the prototype loss, for a prototype head", Bound(0.0, 10.0, math.inf, whole=False)
    )
    weights: str | None = text(
        None, 'of the backbone: "imagenet" (downloaded) or a local file (default: fresh)', optional=True
    )
    val_every: int = whole(100, "steps between validations", Bound(1, 100_000))
    # With "val" the test side is left alone, and where the data has none but train and test, a tenth of train is set
    # apart. With "test" nothing is chosen by what is watched, so `stop_at` and `patience` are refused. Data without a
    # test side is watched on val in any case.
    validate_on: str = choice(
        "val", VALIDATE_ON,
        "val, or test: the paper's protocol, which trains on all of train/ and keeps the last weights (held-out: val/ "
        "where there is one, else test/, as runs of before)",
        metavar="SIDE",
    )  # fmt: skip
    join_names: str = switch("off", "classes whose names differ only in capitals, spaces and punctuation are one")
    train_n: int | None = whole(None, "synthetic pictures to train on", Bound(1, 1_000_000, 10**9), optional=True)
    precision: str = choice(
        "auto", PRECISIONS, "auto: bf16 on a GPU that has it, fp32 elsewhere; tf32: float32 that a GPU may round"
    )
    compile: str = switch("off", "on: through torch.compile", decides=False)
    deterministic: str = switch("off", "on: a GPU gives the same bits every time", decides=False)
    restarts: tuple[int, ...] = wholes(
        (), "steps at which a run that had ended was extended; a one-cycle schedule begins anew there",
        Bound(1, LARGEST), MOST_RESTARTS, option=False,
    )  # fmt: skip
    stop_at: float | None = number(
        None, "end at this validation accuracy, 0.9 say", Bound(0.0, 1.0, 1.0, whole=False, above=True),
        optional=True, metavar="SHARE",
    )  # fmt: skip
    patience: int | None = whole(
        None, "end after N validations without a better one", Bound(1, 10_000), optional=True, metavar="N"
    )
    film: int = whole(
        6, "pictures explained at every validation, 0 for none", Bound(0, MOST_FILM, MOST_FILM), metavar="N",
        decides=False,
    )  # fmt: skip
    log: str = choice("none", LOGS, "a logger's events beside metrics.jsonl", decides=False)
    device: str = text("auto", "auto, cpu, cuda, cuda:N or mps", decides=False)
    devices: int = whole(
        1, "processes on this machine that share every batch", Bound(1, 64, 4_096), metavar="N", alone=True,
        decides=False,
    )  # fmt: skip
    nodes: int = whole(1, "machines that share every batch", Bound(1, 1, 4_096), metavar="N", alone=True, decides=False)
    preset: str = text("paper", "the recipe that it was made from", option=False, decides=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", expect_sizes(self.sizes))
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "restarts", tuple(self.restarts))
        expect_possible(self)
        size = self.devices * self.nodes
        expect(self.batch % size == 0, "batch", f"a multiple of {size}, the processes that share it", self.batch)
        if self.validate_on == "test":
            for name in ("stop_at", "patience"):
                expect(getattr(self, name) is None, name, _NONE_ON_TEST, getattr(self, name))
        entry = find_backbone(self.backbone)
        if self.pooling == "mfa":  # said here, before anything is decoded or drawn for a run that cannot start
            expect_k(self.k, (entry.side // entry.stride) ** 2)

    def to_json(self) -> dict:
        """The recipe as JSON types."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def head_options(self) -> dict:
        """What `build_model` must know besides of the head of that name."""
        return {"hidden": list(self.hidden)} if self.head == "mlp" else {}

    @classmethod
    def from_json(cls, values: dict) -> Recipe:
        """The recipe of `to_json`; fields of other versions are ignored, missing ones take today's default. What a
        version of before wrote goes through `versions.today` first."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def command(self, out: str) -> str:
        """The command line that trains this recipe into the run folder `out`."""
        base = RECIPES.get(self.preset, paper)()  # a stranger's run may name a preset that is not known here
        words = ["python", "-m", "mvfa_core", "train", "--data", self.data, "--backbone", self.backbone]
        words += ["--pooling", self.pooling, "--steps", str(self.steps), "--seed", str(self.seed), "--out", out]
        words += ["--recipe", base.preset]
        if self.pooling == "mfa":
            words += ["--k", str(self.k), "--sizes", *map(str, self.sizes)]
        for name, about in declared(type(self)).items():
            if name in _NAMED_ALWAYS or not about.option:
                continue
            value = getattr(self, name)
            if value != getattr(base, name):
                values = value if isinstance(value, tuple) else (value,)
                words += ["--" + name.replace("_", "-"), *map(str, values)]
        return shlex.join(words)


_NONE_ON_TEST = "none with validate_on test, by which no run may end; leave it out, or validate on val"
_NAMED_ALWAYS = ("data", "backbone", "pooling", "steps", "seed", "k", "sizes")


def paper() -> Recipe:
    """The paper's settings (Section 3.1): Adam with beta 0.9 and 0.999, lr 1e-4 throughout, batches of 64, flip and
    256 -> 224 crop, validation every 100 iterations, on the test side.

    python -m mvfa_core train --recipe paper --backbone vgg16 --data PATH --steps 15000 --out runs/NAME
    """
    return Recipe(backbone="vgg16", validate_on="test")


def quick() -> Recipe:
    """Learns visibly on two CPU cores within two minutes: the compact backbone on the synthetic set, AdamW and a
    one-cycle schedule.

    python -m mvfa_core train --recipe quick --out runs/NAME
    """
    return Recipe(
        steps=500, batch=32, optimizer="adamw", schedule="one-cycle", lr=4e-3, weight_decay=0.01,
        val_every=50, train_n=4_000, preset="quick",
    )  # fmt: skip


def bundled() -> Recipe:
    """How the small models of the drawn set in assets/models were trained: as `quick`, on more pictures and to
    convergence, and the last weights kept.

    python -m mvfa_core train --recipe bundled --pooling mfa --out runs/compact_mfa
    """
    return replace(quick(), steps=2_000, val_every=200, train_n=20_000, validate_on="test", preset="bundled")


def photos() -> Recipe:
    """Our schedule for photographs without a GPU, an hour or so a model instead of the paper's days: MobileNet24 from
    scratch, AdamW and a one-cycle schedule, the backbone in bfloat16, which CPUs with matrix units are quick at.

    python -m mvfa_core train --recipe photos --data ucmerced --out runs/NAME
    """
    return Recipe(
        data="ucmerced", backbone="mobilenet24", steps=1_200, batch=32, optimizer="adamw", schedule="one-cycle",
        lr=3e-3, weight_decay=0.02, precision="bf16", preset="photos",
    )  # fmt: skip


RECIPES: dict[str, Callable[[], Recipe]] = {"quick": quick, "paper": paper, "photos": photos, "bundled": bundled}
