"""What is kept of a picture is what explaining it alone says, and figures are what counting by hand gives."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mvfa_core import explain, load_model
from mvfa_core.analysis.votes import agreement, scale_profile, tally
from mvfa_core.data.synthetic import CLASSES, draw_scene
from mvfa_core.evaluation import EvaluationSpec, Findings, evaluation_of
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
)
from mvfa_core.evaluation.tables import csv_table, summary
from mvfa_core.evaluation.work import evaluate
from tests.mvfa_core.evaluation.conftest import LIMIT, shaken

FIRST = 1_000_000_000


@pytest.fixture(scope="module")
def found(shaky: Path, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_RUNS", str(tmp_path_factory.mktemp("runs")))
        from mvfa_core.evaluation import spec_for

        asked = spec_for(shaky, "synthetic", limit=LIMIT)
        done = evaluate(asked, evaluation_of(asked))
    assert done is not None
    return done


def test_a_picture_is_what_explaining_it_says(found: Findings, shaky: Path) -> None:
    model = load_model(shaky)
    assert len(found) == LIMIT and found.place_N.tolist() == [i * 1000 // LIMIT for i in range(LIMIT)]
    for i in (0, 7, 33):
        scene = draw_scene(FIRST + int(found.place_N[i]))
        alone = explain(model, Image.fromarray(scene.picture))
        assert found.classes[found.label_N[i]] == scene.name
        assert found.names[i] == str(FIRST + int(found.place_N[i]))
        assert found.scale_N is not None and found.scale_N[i] == pytest.approx(scene.scale)
        assert found.predicted_N[i] == alone.predicted
        assert found.confidence_N[i] == pytest.approx(alone.ensemble_C.max(), abs=1e-4)
        assert found.true_N[i] == pytest.approx(alone.ensemble_C[scene.label], abs=1e-4)
        second, first = np.sort(alone.ensemble_C)[-2:]
        assert found.margin_N[i] == pytest.approx(first - second, abs=1e-4)
        assert alone.auxiliary_C is not None and found.auxiliary_N is not None
        assert found.auxiliary_N[i] == alone.auxiliary_C.argmax()
        assert found.tally_NC is not None and found.tally_NC[i].tolist() == tally(alone).tolist()
        split = agreement(alone)
        assert found.total_N is not None and found.total_N[i] == pytest.approx(split.total, abs=1e-4)
        assert found.disagree_N is not None and found.disagree_N[i] == pytest.approx(split.disagree, abs=1e-4)
        assert found.profile_NR is not None
        assert found.profile_NR[i] == pytest.approx(scale_profile(alone, scene.label), abs=1e-4)
        best = max((alone.top(1, c)[0] for c in range(len(CLASSES)) if c != scene.label), key=lambda r: r.confidence)
        assert found.wrong_confidence_N is not None and found.wrong_confidence_N[i] == pytest.approx(
            best.confidence, abs=1e-4
        )
        assert found.wrong_size_N is not None and found.wrong_size_N[i] == best.size
        assert found.wrong_box_N4 is not None
        assert found.wrong_box_N4[i] * 448 == pytest.approx(best.box_px, abs=0.01)


def test_the_figures_are_those_of_a_loop_over_the_table(found: Findings, asked: EvaluationSpec) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_table(found))))
    right = [row["class"] == row["answer"] for row in rows]
    auxiliary = [row["class"] == row["auxiliary"] for row in rows]
    rescued = sum(a and not b for a, b in zip(right, auxiliary, strict=True))
    harmed = sum(b and not a for a, b in zip(right, auxiliary, strict=True))
    assert rescued > 0 and not all(right)  # else this proves little
    told = summary(found, asked)
    assert (told["rescued"], told["harmed"]) == (rescued, harmed)
    assert told["accuracy"] == sum(right) / LIMIT and told["auxiliary_accuracy"] == sum(auxiliary) / LIMIT
    apart = rescued + harmed
    tail = sum(math.comb(apart, k) for k in range(min(rescued, harmed) + 1)) / 2**apart
    assert told["p"] == pytest.approx(min(1.0, 2 * tail))
    pairs = Counter((row["class"], row["answer"]) for row in rows)
    counts = confusion(found)
    assert {(CLASSES[i], CLASSES[j]): counts[i, j] for i, j in np.argwhere(counts)} == pairs
    for one in by_class(found):
        mine = [ok for ok, row in zip(right, rows, strict=True) if row["class"] == CLASSES[one.label]]
        assert (one.n, one.accuracy) == (len(mine), pytest.approx(sum(mine) / len(mine)))
    assert sum(band["n"] for band in by_scale(found)) == LIMIT
    error = 0.0
    for low in range(10):
        inside = [i for i, row in enumerate(rows) if min(int(float(row["confidence"]) * 10), 9) == low]
        if inside:
            sure = sum(float(rows[i]["confidence"]) for i in inside) / len(inside)
            error += len(inside) / LIMIT * abs(sure - sum(right[i] for i in inside) / len(inside))
    assert reliability(found)[1] == pytest.approx(error, abs=1e-5)


def test_the_kinds_share_the_pictures_out(found: Findings) -> None:
    count = {kind: int(chosen(found, kind).sum()) for kind in ("all", "right", "wrong", "sure", "rescued", "harmed")}
    pair = rescued_and_harmed(found)
    assert pair is not None and (pair.only_first, pair.only_second) == (count["rescued"], count["harmed"])
    assert count["right"] + count["wrong"] == count["all"] == LIMIT and count["sure"] <= count["wrong"]
    with pytest.raises(ValueError, match="kind: expected one of all, wrong"):
        chosen(found, "other")
    order = wrong_crops(found, 5)
    assert found.wrong_confidence_N is not None
    assert found.wrong_confidence_N[order].tolist() == sorted(found.wrong_confidence_N.tolist(), reverse=True)[:5]
    assert set(profiles(found)) == set(found.label_N.tolist())


@pytest.mark.parametrize(("first", "second", "p"), [("0000", "1111", 0.125), ("0101", "0101", 1.0), ("01", "10", 1.0)])
def test_the_sign_test_is_exact(first: str, second: str, p: float) -> None:
    pair = paired(*(np.array([c == "1" for c in text]) for text in (first, second)))
    assert pair.p == pytest.approx(p) and pair.both + pair.only_first + pair.only_second + pair.neither == pair.n


def test_gap_has_no_views_and_stands_beside_mfa(found: Findings, asked: EvaluationSpec, tmp_path: Path) -> None:
    from mvfa_core.evaluation import spec_for

    other = spec_for(shaken("compact_gap", tmp_path / "gap.safetensors"), "synthetic", limit=LIMIT)
    gap = evaluate(other, evaluation_of(other))
    assert gap is not None and gap.tally_NC is None and gap.views == 0 and rescued_and_harmed(gap) is None
    assert "auxiliary" not in csv_table(gap).splitlines()[0] and "rescued" not in summary(gap, other)
    pair = side_by_side(found, gap)
    assert pair.both + pair.only_first == found.right_N.sum() and pair.both + pair.only_second == gap.right_N.sum()
    fewer = spec_for(tmp_path / "gap.safetensors", "synthetic", limit=3)
    third = evaluate(fewer, evaluation_of(fewer))
    assert third is not None
    with pytest.raises(ValueError, match="the same pictures"):
        side_by_side(found, third)
