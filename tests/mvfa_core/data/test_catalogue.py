"""The catalogue agrees with itself, with the paper, with the libraries, and with the page that is made from it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from torchvision.datasets import Imagenette

from mvfa_core.cli.data import markdown
from mvfa_core.data.catalogue import CATALOGUE, MODELS, entry_of
from mvfa_core.data.division import divide_each
from mvfa_core.data.folder import Listing
from mvfa_core.data.layouts import readable
from mvfa_core.data.sets import DataError
from mvfa_core.folders import data_root

PAPER = ["imagenette", "caltech101", "corel5k", "scene15", "indoor67", "action40"]
PAPER += ["event8", "ucmerced", "rsscn7", "aid"]


def test_the_ten_datasets_in_the_order_of_table_1() -> None:
    assert list(CATALOGUE) == PAPER
    assert [CATALOGUE[name].paper for name in PAPER[:3]] == ["Imagenette", "Caltech101", "Core5k"]


@pytest.mark.parametrize("name", PAPER)
def test_every_entry_is_whole(name: str) -> None:
    entry = CATALOGUE[name]
    assert entry.class_count == (len(entry.classes) or 50)
    assert list(entry.accuracy) == list(MODELS)
    assert all(40 < value < 100 for value in entry.accuracy.values())
    assert entry.iterations in (10_000, 15_000, 20_000, 30_000, 40_000)
    assert entry.page.startswith("http") and entry.terms and entry.citation and entry.layout and entry.split_note
    assert bool(entry.remotes) != bool(entry.instructions)
    counts = list(entry.classes.values())
    if counts and None not in counts:
        assert sum(counts) == entry.pictures
    for remote in entry.remotes:
        assert re.fullmatch(r"https?://[^ ]+/[\w.-]+", remote.url)
        assert remote.checksum is None or re.fullmatch(r"md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}", remote.checksum)


def test_mfa_beats_gap_everywhere_in_table_1() -> None:
    """A slip in a row of figures would most likely show here."""
    for entry in CATALOGUE.values():
        for backbone in ("vgg16", "resnet41", "resnext41", "mobilenet24"):
            assert entry.accuracy[f"{backbone}_mfa"] > entry.accuracy[f"{backbone}_gap"] + 2


@pytest.mark.parametrize("name", ["scene15", "event8", "ucmerced", "rsscn7", "aid"])
def test_the_division_gives_the_counts_of_the_entry(name: str) -> None:
    entry = CATALOGUE[name]
    labels = np.repeat(np.arange(entry.class_count), list(entry.classes.values())).tolist()
    every = Listing(tuple(map(str, range(len(labels)))), tuple(labels))
    train, val = divide_each(every, list(entry.classes), entry.split, seed=0)
    assert (len(train.files), len(val.files)) == (entry.train, entry.val)
    assert val != divide_each(every, list(entry.classes), entry.split, seed=1)[1]
    assert {*train.files, *val.files} == {*every.files}
    assert set(train.labels) == set(val.labels) == set(range(entry.class_count))


def test_a_class_too_small_for_its_split_is_named() -> None:
    small = Listing(tuple(map(str, range(50))), (0,) * 50)
    with pytest.raises(DataError, match="class bocce has 50 pictures; its split needs at least 51"):
        divide_each(small, ["bocce"], CATALOGUE["event8"].split, seed=0)


def test_imagenette_has_torchvision_s_names_and_file() -> None:
    entry = CATALOGUE["imagenette"]
    names = {wnid: words[0] for wnid, words in Imagenette._WNID_TO_CLASS.items()}
    assert readable(list(entry.classes)) == tuple(names[wnid] for wnid in entry.classes)
    url, md5 = Imagenette._ARCHIVES["320px"]
    assert (entry.remotes[0].url, entry.remotes[0].checksum) == (url, f"md5:{md5}")


def test_only_wordnet_ids_are_translated() -> None:
    assert readable(["n01440764", "cat"]) == ("n01440764", "cat")
    assert readable(["n01440764", "n99999999"]) == ("n01440764", "n99999999")
    crane = readable(["n02012849", "n03126707", "n01440764"])
    assert crane == ("crane (n02012849)", "crane (n03126707)", "tench")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"imagenet: not in the catalogue, which has imagenette, caltech101"):
        entry_of("imagenet")


def test_the_data_root_follows_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MVFA_DATA", raising=False)
    assert data_root() == Path("data")
    monkeypatch.setenv("MVFA_DATA", "elsewhere")
    assert data_root() == Path("elsewhere")


def test_the_page_shows_the_catalogue_as_it_is(repo_root: Path) -> None:
    """`python -m mvfa_core data list --markdown` prints the table."""
    assert markdown() in (repo_root / "docs" / "data.md").read_text(encoding="utf-8")
