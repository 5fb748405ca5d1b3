"""The results file and the tables made from it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mvfa_core.experiments.formats import FORMATS
from mvfa_core.experiments.plan import EXPERIMENTS, PAPER, Cell, Settings
from mvfa_core.experiments.report import figures
from mvfa_core.experiments.results import Results, ResultsError, TableRequest, note, read, results_file
from mvfa_core.experiments.standing import DIVERGED, DONE, MISSING, PARTLY, TO_DO, Standing
from tests.mvfa_core.experiments.samples import REQUEST, TINY, tiny_cells

TABLE3 = EXPERIMENTS["table3"]


def done(cell: Cell, accuracy: float) -> tuple[Cell, Standing]:
    steps = cell.recipe.steps
    return cell, Standing(DONE, steps, steps, 2.0, accuracy, accuracy, 420, ((3, 0.1), (steps, accuracy)))


def noted(file: Path) -> Results:
    """Two seeds of GAP, one of K=20, and one that diverged."""
    gap = tiny_cells("GAP", seeds=2)
    (k20,), (k60,) = tiny_cells("K=20"), tiny_cells("K=60")
    diverged = (k60, Standing(DIVERGED, 4, 6, message="the loss was not finite"))
    return note(file, REQUEST, [done(gap[0], 0.25), done(gap[1], 0.35), done(k20, 0.5), diverged])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return results_file(tmp_path / "runs")


def test_what_is_noted_is_read(file: Path) -> None:
    assert read(file) == Results()
    written = noted(file)
    assert read(file) == written
    assert written.requests == (REQUEST,)
    assert not list(file.parent.glob("*.part"))


def test_mean_spread_and_difference(file: Path) -> None:
    found = {one.row: one for one in figures(TABLE3, TINY, noted(file), data=["ucmerced"])}
    gap, k20 = found["GAP"], found["K=20"]
    assert gap.ours == pytest.approx(30.0) and gap.spread == pytest.approx(50**0.5) and gap.seeds == 2
    assert gap.difference == pytest.approx(30 - 90.95) and gap.over_gap is None
    assert k20.spread is None and k20.over_gap == pytest.approx(50.0 - 25.0), "seed 0 against the twin of seed 0"
    assert k20.paper_over_gap == pytest.approx(94.52 - 90.95)
    assert found["K=60"].state == DIVERGED and found["K=60"].ours is None
    assert found["K=30"].state == TO_DO
    assert gap.departures()[:2] == ("6 of 15,000 steps", "compact in place of vgg16")
    assert gap.runs[1].run == tiny_cells("GAP", seeds=2)[1].run_id


def test_other_settings_are_other_figures(file: Path) -> None:
    results = noted(file)
    for settings in (PAPER, replace(TINY, batch=4)):
        assert all(one.ours is None for one in figures(TABLE3, settings, results))


def test_tables_share_what_they_share(file: Path) -> None:
    """VGG16_GAP of Table 1 is the GAP row of Table 3, measured once."""
    note(file, TableRequest("table1", PAPER), [done(cell, 0.9) for cell in _paper_cells("table1", "VGG16_GAP")])
    (gap,) = figures(TABLE3, PAPER, read(file), rows=["GAP"], data=["ucmerced"])
    assert gap.ours == pytest.approx(90.0) and gap.departures() == ()


def _paper_cells(what: str, row: str) -> list[Cell]:
    from mvfa_core.experiments.plan import cells

    return cells(EXPERIMENTS[what], rows=[row], data=["ucmerced"])


def test_a_figure_once_measured_is_not_lost(file: Path) -> None:
    """The run folder may be cleared away, the number stays; what never finished is forgotten."""
    noted(file)
    gap, k60 = tiny_cells("GAP")[0], tiny_cells("K=60")[0]
    after = note(file, REQUEST, [(gap, Standing(TO_DO)), (k60, Standing(TO_DO))])
    assert after.measured[gap.key]["accuracy"] == 0.25 and k60.key not in after.measured


def test_requests_come_newest_first_and_once(file: Path) -> None:
    other = TableRequest("table3", PAPER, ("synthetic",))
    for request in (REQUEST, other, replace(REQUEST, data=("synthetic",))):
        note(file, request, [])
    assert read(file).requests == (replace(REQUEST, data=("ucmerced", "synthetic")), other)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "missing or wrong"),
        ('{"version": 7}', "expected version 1, got 7"),
        ('{"version": 1, "measured": {}, "requests": [{"experiment": "table9", "settings": {}}]}', "table9"),
        ('{"version": 1, "measured": {}, "requests": [{"experiment": "fig5", "settings": {"x": 1}, "data": []}]}', "x"),
        ('{"version": 1, "measured": {"a": 3}, "requests": []}', "missing or wrong"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(file: Path, text: str, why: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(ResultsError, match=re.escape(why)):
        read(file)
    with pytest.raises(ResultsError):
        note(file, REQUEST, [])
    assert file.read_text() == text


def _formatted(file: Path, name: str, what: str = "table3") -> str:
    experiment = EXPERIMENTS[what]
    return FORMATS[name](experiment, figures(experiment, TINY, noted(file), data=["ucmerced"]))


def test_markdown_parses(file: Path) -> None:
    text = _formatted(file, "markdown")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[part.strip() for part in line.strip("|").split("|")] for line in lines]
    assert {len(line) for line in cells} == {2} and len(cells) == 2 + 6
    assert cells[0] == ["", "UCMLU"] and cells[2][1] == "30.00 ± 7.07 (90.95, −60.95), n = 2 [a]"
    assert cells[3][1] == "50.00 (94.52, −44.52), n = 1 [a]" and cells[4][1] == "(95.33)"
    assert cells[-1][1] == "diverged (97.05)"
    assert "- [a] not the paper's settings: 6 of 15,000 steps; compact in place of vgg16; batches of 2" in text


def test_our_own_schedule_is_named_in_the_table(file: Path) -> None:
    ours = replace(TINY, recipe="quick")
    (cell,) = tiny_cells("GAP", recipe="quick")
    results = note(file, TableRequest("table3", ours), [done(cell, 0.5)])
    assert read(file).requests[0].settings == ours
    text = FORMATS["markdown"](TABLE3, figures(TABLE3, ours, results, data=["ucmerced"]))
    said = "our schedule, adamw, one-cycle to 0.004, weight decay 0.01, batches of 2, in place of adam, constant 0.0001"
    assert f"{said}, batches of 64" in text and "50.00 (90.95, −40.95), n = 1 [a]" in text
    assert all(one.ours is None for one in figures(TABLE3, TINY, results))


def test_csv_parses_with_full_precision(file: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(_formatted(file, "csv"))))
    assert [row["row"] for row in rows] == ["GAP", "K=20", "K=30", "K=40", "K=50", "K=60"]
    assert float(rows[0]["difference"]) == pytest.approx(30 - 90.95) and rows[2]["ours"] == ""
    assert rows[0]["runs"].split() == [cell.run_id for cell in tiny_cells("GAP", seeds=2)]


def test_latex_has_whole_rows(file: Path) -> None:
    text = _formatted(file, "latex")
    body = [line for line in text.splitlines() if line.endswith("\\\\")]
    assert len(body) == 7 and all(line.count("&") == 1 for line in body)
    assert text.count("\\begin{tabular}{lr}") == text.count("\\end{tabular}") == 1
    assert "30.00 $\\pm$ 7.07 (90.95, $-$60.95)" in text and "_" not in text.replace("\\_", "").split("tabular", 1)[1]


def test_ablation_shows_what_is_gained_over_the_twin(file: Path) -> None:
    gap, single = tiny_cells("GAP", "L_R=3", what="ablation")
    note(file, TableRequest("ablation", TINY), [done(gap, 0.4), done(single, 0.5)])
    text = FORMATS["markdown"](EXPERIMENTS["ablation"], figures(EXPERIMENTS["ablation"], TINY, read(file)))
    assert "50.00 (GAP +10.00)" in text and "GAP twin" in text


def test_figure_6_is_its_curves(file: Path) -> None:
    experiment = EXPERIMENTS["fig6"]
    note(file, TableRequest("fig6", TINY), [done(tiny_cells("VGG16_GAP", what="fig6")[0], 0.5)])
    text = FORMATS["csv"](experiment, figures(experiment, TINY, read(file)))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["step"], float(row["accuracy"])) for row in rows] == [("3", 10.0), ("6", 50.0)]


def test_missing_data_is_named_with_its_command(file: Path) -> None:
    (cell,) = tiny_cells("GAP")
    note(file, REQUEST, [(cell, Standing(MISSING, message="python -m mvfa_core data get ucmerced"))])
    text = FORMATS["markdown"](TABLE3, figures(TABLE3, TINY, read(file), data=["ucmerced"]))
    assert "| data missing (90.95) |" in text and "data missing: python -m mvfa_core data get ucmerced" in text


def test_a_seed_under_way_is_not_counted(file: Path) -> None:
    first, second = tiny_cells("GAP", seeds=2)
    note(file, REQUEST, [done(first, 0.5), (second, Standing(PARTLY, 3, 6, accuracy=0.9))])
    (gap,) = figures(TABLE3, TINY, read(file), rows=["GAP"], data=["ucmerced"])
    assert (gap.state, gap.seeds, gap.ours) == (PARTLY, 1, pytest.approx(50.0))


def test_the_file_is_plain_json(file: Path) -> None:
    noted(file)
    found = json.loads(file.read_text())
    assert Settings(**found["requests"][0]["settings"]) == TINY
