"""Results: nothing yet, an unreadable file, and figures that say how they came about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.features.results import results as results_page_parts
from mvfa_core.experiments import results as results_module
from mvfa_core.experiments.plan import EXPERIMENTS, PAPER, Settings, cells
from mvfa_core.experiments.results import TableRequest, note, results_file
from mvfa_core.experiments.standing import DIVERGED, DONE, MISSING, Standing
from mvfa_core.training.runs import Run

OpenPage = Callable[[], AppTest]
FEW = Settings(steps_scale=0.01, backbone="compact")


@pytest.fixture
def results_page(app: AppTest) -> OpenPage:
    return lambda: app.run().switch_page("../pages/results.py").run()


@pytest.fixture(autouse=True)
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in place of the one that comes with the project; it is not there until a test writes it."""
    monkeypatch.setattr(results_module, "PUBLISHED", tmp_path / "published" / "results.json")
    return results_module.PUBLISHED


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return results_file(tmp_path / "runs")


def noted(file: Path, settings: Settings = FEW, accuracies: tuple[float, ...] = (0.25, 0.35)) -> list[str]:
    """A GAP row with a seed for each accuracy, of which the last still has its folder, and two that have no number."""
    experiment = EXPERIMENTS["table3"]
    gap = cells(experiment, settings, rows=["GAP"], data=["ucmerced"], seeds=range(len(accuracies)))
    k20, k30 = cells(experiment, settings, rows=["K=20", "K=30"], data=["ucmerced"])
    standings = [
        (cell, Standing(DONE, cell.recipe.steps, cell.recipe.steps, accuracy=accuracy))
        for cell, accuracy in zip(gap, accuracies, strict=True)
    ]
    standings += [(k20, Standing(DIVERGED, 3, 150, message="![x](http://x)"))]
    standings += [(k30, Standing(MISSING, message="python -m mvfa_core data get ucmerced"))]
    note(file, TableRequest("table3", settings, ("ucmerced",)), standings)
    Run(file.parent / gap[-1].run_id).create(gap[-1].recipe)
    return [cell.run_id for cell in gap]


def test_without_results_it_says_how_to_begin(results_page: OpenPage) -> None:
    page = results_page()
    assert not page.exception
    assert any("Nothing reproduced yet" in element.value for element in page.markdown)
    assert page.code[0].value.startswith("python -m mvfa_core reproduce table3 ")


def test_the_command_it_offers_is_one(capsys: pytest.CaptureFixture[str], tmp_path: Path, app: AppTest) -> None:
    from mvfa_core.__main__ import parser

    args = parser().parse_args(results_page_parts.EMPTY_COMMAND.split()[3:])
    settings = Settings(args.steps_scale, args.backbone, args.batch, args.val_every, args.data_n)
    found = cells(EXPERIMENTS[args.what], settings, rows=args.rows, data=args.datasets)
    assert [cell.recipe.steps for cell in found] == [200, 200]


def test_a_spoilt_file_is_said(results_page: OpenPage, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("{")
    page = results_page()
    assert not page.exception
    assert "cannot be read" in page.error[0].value.replace("\\", "")


def test_a_table_with_its_cells_and_runs(results_page: OpenPage, file: Path) -> None:
    first, second = noted(file)
    page = results_page()
    assert not page.exception
    table, each, runs = (element.value for element in page.dataframe)
    assert list(table.columns) == ["Row", "UCMLU"]
    assert table["UCMLU"][0] == "30.00 ± 7.07 (90.95, −60.95), n = 2 [a]"
    assert table["UCMLU"][1] == "diverged (94.52)"
    gap = each.iloc[0]
    assert (gap["Ours, %"], gap["Paper, %"], gap["Seeds"]) == (pytest.approx(30), 90.95, 2)
    assert (gap["Steps"], gap["Backbone"]) == ("150 of 15,000", "compact in place of vgg16")
    assert gap["Difference"] == pytest.approx(30 - 90.95)
    assert list(each["Row"]) == ["GAP", "K=20", "K=30"]
    assert runs["Run"].isna()[0] and runs["Run"][1] == f"train?run={second}" and first != second
    captions = " ".join(element.value for element in page.caption).replace("\\", "")
    assert "not the paper's settings: 150 of 15,000 steps; compact in place of vgg16" in captions
    assert "data missing: python -m mvfa_core data get ucmerced" in captions


def test_the_link_opens_the_run(app: AppTest, file: Path) -> None:
    *_, run = noted(file)
    page = app.run().switch_page("../pages/train.py")
    page.query_params["run"] = run
    page.run()
    assert not page.exception and page.selectbox(key="run").value == run


def test_settings_are_told_apart(results_page: OpenPage, file: Path) -> None:
    noted(file, PAPER, (0.9,))
    noted(file)
    noted(file, replace(FEW, batch=32), (0.5,))
    page = results_page()
    box = page.selectbox(key="settings")
    assert box.value == "1 % of training, backbone compact, batches of 32"
    box.select("the paper's settings").run()
    assert not page.exception
    assert page.dataframe[0].value["UCMLU"][0] == "90.00 (90.95, −0.95), n = 1"


def test_an_address_names_the_table(app: AppTest, file: Path) -> None:
    noted(file)
    note(file, TableRequest("fig7", FEW), [])
    page = app.run().switch_page("../pages/results.py")
    page.query_params["experiment"] = "fig7"
    page.run()
    assert not page.exception and page.selectbox(key="experiment").value == "fig7"
    assert "None of its cells" in page.info[0].value


BANDS = ({"from": 0.14, "to": 0.3175, "accuracy": 0.25, "n": 8}, {"from": 0.3175, "to": 0.495, "accuracy": 1, "n": 2})


def test_what_came_with_the_project_stands_beside_what_was_measured_here(
    results_page: OpenPage, file: Path, published: Path
) -> None:
    noted(published, FEW, (0.25, 0.35))
    noted(file, FEW, (0.9,))
    page = results_page()
    assert not page.exception
    # seed 0 was measured here too, and that counts; seed 1 was not
    assert page.dataframe[0].value["UCMLU"][0].startswith("62.50 ± 38.89")


def test_accuracy_by_object_scale(results_page: OpenPage, published: Path) -> None:
    experiment = EXPERIMENTS["anchors"]
    pair = cells(experiment, FEW, rows=["K=50"], seeds=range(2))
    steps = pair[0].recipe.steps
    smaller = tuple({**band, "accuracy": band["accuracy"] / 2} for band in BANDS)
    told = [(cell, Standing(DONE, steps, steps, accuracy=0.4, by_scale=bands))
            for cell, bands in zip(pair, (BANDS, smaller), strict=True)]  # fmt: skip
    note(published, TableRequest("anchors", FEW), told)
    page = results_page()
    assert not page.exception
    table = page.dataframe[2].value
    assert list(table.columns) == ["Row", "0.14 to 0.32 (n = 8)", "0.32 to 0.49 (n = 2)"]
    assert table.iloc[0].tolist() == ["K=50", pytest.approx(18.75), pytest.approx(75.0)]
    assert any("scatter by up to 35.4 points" in element.value for element in page.caption)
