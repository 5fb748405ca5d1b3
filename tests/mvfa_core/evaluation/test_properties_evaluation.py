"""What holds of findings, their figures and tables, and of the addresses of pictures."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.services import dataset_pictures
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC
from mvfa_core.data.folder import Listing
from mvfa_core.data.sets import PictureSet
from mvfa_core.evaluation.addresses import address, address_of, find, is_address, token
from mvfa_core.evaluation.findings import Findings, joined
from mvfa_core.evaluation.folder import Evaluation, EvaluationError, evaluation_of
from mvfa_core.evaluation.look import look
from mvfa_core.evaluation.metrics import (
    by_class,
    by_scale,
    chosen,
    confusion,
    paired,
    profiles,
    reliability,
    rescued_and_harmed,
    side_by_side,
    wrong_crops,
)  # fmt: skip
from mvfa_core.evaluation.pictures import Side, spread
from mvfa_core.evaluation.request import EvaluationSpec
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.figures.choose import name_of, one_per_class
from mvfa_core.training.split import Split
from tests.corpus.drawn import JSON, SEEDS, TEXT, WORDS, expect_sentence, few, fewer, refused, rng, small_model

NAMES = ("a", "b,c", 'd"\n', "é|_")


def findings_of(seed: int, n: int, *, gap: bool = False, scales: bool = True) -> Findings:
    """Findings as they might be, of classes with awkward names."""
    draw = rng(seed)
    arrays: dict[str, Any] = {name: draw.integers(0, 4, n) for name in ("label_N", "predicted_N")}
    arrays |= {name: draw.integers(0, 11, n).astype(np.float32) / 10 for name in ("confidence_N", "true_N", "margin_N")}
    arrays["scale_N"] = draw.uniform(0.1, 1, n).astype(np.float32) if scales else None
    if not gap:
        arrays |= {name: draw.integers(0, 4, n) for name in ("auxiliary_N", "wrong_N")}
        floats = ("auxiliary_confidence_N", "total_N", "unsure_N", "disagree_N", "wrong_confidence_N")
        arrays |= {name: draw.random(n).astype(np.float32) for name in floats}
        arrays["tally_NC"] = np.array([np.bincount(draw.integers(0, 4, 6), minlength=4) for _ in range(n)]).reshape(
            n, 4
        )
        arrays["wrong_size_N"] = draw.choice([1, 3], n)
        arrays |= {"wrong_box_N4": draw.random((n, 4)), "profile_NR": draw.random((n, 2))}
    names = tuple(f"p{i}\u202e,\n" for i in range(n))
    return Findings(NAMES, () if gap else (1, 3), names, place_N=np.arange(n), **arrays)


COUNTS = st.integers(1, 12)


@few
@given(SEEDS, COUNTS, st.booleans(), st.booleans())
def test_figures_of_findings(seed: int, n: int, gap: bool, scales: bool) -> None:
    """Counts add up to the pictures, shares lie from 0 to 1, and every figure by a loop."""
    found = findings_of(seed, n, gap=gap, scales=scales)
    labels, said = found.label_N.tolist(), found.predicted_N.tolist()
    right = [a == b for a, b in zip(labels, said, strict=True)]
    table = confusion(found)
    assert table.sum() == n and table.trace() == sum(right)
    assert all(
        table[a, b] == sum(1 for p in zip(labels, said, strict=True) if p == (a, b)) for a in range(4) for b in range(4)
    )
    classes = by_class(found)
    assert sum(one.n for one in classes) == n and {one.label for one in classes} == set(labels)
    np.testing.assert_allclose(sum(one.n * one.accuracy for one in classes), sum(right))
    assert sum(one["n"] for one in by_scale(found)) == (n if scales else 0)
    bins, error = reliability(found)
    assert sum(one.n for one in bins) == n and 0 <= error <= 1
    assert all(one.low - 1e-6 <= one.confidence <= one.high + 1e-6 for one in bins)
    pair = rescued_and_harmed(found)
    assert (pair is None) == gap
    kinds = {kind: chosen(found, kind) for kind in ("all", "wrong", "right", "sure", "split", "rescued", "harmed")}
    assert kinds["all"].all() and (kinds["right"] == right).all() and (kinds["wrong"] != kinds["right"]).all()
    assert not (kinds["sure"] & kinds["right"]).any() and not (kinds["harmed"] & kinds["right"]).any()
    if pair is not None:
        assert (pair.only_first, pair.only_second) == (kinds["rescued"].sum(), kinds["harmed"].sum())
    assert set(profiles(found)) == (set() if gap else set(labels))
    crops = wrong_crops(found, 3)
    assert len(crops) == (0 if gap else min(3, n))
    with refused(False):
        chosen(found, "odd")


@few
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_paired(answers: list[tuple[bool, bool]]) -> None:
    """Everyone is in one of four cells; the same both ways round; who agrees everywhere cannot be told apart."""
    first, second = (np.array([pair[i] for pair in answers]) for i in (0, 1))
    found, back = paired(first, second), paired(second, first)
    assert found.both + found.only_first + found.only_second + found.neither == found.n == len(answers)
    assert (back.only_first, back.only_second) == (found.only_second, found.only_first)
    assert 0 <= found.p <= 1 and abs(found.p - back.p) < 1e-12 and paired(first, first).p == 1
    with refused(len(answers) == 1):
        paired(first, first[:1])


@few
@given(SEEDS, COUNTS, COUNTS, st.booleans())
def test_findings_on_disk(tmp_path: Path, seed: int, n: int, m: int, gap: bool) -> None:
    """What was saved comes back; parts that are joined are all there, in order."""
    first, second = findings_of(seed, n, gap=gap), findings_of(seed + 1, m, gap=gap)
    whole = joined([first, second])
    assert len(whole) == n + m and whole.names == first.names + second.names
    whole.save(tmp_path / "found.npz")
    again = Findings.load(tmp_path / "found.npz")
    assert again.names == whole.names and again.classes == whole.classes and again.sizes == whole.sizes
    np.testing.assert_array_equal(again.label_N, whole.label_N)
    assert summary(again, REQUEST) == summary(whole, REQUEST)
    assert side_by_side(whole, again).p == 1
    with refused(n == m and np.array_equal(first.label_N, second.label_N)):
        side_by_side(first, second)


REQUEST = EvaluationSpec("m", "c", "n", SYNTHETIC)


@few
@given(SEEDS, COUNTS, st.booleans(), st.booleans())
def test_tables_of_findings(seed: int, n: int, gap: bool, scales: bool) -> None:
    """A line a picture, whatever the names are; the summary is JSON without NaN."""
    found = findings_of(seed, n, gap=gap, scales=scales)
    lines = list(csv.DictReader(io.StringIO(csv_table(found), newline="")))
    assert [line["picture"] for line in lines] == list(found.names)
    assert [line["class"] for line in lines] == [NAMES[label] for label in found.label_N]
    told = json.loads(json.dumps(summary(found, REQUEST), allow_nan=False))
    assert told["n"] == n and np.sum(told["confusion"]) == n


@fewer
@given(SEEDS, st.integers(1, 3), st.sampled_from(["mfa", "gap"]))
def test_looking_at_pictures(seed: int, n: int, pooling: str) -> None:
    """What is kept of a batch is what is kept of its pictures one by one."""
    draw, model = rng(seed), small_model(pooling)
    pictures = PictureSet(
        draw.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8), draw.integers(0, 4, n), tuple("abc"[:n])
    )
    found = look(model, pictures, np.arange(n))
    assert ((found.confidence_N >= found.true_N - 1e-6) & (found.margin_N >= 0)).all()
    ones = [PictureSet(pictures.images[i : i + 1], pictures.labels[i : i + 1], (pictures.names[i],)) for i in range(n)]
    apart = joined([look(model, one, np.array([i])) for i, one in enumerate(ones)])
    np.testing.assert_allclose(apart.confidence_N, found.confidence_N, atol=1e-4)
    if pooling == "mfa":
        assert (found.tally_NC.sum(1) == found.views).all() and (found.wrong_N != found.label_N).all()
        assert (found.wrong_box_N4 >= 0).all() and (found.wrong_box_N4 <= 1 + 1e-6).all()


# --- places ---


@few
@given(st.integers(0, 40), st.none() | st.integers(1, 50))
def test_spread(count: int, limit: int | None) -> None:
    places = spread(count, limit).tolist()
    assert len(places) == min(count, limit or count) and places == sorted(set(places))
    assert all(0 <= place < count for place in places)


def side_named(split: Split, side: str) -> Side:
    return Side(split.data, side, ("a", "b"), 3)


@few
@given(st.sampled_from([SYNTHETIC, *CATALOGUE, "/home/me/pictures"]), st.integers(0, 10**6 - 1),
       st.sampled_from(["val", "train", "all"]), st.integers(0, 10**9), st.booleans())  # fmt: skip
def test_addresses_lead_back(data: str, place: int, side: str, seed: int, apart: bool) -> None:
    """An address names its picture and no path; that of an unknown folder is known to be one."""
    split = Split(data) if data == SYNTHETIC else Split(data, seed, apart)
    asked = EvaluationSpec("m", "c", "n", data, side, None, split.seed, split.set_apart)
    told = address_of(split, place, side)
    assert told == address(asked, place)
    assert is_address(told) and "home" not in told and (data == SYNTHETIC or token(split) in told)
    assert evaluation_of(asked).path.name.isalnum() and asked.split == split
    try:
        found, at = find(told, side_named)
    except KeyError:
        assert data.startswith("/")
        return
    assert (found.data, found.side, at) == (data, side, place)


@few
@given(
    WORDS
    | TEXT
    | st.from_regex(
        r"(data/[a-z0-9-]{1,9}(\.\d+)?(\.v)?/(val|train|test|x)/\d+|synthetic-(val|train)-\d+)\s?", fullmatch=True
    )
)
def test_addresses_of_anything(text: str) -> None:
    """From the bar of a browser: a picture, or `KeyError`; nothing is opened that is no address."""
    try:
        found, place = find(text, side_named)
    except KeyError:
        return
    assert is_address(text) and place >= 0 and found.data in (SYNTHETIC, *CATALOGUE)
    assert re.fullmatch(r"[a-z0-9./-]+", text)


@few
@given(
    WORDS
    | st.from_regex(r"data/(folder-)?[a-z0-9-]{1,9}/(val|train)/\d{1,7}", fullmatch=True)
    | st.just("synthetic-val-999999")
)
def test_pictures_of_anything(text: str) -> None:
    """The app's side of it: none of these is here, and none of them is an error."""
    if text.startswith(SYNTHETIC):
        assert isinstance(dataset_pictures.seed(text), int) and dataset_pictures.home(text) is None
        return
    assert dataset_pictures.seed(text) is None and dataset_pictures.home(text) is None
    assert dataset_pictures.few(text) == []
    try:
        dataset_pictures.specimen(text)
    except KeyError:
        return
    raise AssertionError(f"{text!r} is a picture")


