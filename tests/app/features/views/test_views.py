"""Views: the ledger, the maps and the tallies shown add up to the answer shown."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.base import formats
from app.features.views import views
from app.services import explanations, pictures
from mvfa_core import build_model, save_model
from mvfa_core.explain import Explanation

Shown = Callable[[str], dict[str, Any]]
PAGE = "../pages/views.py"
SIZES = (3, 5, 7, 9)
HARD = "scene-14"  # a small cross: the views are of several minds


def opened(app: AppTest, picture: str = HARD) -> AppTest:
    app.query_params["picture"] = picture
    app.run().switch_page(PAGE).run()
    assert not app.exception and not app.error
    return app


def panels(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {panel["id"]: panel for panel in data["panels"]}


def numbers(text: str) -> list[float]:
    """The signed numbers in a sentence."""
    return [float(n.replace("−", "-").replace(",", "")) for n in re.findall(r"[+−][\d,]+\.\d+", text)]


def explained(picture: str = HARD, k: int = 50) -> Explanation:
    return explanations.explanation("compact_mfa", pictures.specimen(picture), None, k, SIZES)


def test_opens_on_a_finished_example(app: AppTest, shown: Shown) -> None:
    opened(app, "scene-23")
    assert list(panels(shown("board_votes"))) == ["votes", "top-1", "top-10"]
    assert list(panels(shown("board_contributions"))) == ["mine", "other", "contrast"]
    assert len(app.dataframe[0].value) == 200


def test_the_ledger_sums_to_the_logit_shown(app: AppTest) -> None:
    opened(app)
    found, ledger = explained(), app.dataframe[0].value
    name = found.classes[found.target]
    sentence = next(one.value for one in app.markdown if "pushes for" in one.value)
    pushes, logit = numbers(sentence)
    assert pushes == logit == round(float(found.logits_C[found.target]), 2)
    assert ledger[f"Push for {name}"].sum() == pytest.approx(logit, abs=0.01)
    assert ledger["Rank"].tolist() == list(range(1, 201))
    assert ledger[f"Sure of {name}, %"].is_monotonic_decreasing
    best = found.top(1)[0]
    row = ledger.iloc[0]
    assert row["Cell (x, y)"] == f"({best.anchor[0]}, {best.anchor[1]})" and row["r"] == best.size
    assert [row[f"{side}, px"] for side in ("left", "top", "right", "bottom")] == pytest.approx(best.box_px)


def test_the_lead_in_the_ledger_is_over_the_class_asked_for(app: AppTest) -> None:
    opened(app).selectbox(key="against").set_value("heart").run()
    found = explained()
    name, heart = found.classes[found.target], found.classes.index("heart")
    lead = float(found.logits_C[found.target] - found.logits_C[heart])
    assert app.dataframe[0].value[f"{name} over heart"].sum() == pytest.approx(lead, abs=0.01)
    assert numbers(next(one.value for one in app.markdown if "over heart" in one.value))[-1] == pytest.approx(
        lead, abs=0.01
    )


def test_the_maps_shown_sum_to_the_logits(app: AppTest, shown: Shown) -> None:
    opened(app)
    found, board = explained(), panels(shown("board_contributions"))
    rival = views.against(found, None)
    mine, bias, logit, lead = numbers(next(one.value for one in app.markdown if "collects" in one.value))
    assert sum(board["mine"]["values"]) == pytest.approx(mine, abs=0.01)
    assert mine + bias == pytest.approx(logit, abs=0.011)
    assert logit == pytest.approx(float(found.logits_C[found.target]), abs=0.01)
    assert lead == pytest.approx(float(found.logits_C[found.target] - found.logits_C[rival]), abs=0.01)
    for a, b, difference in zip(*(board[i]["values"] for i in ("mine", "other", "contrast")), strict=True):
        assert a - b == pytest.approx(difference, abs=1e-4)


def test_the_vote_map_names_the_class_of_every_anchor(app: AppTest, shown: Shown) -> None:
    opened(app)
    found, panel = explained(), panels(shown("board_votes"))["votes"]
    for k, name in enumerate(panel["names"]):
        sums = [sum(float(found.logits_MC[4 * k + r, c]) for r in range(4)) for c in range(len(found.classes))]
        assert name == found.classes[sums.index(max(sums))]
    assert len(set(panel["names"])) > 1, "this picture should divide its views"
    together = {(letters, colour) for letters, colour in zip(panel["letters"], panel["colours"], strict=True)}
    assert len(together) == len({name for name in panel["names"]}) == len(panel["key"])
    assert all(name.startswith(letters) for name, letters in zip(panel["names"], panel["letters"], strict=True))


def test_the_tally_counts_every_view_once(app: AppTest, shown: Shown) -> None:
    opened(app)
    found, table = explained(), shown("bars_tally")
    counted = {row["name"]: int(row["value"]) for row in table["rows"]}
    for name, count in counted.items():
        c = found.classes.index(name)
        assert count == sum(int(g.argmax() == c) for g in found.logits_MC)
    assert sum(counted.values()) == int(table["total"]["value"]) == 200


def test_the_two_parts_of_the_entropy_add_up(app: AppTest, shown: Shown) -> None:
    opened(app)
    table = shown("bars_split")
    parts = [float(row["value"]) for row in table["rows"]]
    assert sum(parts) == pytest.approx(float(table["total"]["value"]), abs=0.0011)
    mean_C = explained().confidence_MC.astype(float).mean(axis=0)
    entropy = -sum(p * math.log2(p) for p in mean_C if p > 0)
    assert float(table["total"]["value"]) == pytest.approx(entropy, abs=0.001)


def test_profile_and_rules_follow_the_votes(app: AppTest, shown: Shown) -> None:
    opened(app)
    found = explained()
    profile = [row["amount"] for row in shown("bars_profile")["rows"]]
    for r, mean in enumerate(profile):
        assert mean == pytest.approx(float(found.confidence_MC[r::4, found.target].mean()), abs=1e-5)
    rules = {row["name"]: row for row in shown("bars_rules")["rows"]}
    assert rules["Sum of logits (Eq. 8)"]["amount"] == pytest.approx(float(found.ensemble_C.max()), abs=1e-5)
    mean_C = found.confidence_MC.mean(axis=0)
    assert rules["Mean of probabilities"]["cells"] == [found.classes[mean_C.argmax()]]
    assert rules["Mean of probabilities"]["amount"] == pytest.approx(float(mean_C.max()), abs=1e-5)
    most = max(int(row["value"]) for row in shown("bars_tally")["rows"])
    assert rules["Majority"]["amount"] == pytest.approx(most / 200)


def test_k_and_class_do_not_run_the_backbone(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    encode = explanations.encode
    monkeypatch.setattr(explanations, "encode", lambda *given: calls.append(given) or encode(*given))
    opened(app)
    app.slider(key="k").set_value(7).run()
    assert len(app.dataframe[0].value) == 28
    app.pills(key="sizes").set_value([1, 13]).run()
    app.selectbox(key="class").set_value("heart").run()
    app.selectbox(key="against").set_value("bolt").run()
    assert not app.exception and len(calls) == 1


def test_a_class_against_itself_is_held_against_the_best_other(app: AppTest, shown: Shown) -> None:
    opened(app).selectbox(key="class").set_value("heart").run()
    app.selectbox(key="against").set_value("heart").run()
    assert not app.exception
    title = panels(shown("board_contributions"))["contrast"]["title"]
    assert title.startswith("Why heart, not ") and not title.endswith("heart")


def test_a_deep_head_has_votes_but_no_contributions(app: AppTest, shown: Shown, tmp_path: Path) -> None:
    names = ["**a**", "![b](http://b)", "c"]
    save_model(
        build_model(
            "compact", num_classes=3, k=9, sizes=(3,), head="mlp", head_options={"hidden": (8,)}, classes=names
        ),
        tmp_path / "mine.safetensors",
        {},
    )
    upload = ("mine.safetensors", (tmp_path / "mine.safetensors").read_bytes(), "application/octet-stream")
    opened(app).file_uploader(key="own_model_file").set_value(upload).run()
    assert not app.exception and not app.error
    board = panels(shown("board_contributions"))
    assert list(board) == ["contrast"] and "hidden layer" in board["contrast"]["message"]
    assert len(app.dataframe[0].value) == 200  # K and L_R are the visitor's, not the model's
    assert not any("![" in one.value for one in (*app.markdown, *app.caption))


def test_initials_tell_names_apart() -> None:
    assert formats.initials(["star", "cross", "crescent"]) == {"star": "s", "cross": "cro", "crescent": "cre"}
    assert formats.initials(["class 1", "class 2"]) == {"class 1": "cla", "class 2": "cla"}


def test_gap_offers_the_model_that_has_views(app: AppTest, shown: Shown) -> None:
    opened(app).selectbox(key="model").set_value("compact_gap").run()
    assert not app.exception and any("no views" in one.value for one in app.markdown)
    app.button[0].click().run()
    assert len(panels(shown("board_votes"))) == 3
