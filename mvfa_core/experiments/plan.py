"""The experiments by name, and their cells: one row on one dataset with one seed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property

from mvfa_core.checks import expect, expect_choice, is_whole
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.experiments import rows as all_rows
from mvfa_core.experiments.rows import Row
from mvfa_core.experiments.tables import TABLE2_DATA, TABLE3_DATA
from mvfa_core.i18n import N_
from mvfa_core.names import visible
from mvfa_core.training.comparison import decisive
from mvfa_core.training.recipes import HELD_OUT, RECIPES, Recipe

OWN_RECIPES = ("paper", "quick", "photos")
"""Whose schedule the cells are trained with: the paper's, or one of our own for short runs."""
SCHEDULE = ("optimizer", "schedule", "lr", "weight_decay", "batch", "precision")
"""What an own recipe puts in place of the paper's."""
PROTOCOL = ("test", HELD_OUT)


@dataclass(frozen=True)
class Experiment:
    """A table or a figure of the paper: rows x datasets, and in a sentence what it is."""

    name: str
    title: str
    rows: tuple[Row, ...]
    data: tuple[str, ...]
    note: str

    def row(self, name: str) -> Row:
        """The row of that name."""
        return next(row for row in self.rows if row.name == name)


_ALL = tuple(CATALOGUE)
EXPERIMENTS: dict[str, Experiment] = {
    one.name: one
    for one in (
        Experiment("table1", N_("Table 1: GAP and MFA on four families of backbones"), all_rows.TABLE1_ROWS, _ALL,
                   N_("The paper's main result: eleven models on ten datasets.")),
        Experiment("table2", N_("Table 2: attention blocks and image-level augmentation"), all_rows.TABLE2_ROWS,
                   TABLE2_DATA, N_("What others add to VGG16_GAP, beside MFA.")),
        Experiment("table3", N_("Table 3: the number of anchors K"), all_rows.TABLE3_ROWS, TABLE3_DATA,
                   N_("VGG16_MFA with more and more anchors, beside GAP.")),
        Experiment("fig5", N_("Figure 5: CAM beside AdaCAM"), all_rows.TWIN_ROWS, ("imagenette",),
                   N_("The models whose maps the figure shows; they are cells of Table 1.")),
        Experiment("fig6", N_("Figure 6: learning curves of VGG16 with GAP and MFA"), all_rows.TWIN_ROWS, _ALL,
                   N_("Validation accuracy after every 100 steps; they are cells of Table 1.")),
        Experiment("fig7", N_("Figure 7: top-1 and top-10 regions"), all_rows.TWIN_ROWS[1:], ("imagenette",),
                   N_("The model whose regions the figure shows; it is a cell of Table 1.")),
        Experiment("ablation", N_("Ablation of the module"), all_rows.ABLATION_ROWS, TABLE3_DATA,
                   N_("One choice changed at a time, VGG16; the paper's own ablation is in a supplement that is not "
                   "public, so only its GAP and MFA have a number.")),
        Experiment("anchors", N_("Ours: the number of anchors by the size of the object"), all_rows.ANCHORS_ROWS,
                   (SYNTHETIC,), N_(
                       "K from 1 to every cell, on the drawn set, where the size of every object is known. The "
                       "paper says that views help where the object is small."
                   )),
    )
}  # fmt: skip


_NOT_FIELDS = ("steps_scale", "recipe")


