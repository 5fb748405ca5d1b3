"""The cells are the paper's: as many, all different, with its schedule and its numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from mvfa_core.data.catalogue import CATALOGUE
from mvfa_core.experiments.plan import EXPERIMENTS, PAPER, SCHEDULE, Settings, cells, digest_of
from mvfa_core.training.recipes import Recipe, paper, quick

STEPS = {
    "imagenette": 20_000, "caltech101": 20_000, "aid": 20_000, "corel5k": 20_000, "scene15": 10_000, "event8": 10_000,
    "rsscn7": 10_000, "ucmerced": 15_000, "action40": 30_000, "indoor67": 40_000, "synthetic": 20_000,
}  # fmt: skip


def test_table_1_has_110_different_cells() -> None:
    found = cells(EXPERIMENTS["table1"])
    assert len(found) == 11 * 10 == len({cell.digest for cell in found}) == len({cell.run_id for cell in found})
    assert Counter(cell.data for cell in found) == dict.fromkeys(CATALOGUE, 11)
    assert all(cell.paper is not None for cell in found)
    rows = [row.name for row in EXPERIMENTS["table1"].rows]
    assert rows[:4] == ["VGG16_GAP", "VGG16_MFA", "ResNet50_GAP", "ResNet41_GAP"] and rows[-1] == "MobileNet24_MFA"


@pytest.mark.parametrize(
    ("what", "count"),
    [("table2", 27), ("table3", 24), ("fig5", 2), ("fig6", 20), ("fig7", 1), ("ablation", 68), ("anchors", 11)],
)
def test_the_other_experiments(what: str, count: int) -> None:
    found = cells(EXPERIMENTS[what])
    assert len(found) == count == len({cell.key for cell in found})


def test_every_recipe_has_the_papers_schedule() -> None:
    for experiment in EXPERIMENTS.values():
        for cell in cells(experiment):
            r = cell.recipe
            assert (r.optimizer, r.lr, r.schedule, r.batch, r.augment) == ("adam", 1e-4, "constant", 64, "flip-crop")
            assert (r.val_every, r.weight_decay, r.steps, r.data) == (100, 0.0, STEPS[cell.data], cell.data)
            assert r.weights is None and r.pooling in ("gap", "mfa")
            if experiment.name != "ablation" and r.pooling == "mfa":
                assert r.sizes == (3, 5, 7, 9) and r.local == "sum"
                assert r.anchors == ("covering" if cell.row == "K by cover" else "adacam")


@pytest.mark.parametrize(
    ("what", "row", "data", "number"),
    [
        ("table1", "ResNeXt41_MFA", "event8", 87.14),
        ("table1", "VGG16_GAP", "action40", 52.19),
        ("table1", "MobileNet24_MFA", "aid", 93.52),
        ("table2", "VGG16_SK_GAP", "aid", 89.63),
        ("table2", "VGG16_cutmix_GAP", "indoor67", 70.03),
        ("table3", "GAP", "action40", 53.21),
        ("table3", "K=60", "ucmerced", 97.05),
    ],
)
def test_numbers_as_printed(what: str, row: str, data: str, number: float) -> None:
    (cell,) = cells(EXPERIMENTS[what], rows=[row], data=[data])
    assert cell.paper == number


def test_figures_train_nothing_that_table_1_does_not() -> None:
    table1 = {cell.digest for cell in cells(EXPERIMENTS["table1"])}
    for what in ("fig5", "fig6", "fig7"):
        assert {cell.digest for cell in cells(EXPERIMENTS[what])} <= table1
    shared = {cell.row for cell in cells(EXPERIMENTS["table2"]) if cell.digest in table1}
    assert shared == {"VGG16_GAP", "VGG16_MFA"}
    assert {cell.row for cell in cells(EXPERIMENTS["table3"]) if cell.digest in table1} == {"GAP", "K=50"}


def test_ensemble_rules_share_the_run_and_have_keys_of_their_own() -> None:
    found = {cell.row: cell for cell in cells(EXPERIMENTS["ablation"], data=["imagenette"])}
    rules = [found[row] for row in ("MFA", "probability mean", "majority")]
    assert len({cell.digest for cell in rules}) == 1 and len({cell.key for cell in rules}) == 3
    assert found["L_R=5"].recipe.sizes == (5,) and found["no global loss"].recipe.global_loss == "off"
    assert {found[f"{name}, {end}"].recipe.head for name in ("MLP head",) for end in ("GAP", "MFA")} == {"mlp"}


def test_rows_with_twins_name_one() -> None:
    for experiment in EXPERIMENTS.values():
        names = {row.name for row in experiment.rows}
        for row in experiment.rows:
            if row.twin in names:
                twin = experiment.row(row.twin)
                for data in experiment.data:
                    ours, theirs = row.recipe(data), twin.recipe(data)
                    assert theirs.pooling == "gap" and ours.head == theirs.head
    (digests,) = {tuple(row.name for row in EXPERIMENTS["table1"].rows if row.twin)}
    assert digests == ("VGG16_MFA", "ResNet41_MFA", "ResNeXt41_MFA", "MobileNet24_MFA")


def test_a_digest_counts_what_matters_only() -> None:
    gap = replace(paper(), pooling="gap")
    assert digest_of(gap) == digest_of(replace(gap, k=3, sizes=(5,), local="mean", device="cpu", preset="quick"))
    assert digest_of(gap) != digest_of(replace(gap, seed=1))
    mfa = Recipe()
    assert digest_of(mfa) == digest_of(replace(mfa, hidden=(7,), prototype_weight=1.0))
    different = [replace(mfa, k=3), replace(mfa, sizes=(3,)), replace(mfa, local="mean"), replace(mfa, mix="mixup")]
    different += [replace(mfa, head="mlp"), replace(mfa, head="mlp", hidden=(7,)), replace(mfa, steps=1)]
    assert len({digest_of(one) for one in (mfa, *different)}) == 1 + len(different)


def test_settings_are_applied_and_said() -> None:
    few = Settings(steps_scale=0.05, backbone="compact", batch=32)
    (cell,) = cells(EXPERIMENTS["table3"], few, rows=["k=60"], data=["UCMLU"], seeds=[4])
    assert (cell.recipe.steps, cell.recipe.backbone, cell.recipe.batch, cell.recipe.k) == (750, "compact", 32, 60)
    assert cell.recipe.seed == 4 and cell.run_id.startswith("compact-mfa-ucmerced-s4-")
    assert few.label() == "5 % of training, backbone compact, batches of 32"
    assert PAPER.label() == "the paper's settings"


def test_our_own_schedule_is_applied_and_said() -> None:
    ours = Settings(steps_scale=0.05, backbone="compact", recipe="quick")
    (cell,) = cells(EXPERIMENTS["table3"], ours, rows=["K=20"], data=["ucmerced"])
    r, own = cell.recipe, quick()
    assert (r.optimizer, r.schedule, r.lr, r.weight_decay, r.batch) == ("adamw", "one-cycle", 4e-3, 0.01, 32)
    assert all(getattr(r, name) == getattr(own, name) for name in SCHEDULE)
    assert (r.steps, r.k, r.val_every, r.train_n, r.data) == (750, 20, 100, None, "ucmerced")
    assert ours.label() == (
        "5 % of training, quick recipe (adamw, one-cycle to 0.004, weight decay 0.01, batches of 32), backbone compact"
    )
    (smaller,) = cells(EXPERIMENTS["table3"], replace(ours, batch=8), rows=["K=20"], data=["ucmerced"])
    assert smaller.recipe.batch == 8 and smaller.digest != cell.digest
    with pytest.raises(ValueError, match="recipe: expected one of quick, photos, got 'slow'"):
        Settings(recipe="slow")


def test_runs_of_before_keep_their_names() -> None:
    """A digest is on people's disks: whatever is added to settings and recipes must leave it as it was."""
    few = Settings(steps_scale=0.05, backbone="compact", batch=32)
    for settings, name in ((PAPER, "vgg16-mfa-ucmerced-s0-a84d08f13a"), (few, "compact-mfa-ucmerced-s0-e7748daf3f")):
        (cell,) = cells(EXPERIMENTS["table3"], settings, rows=["K=20"], data=["ucmerced"])
        assert cell.run_id == name


def test_what_a_row_is_about_is_not_replaced() -> None:
    few = Settings(backbone="compact")
    rows = [cell.row for cell in cells(EXPERIMENTS["table2"], few, data=["aid"])]
    assert rows == ["VGG16_GAP", "VGG16_mixup_GAP", "VGG16_cutout_GAP", "VGG16_cutmix_GAP", "VGG16_MFA"]
    with pytest.raises(ValueError, match="VGG16_SE_GAP is about"):
        cells(EXPERIMENTS["table2"], few, rows=["VGG16_SE_GAP"])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"rows": ["K=55"]}, "row: expected one of GAP, K=20"),
        ({"data": ["aid"]}, "dataset: expected one of imagenette, indoor67, action40, ucmerced, synthetic"),
    ],
)
def test_unknown_names_are_answered_with_the_known(options: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        cells(EXPERIMENTS["table3"], **options)


@pytest.mark.parametrize("scale", [0, -1, 1.5, float("nan")])
def test_a_scale_out_of_range(scale: float) -> None:
    with pytest.raises(ValueError, match="steps-scale"):
        Settings(steps_scale=scale)
