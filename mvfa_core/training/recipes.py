"""Recipes: complete, frozen choices of how to train. A preset is a function; anything in it can be replaced."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace

from mvfa_core.backbones import find_backbone
from mvfa_core.checks import expect, expect_choice, expect_k, expect_sizes
from mvfa_core.data.mixing import MIXINGS
from mvfa_core.heads import HEADS
from mvfa_core.model import ANCHORS, PAPER_K, PAPER_SIZES, POOLINGS
from mvfa_core.training.bounds import OPTIONAL, expect_possible

OPTIMIZERS = ("adam", "adamw")
SCHEDULES = ("constant", "one-cycle")
AUGMENTATIONS = ("flip-crop", "none")
PRECISIONS = ("auto", "fp32", "tf32", "bf16", "fp16")
LOGS = ("none", "tensorboard", "wandb", "mlflow")
HELD_OUT = "held-out"
VALIDATE_ON = ("val", "test", HELD_OUT)
LONGEST = 4_096


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run, and how it is carried out. Steps and `val_every` count batches.

    Attributes:
        lr: the initial rate, or the highest one of a one-cycle schedule.
        precision: of the backbone on the device; auto is bf16 on a GPU that has it, fp32 elsewhere. tf32 is float32
            whose factors CUDA rounds to ten bits; elsewhere it is fp32.
        compile: "on" hands the model to torch.compile.
        deterministic: "on" fixes the order of a GPU's sums, so that a run that goes on ends with the same bits.
        restarts: steps at which a run that had ended was extended; a one-cycle schedule begins anew there.
        validate_on: the side of the data that training watches. With "val" the test side is left alone, and where the
            data has none but train and test, a tenth of train is set apart. With "test", the paper's protocol, all of
            train is trained on and test is watched, so nothing is chosen by it: the last weights are the result, and
            `stop_at` and `patience` are refused. "held-out" is what runs did before there was a choice: val/ where
            there is one, else test/. Data without a test side is watched on val in any case.
        join_names: "on" takes class names that differ only in capitals, spaces, hyphens, underscores and dots for one.
        stop_at: the validation accuracy, a share, that is enough.
        patience: how many validations may pass without a better one before the run ends.
        film: how many pictures of the watched side are explained at every validation, 0 for none.
        log: a logger's events beside our own.
        devices, nodes: processes a machine, and machines, that share every batch.

    Raises:
        ValueError: at construction, for a name or a number out of range.
    """

    data: str = "synthetic"
    backbone: str = "compact"
    pooling: str = "mfa"
    k: int = PAPER_K
    sizes: tuple[int, ...] = PAPER_SIZES
    head: str = "linear"
    local: str = "sum"
    steps: int = 20_000
    batch: int = 64
    seed: int = 0
    optimizer: str = "adam"
    schedule: str = "constant"
    lr: float = 1e-4
    weight_decay: float = 0.0
    augment: str = "flip-crop"
    mix: str = "none"
    anchors: str = "adacam"
    global_loss: str = "on"
    hidden: tuple[int, ...] = (256,)
    prototype_weight: float = 0.001
    weights: str | None = None
    val_every: int = 100
    validate_on: str = "val"
    join_names: str = "off"
    train_n: int | None = None
    precision: str = "auto"
    compile: str = "off"
    deterministic: str = "off"
    restarts: tuple[int, ...] = ()
    stop_at: float | None = None
    patience: int | None = None
    film: int = 6
    log: str = "none"
    device: str = "auto"
    devices: int = 1
    nodes: int = 1
    preset: str = "paper"

    def __post_init__(self) -> None:
        object.__setattr__(self, "sizes", expect_sizes(self.sizes))
        object.__setattr__(self, "hidden", tuple(self.hidden))
        object.__setattr__(self, "restarts", tuple(self.restarts))
        for name in ("data", "preset", *(() if self.weights is None else ("weights",))):
            text = getattr(self, name)
            fits = isinstance(text, str) and text.strip() and "\0" not in text and len(text) <= LONGEST
            expect(bool(fits), name, f"1 to {LONGEST:,} letters", f"{text!r:.60}")
        whole = all(isinstance(n, int) and n >= 1 for n in (*self.hidden, *self.restarts))
        expect(whole, "hidden and restarts", "whole numbers >= 1", f"{(*self.hidden, *self.restarts)!r:.60}")
        for name, known in _CHOICES.items():
            expect_choice(getattr(self, name), known, name)
        for name in _COUNTS:
            value = getattr(self, name)
            left_out = value is None and name in OPTIONAL
            fits = left_out or (isinstance(value, int) and value >= 1)
            expect(fits, name, "a whole number >= 1", f"{value!r:.60}")
        size = self.devices * self.nodes
        expect(self.batch % size == 0, "batch", f"a multiple of {size}, the processes that share it", self.batch)
        expect(self.stop_at is None or 0 < self.stop_at <= 1, "stop_at", "a share above 0, up to 1", self.stop_at)
        if self.validate_on == "test":
            for name in ("stop_at", "patience"):
                expect(getattr(self, name) is None, name, _NONE_ON_TEST, getattr(self, name))
        entry = find_backbone(self.backbone)
        if self.pooling == "mfa":  # said here, before anything is decoded or drawn for a run that cannot start
            expect_k(self.k, (entry.side // entry.stride) ** 2)
        expect_possible(self)
        expect(0 < self.lr < math.inf, "lr", "a positive number", self.lr)
        expect(0 <= self.weight_decay < math.inf, "weight_decay", "a number >= 0", self.weight_decay)

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
        for name in (field.name for field in fields(self) if field.name not in _NAMED_ALWAYS):
            value = getattr(self, name)
            if value != getattr(base, name):
                values = value if isinstance(value, tuple) else (value,)
                words += ["--" + name.replace("_", "-"), *map(str, values)]
        return shlex.join(words)


_NONE_ON_TEST = "none with validate_on test, by which no run may end; leave it out, or validate on val"
_COUNTS = ("k", "steps", "batch", "val_every", "devices", "nodes", "train_n", "patience")
_NAMED_ALWAYS = ("data", "backbone", "pooling", "steps", "seed", "preset", "k", "sizes", "restarts")
_CHOICES: dict[str, tuple[str, ...]] = {
    "pooling": POOLINGS,
    "head": tuple(HEADS),
    "local": ("sum", "mean"),
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "augment": AUGMENTATIONS,
    "mix": MIXINGS,
    "anchors": ANCHORS,
    "global_loss": ("on", "off"),
    "precision": PRECISIONS,
    "validate_on": VALIDATE_ON,
    "compile": ("on", "off"),
    "deterministic": ("on", "off"),
    "join_names": ("on", "off"),
    "log": LOGS,
}


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
