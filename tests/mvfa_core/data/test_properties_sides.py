"""What holds of the sides of a data set, and of the classes of a model and of data held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mvfa_core.cli.train import started
from mvfa_core.data.catalogue import SYNTHETIC
from mvfa_core.data.class_matching import Matching, exactly, fitted, loosely, match
from mvfa_core.data.sets import PassedOver, PictureSet
from mvfa_core.training.engine import Started
from mvfa_core.training.recipes import VALIDATE_ON, Recipe
from mvfa_core.training.split import (
    MOST_REASONS,
    Division,
    Listed,
    copies,
    divided,
    is_trained_on,
    joined,
    listed,
    load_one,
    load_side,
    reasons,
    split_of,
    watched,
)
from tests.corpus.drawn import JSON, SEEDS, WORDS, expect_sentence, few, fewer, refused
from tests.pictures import fill

NAME = st.text(st.sampled_from("abAB -_é"), min_size=1, max_size=4)


@few
@given(st.lists(NAME, min_size=1, max_size=5, unique=True), st.lists(NAME, min_size=1, max_size=5, unique=True),
       st.booleans(), SEEDS)  # fmt: skip
def test_classes_held_against_each_other(model: list[str], data: list[str], join: bool, seed: int) -> None:
    """By a loop over all pairs; whoever shares none is refused."""
    key = loosely if join else exactly
    shared = [name for name in data if any(key(name) == key(other) for other in model)]
    with refused(bool(shared)):
        found = match(model, data, "d", join=join)
        assert [data[i] for i, place in enumerate(found.places) if place >= 0] == shared
        assert all(key(model[place]) == key(data[i]) for i, place in enumerate(found.places) if place >= 0)
        assert (
            isinstance(found, Matching) and found.is_whole == (not found.sentence("d")) and found.shared == len(shared)
        )
        label_N = np.random.default_rng(seed).integers(0, len(data), 6)
        pictures = PictureSet(np.zeros((6, 2, 2, 3), np.uint8), label_N, tuple("abcdef"), np.arange(6) / 6)
        kept = fitted(pictures, found)
        assert [model[i] for i in kept.labels] == [
            model[found.places[i]] for i in label_N if found.places[i] >= 0
        ]  # fmt: skip
        assert len(kept.names) == len(kept.images) == len(kept.scales) == len(kept)


@few
@given(st.dictionaries(st.sampled_from(["data", "seed", "validate_on", "train_n"]), JSON), st.none() | WORDS)
def test_what_a_stranger_s_card_says_of_its_split(recipe: dict[str, Any], data: str | None) -> None:
    split = split_of(recipe, data or None)
    assert isinstance(split.data, str) and split.data and 0 <= split.seed < 2**63
    assert split.set_apart == (recipe.get("validate_on") == "val" and split.data != SYNTHETIC)
    assert joined(split, None) == split and joined(split, True).join
    assert isinstance(is_trained_on(recipe, split.data), bool)


@few
@given(st.lists(st.builds(PassedOver, st.just("f"), st.sampled_from([f"why {i}" for i in range(30)])), max_size=60))
def test_reasons_are_counted(files: list[PassedOver]) -> None:
    found = reasons(files)
    assert sum(found.values()) == len(files) and len(found) <= MOST_REASONS + 1


@fewer
@given(st.sampled_from(["", "train val", "train test", "train val test"]), st.sampled_from(VALIDATE_ON), SEEDS)
def test_sides_do_not_overlap(tmp_path: Path, sides: str, validate_on: str, seed: int) -> None:
    """Whatever is watched was not trained on, and together the sides are all there is."""
    place = tmp_path / (sides.replace(" ", "-") or "flat")
    if not place.exists():
        for number, side in enumerate(sides.split() or ["."]):
            fill(place / side, 5, first=10 * number)
    recipe = Recipe(data=str(place), seed=seed, validate_on=validate_on)
    split = split_of(recipe)
    known, made = listed(split), divided(recipe, 32)
    assert copies(known) == ()  # every picture has noise of its own
    assert isinstance(known, Listed) and isinstance(made, Division)
    files = [file for listing in known.listings.values() for file in listing.files]
    assert sorted(files) == sorted(p.relative_to(place).as_posix() for p in place.rglob("*.png"))
    assert made.watched == watched(recipe, known) and not set(made.data.train.names) & set(made.data.val.names)
    assert load_one(split, 32, made.watched).names == made.data.val.names
    assert load_side(split, 32, ("train",)).train.names == made.data.train.names
    begun = Started(0, known.classes, len(made.data.train), len(made.data.val), "cpu", 1, 0.0, **made.told())
    assert all(expect_sentence(line) is None for line in started(begun, recipe))
