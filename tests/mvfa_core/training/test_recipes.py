"""Recipes: presets, refusals, and the command line that says the same."""

from __future__ import annotations

import json
import shlex
from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from mvfa_core.__main__ import parser
from mvfa_core.cli.train import _recipe
from mvfa_core.training.recipes import RECIPES, Recipe, bundled, paper, quick


def parsed(command: str) -> Recipe:
    """What the command line makes of a command."""
    words = shlex.split(command)
    assert words[:4] == ["python", "-m", "mvfa_core", "train"]
    return _recipe(parser().parse_args(words[3:]))


def test_the_paper_s_settings() -> None:
    recipe = paper()
    said = {"optimizer": "adam", "schedule": "constant", "lr": 1e-4, "batch": 64, "augment": "flip-crop",
            "val_every": 100, "k": 50, "sizes": (3, 5, 7, 9), "head": "linear", "local": "sum", "weight_decay": 0.0,
            "pooling": "mfa", "backbone": "vgg16", "preset": "paper"}  # fmt: skip
    assert {name: getattr(recipe, name) for name in said} == said


def test_presets_know_their_names() -> None:
    assert set(RECIPES) == {"quick", "paper", "photos", "bundled"}
    assert all(make().preset == name for name, make in RECIPES.items())
    assert quick().backbone == bundled().backbone == "compact"
    assert quick().data == "synthetic"
    with pytest.raises(FrozenInstanceError):
        quick().steps = 3


CHOICES = {
    "nothing": {},
    "folder with blanks": {"data": "/pictures/Land use (2010)/it's here"},
    "gap": {"pooling": "gap", "k": 50},
    "views": {"k": 7, "sizes": (1, 9), "local": "mean", "head": "mlp"},
    "batches": {"steps": 17, "batch": 3, "seed": 123, "val_every": 4, "train_n": 99},
    "optimiser": {"lr": 3.3e-5, "optimizer": "adamw", "schedule": "one-cycle", "weight_decay": 0.025},
    "the other way": {"optimizer": "adam", "schedule": "constant", "weight_decay": 0.0, "augment": "none"},
    "place": {"device": "cuda:1", "backbone": "mobilenet24"},
}


@pytest.mark.parametrize("preset", RECIPES)
@pytest.mark.parametrize("choice", CHOICES)
def test_the_command_says_the_same(preset: str, choice: str) -> None:
    base = RECIPES[preset]()
    recipe = replace(base, **CHOICES[choice])
    command = recipe.command("runs/a name")
    assert parsed(command) == recipe
    assert shlex.split(command)[shlex.split(command).index("--out") + 1] == "runs/a name"


def test_command_of_gap_has_no_anchors() -> None:
    assert "--k" not in shlex.split(replace(quick(), pooling="gap").command("x"))


def test_json_there_and_back() -> None:
    recipe = replace(quick(), sizes=(1, 5), data="a b")
    text = json.dumps(recipe.to_json())
    assert Recipe.from_json(json.loads(text)) == recipe
    assert json.loads(text) == {**asdict(recipe), "sizes": [1, 5], "hidden": [256], "restarts": []}
    assert Recipe.from_json({"steps": 5, "a field of tomorrow": 1}) == Recipe(steps=5)


BAD = {
    "backbone": ["vgg17", ""],
    "pooling": ["max"],
    "head": ["tree"],
    "local": ["max"],
    "optimizer": ["sgd"],
    "schedule": ["cosine"],
    "augment": ["mixup"],
    "k": [0, -1, 2.5, 197],
    "sizes": [(), (2,), (3, -1), (0,), (3, 4)],
    "steps": [0, -5, 1.5],
    "batch": [0],
    "val_every": [0],
    "train_n": [0, -3],
    "seed": [-1],
    "lr": [0, -1e-3, float("nan"), float("inf")],
    "weight_decay": [-0.1, float("nan")],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_bad_values_are_refused_with_expected_and_got(name: str, value: object) -> None:
    with pytest.raises(ValueError) as caught:
        replace(Recipe(), **{name: value})
    text = str(caught.value)
    assert text.startswith(f"{name}: expected")
    assert "got" in text


def test_k_is_held_against_the_grid_of_the_backbone() -> None:
    assert Recipe(k=196).k == 196
    with pytest.raises(ValueError, match="H\\*W = 49, got 50"):
        Recipe(backbone="resnet50", k=50)
    assert Recipe(backbone="resnet50", k=49).k == 49
    assert Recipe(backbone="resnet50", k=50, pooling="gap").pooling == "gap"