@few
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), SEEDS)
def test_pictures_by_rule(labels: list[int], seed: int) -> None:
    """One of every class that there is, the first in the order that was drawn."""
    files = tuple(f"{i}.png" for i in range(len(labels)))
    home = Side("d", "val", NAMES, len(labels), Path("h"), Listing(files, tuple(labels)))
    order = rng(seed).permutation(len(labels))
    places = one_per_class(home, order, None).tolist()
    assert [labels[place] for place in places] == sorted(set(labels))
    first = {label: next(p for p in order if labels[p] == label) for label in set(labels)}
    assert all(first[labels[place]] == place for place in places)
    assert name_of(home, places[0], Split("d")).startswith("h/")


@few
@given(st.dictionaries(st.sampled_from(["what", "done", "total", "seconds_left", "message"]), JSON), JSON)
def test_notes_of_a_evaluation(tmp_path: Path, progress: dict[str, Any], failed: Any) -> None:
    """A status follows from whatever its notes say."""
    evaluation = Evaluation(tmp_path / "one")
    if not evaluation.path.exists():
        evaluation.create(REQUEST)
    (evaluation.path / "request.json").write_text(json.dumps(REQUEST.to_json()))
    (evaluation.path / "progress.json").write_text(json.dumps(progress))
    (evaluation.path / "failed.json").write_text(json.dumps(failed))
    status = evaluation.status()
    assert 0 <= status.done <= status.total and isinstance(status.message, str)
    (evaluation.path / "request.json").write_text(json.dumps(failed))
    try:
        evaluation.request()
    except EvaluationError as error:
        expect_sentence(str(error))