@dataclass(frozen=True)
class Settings:
    """How what is run here departs from the paper, the same for all cells of a request; None is the paper's."""

    steps_scale: float = 1.0
    backbone: str | None = None
    batch: int | None = None
    val_every: int | None = None
    train_n: int | None = None
    recipe: str | None = None

    def __post_init__(self) -> None:
        if self.recipe is not None:
            expect_choice(self.recipe, OWN_RECIPES[1:], "recipe")
        share = isinstance(self.steps_scale, int | float) and 0 < self.steps_scale <= 1
        expect(share, "steps-scale", "a number above 0, up to 1", f"{self.steps_scale!r:.60}")
        # they may stand in a results file that anybody wrote
        named = self.backbone is None or isinstance(self.backbone, str)
        expect(named, "backbone", "a name", f"{self.backbone!r:.60}")
        for name in ("batch", "val_every", "train_n"):
            count = getattr(self, name)
            expect(count is None or is_whole(count, 1), name, "a whole number >= 1", f"{count!r:.60}")

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe as it is run here."""
        own = RECIPES[self.recipe]() if self.recipe else recipe
        schedule = {name: getattr(own, name) for name in SCHEDULE}
        given = {name: value for name, value in asdict(self).items() if value is not None and name not in _NOT_FIELDS}
        return replace(recipe, **{**schedule, **given}, steps=max(1, round(recipe.steps * self.steps_scale)))

    def label(self) -> str:
        """In words, for lists of requests."""
        said = [f"{100 * self.steps_scale:g} % of training"] if self.steps_scale != 1 else []
        said += [f"{self.recipe} recipe ({schedule_of(RECIPES[self.recipe]())})"] if self.recipe else []
        said += [f"backbone {visible(self.backbone)}"] if self.backbone else []
        said += [f"batches of {self.batch}"] if self.batch else []
        said += [f"a validation every {self.val_every} steps"] if self.val_every else []
        said += [f"{self.train_n:,} drawn pictures"] if self.train_n else []
        return ", ".join(said) or "the paper's settings"


PAPER = Settings()


def schedule_of(recipe: Recipe) -> str:
    """How a recipe trains, in words: "adamw, one-cycle to 0.004, weight decay 0.01, batches of 32"."""
    rate = f"one-cycle to {recipe.lr:g}" if recipe.schedule == "one-cycle" else f"{recipe.schedule} {recipe.lr:g}"
    decay = f", weight decay {recipe.weight_decay:g}" if recipe.weight_decay else ""
    precision = "" if recipe.precision == "auto" else f", {recipe.precision}"
    return f"{recipe.optimizer}, {rate}{decay}, batches of {recipe.batch}{precision}"


@dataclass(frozen=True)
class Cell:
    """One run that a table needs, and what the paper has for it."""

    row: str
    data: str
    seed: int
    recipe: Recipe
    paper: float | None = None
    ensemble: str = "logit-sum"

    @cached_property
    def digest(self) -> str:
        """Names what is trained: cells of several tables that train the same share it, and the run."""
        return digest_of(self.recipe)

    @property
    def key(self) -> str:
        """Names what is measured: the run, and the rule for its views where it is not the paper's."""
        return self.digest if self.ensemble == "logit-sum" else f"{self.digest}/{self.ensemble}"

    @property
    def run_id(self) -> str:
        """The name of its run folder."""
        recipe = self.recipe
        words = f"{recipe.backbone}-{recipe.pooling}-{recipe.data}-s{recipe.seed}-{self.digest}"
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", words)

    def __str__(self) -> str:
        return f"{self.row} on {self.data}, seed {self.seed}"


def digest_of(recipe: Recipe) -> str:
    """Ten characters from everything that decides a result, and nothing else.

    Fields at their default do not count, so that a new one leaves the digests of before as they were.
    """
    default, given = asdict(Recipe()), decisive(recipe, views=recipe.pooling == "mfa")
    left_out = [] if recipe.head == "mlp" else ["hidden"]
    left_out += [] if recipe.head == "prototype" else ["prototype_weight"]
    # every cell of before watched what the paper's protocol watches on these data sets
    default["validate_on"] = given["validate_on"] if given["validate_on"] in PROTOCOL else "test"
    counted = {name: value for name, value in given.items() if name not in left_out and value != default[name]}
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()[:10]


def cells(
    experiment: Experiment,
    settings: Settings = PAPER,
    *,
    rows: Sequence[str] | None = None,
    data: Sequence[str] | None = None,
    seeds: Iterable[int] = (0,),
) -> list[Cell]:
    """The cells of an experiment, row by row; of all its rows and datasets where none are named.

    Raises:
        ValueError: a name that is not known, a row that cannot have another backbone, or settings out of range.
    """
    chosen = [experiment.row(name) for name in chosen_rows(experiment, rows)]
    if settings.backbone and rows:
        for row in chosen:
            expect(not row.fixed, "backbone", f"none in place of the one that {row.name} is about", settings.backbone)
    if settings.backbone:
        chosen = [row for row in chosen if not row.fixed]
    return [cell_of(row, name, seed, settings) for row in chosen for name in chosen_data(experiment, data)
            for seed in seeds]  # fmt: skip


def cell_of(row: Row, data: str, seed: int, settings: Settings) -> Cell:
    """One cell of a row."""
    return Cell(row.name, data, seed, settings.apply(row.recipe(data, seed)), row.paper.get(data), row.ensemble)


def chosen_rows(experiment: Experiment, names: Sequence[str] | None) -> list[str]:
    """The full names of rows, however their letters are cased; all where none are given."""
    known = {row.name.casefold(): row.name for row in experiment.rows}
    for name in names or ():
        if name.casefold() not in known:
            expect_choice(name, known.values(), "row")
    return list(known.values()) if not names else list(dict.fromkeys(known[name.casefold()] for name in names))


def chosen_data(experiment: Experiment, names: Sequence[str] | None) -> list[str]:
    """Names of the catalogue for names of it or of the paper; the drawn set may stand in any experiment."""
    known = {CATALOGUE[name].paper.casefold(): name for name in experiment.data if name in CATALOGUE}
    known |= {name: name for name in (*experiment.data, SYNTHETIC)}
    for name in names or ():
        if name.casefold() not in known:
            expect_choice(name, [*experiment.data, SYNTHETIC], "dataset")
    return list(experiment.data) if not names else list(dict.fromkeys(known[name.casefold()] for name in names))
