"""The one door to all data: the synthetic set by its name, everything else by its path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mvfa_core.data import sources
from mvfa_core.data.sets import DataError, DataSet
from mvfa_core.data.sources import load_data
from mvfa_core.data.synthetic import CLASSES, SIDE, draw_scene
from mvfa_core.images import squash
from tests.pictures import fill

PX = 56
TRAIN, VAL = 70, 12


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SYNTHETIC_VAL", VAL)


@pytest.fixture
def drawn() -> DataSet:
    return load_data("synthetic", PX, train_n=TRAIN)


def test_synthetic_pictures_are_the_scenes_of_their_names(drawn: DataSet) -> None:
    assert (drawn.name, drawn.classes, drawn.passed_over) == ("synthetic", CLASSES, ())
    assert (len(drawn.train), len(drawn.val)) == (TRAIN, VAL)
    for pictures in (drawn.train, drawn.val):
        assert pictures.images.shape == (len(pictures), PX, PX, 3)
        for i in (0, len(pictures) // 2, len(pictures) - 1):
            scene = draw_scene(int(pictures.names[i]))
            np.testing.assert_array_equal(pictures.images[i], squash(scene.picture, (PX, PX)))
            assert pictures.labels[i] == scene.label
            assert pictures.scales[i] == pytest.approx(scene.scale)
            np.testing.assert_allclose(pictures.boxes_N4[i], np.array(scene.box) * PX / SIDE, rtol=1e-6)


def test_no_training_set_reaches_the_validation_scenes(drawn: DataSet) -> None:
    assert [int(name) for name in drawn.train.names] == list(range(TRAIN))
    assert min(int(name) for name in drawn.val.names) >= 100_000_000


def test_a_longer_set_begins_with_the_shorter_one(drawn: DataSet) -> None:
    shorter = load_data("synthetic", PX, train_n=5)
    np.testing.assert_array_equal(shorter.train.images, drawn.train.images[:5])
    np.testing.assert_array_equal(shorter.train.labels, drawn.train.labels[:5])
    np.testing.assert_array_equal(shorter.val.images, drawn.val.images)


def test_the_seed_splits_folders_and_leaves_the_drawn_set_alone(drawn: DataSet, tmp_path: Path) -> None:
    other = load_data("synthetic", PX, seed=9, train_n=TRAIN)
    np.testing.assert_array_equal(other.train.images, drawn.train.images)
    folder = str(fill(tmp_path / "flat", 10))
    names = [load_data(folder, 16, seed=seed).val.names for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_an_unknown_name_is_a_missing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="sinthetic: no such folder"):
        load_data("sinthetic", PX)
