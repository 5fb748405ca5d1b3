"""What holds of the paper's tables: their cells, the results file that anybody may have written, and the texts made of
both."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mvfa_core.cli import metrics_tables, output
from mvfa_core.cli.data import how_to_get
from mvfa_core.cli.data import markdown as catalogue_markdown
from mvfa_core.data.catalogue import CATALOGUE, SYNTHETIC, entry_of
from mvfa_core.experiments.cost import in_words, seconds_left
from mvfa_core.experiments.formats import as_csv, grid, latex, latex_table, markdown, markdown_table, text_of
from mvfa_core.experiments.plan import (
    EXPERIMENTS,
    Experiment,
    Settings,
    cell_of,
    cells,
    chosen_data,
    chosen_rows,
    digest_of,
    schedule_of,
)  # fmt: skip
from mvfa_core.experiments.report import curves, figures, paper_title, record, what_to_do
from mvfa_core.experiments.results import Results, ResultsError, TableRequest, note, read, results_file, with_published
from mvfa_core.experiments.rows import paper_recipe
from mvfa_core.experiments.standing import DONE, Standing, get_command, is_here, standing_of
from mvfa_core.experiments.tables import paper_name
from mvfa_core.experiments.work import to_train
from mvfa_core.metrics.sets import Row
from mvfa_core.training.recipes import Recipe
from tests.corpus.drawn import JSON, SETTINGS, WORDS, expect_sentence, few, fewer, refused

NAMES = st.sampled_from(sorted(EXPERIMENTS))


# --- cells ---


@few
@given(NAMES, SETTINGS, st.integers(1, 3))
def test_cells(name: str, settings: Settings, seeds: int) -> None:
    """Each has a run of its own, whose name a folder can bear; what trains the same has the same digest."""
    experiment: Experiment = EXPERIMENTS[name]
    found = cells(experiment, settings, data=experiment.data[:2], seeds=range(seeds))
    assert len({(cell.row, cell.data, cell.seed) for cell in found}) == len(found)
    by_digest: dict[str, set[str]] = {}
    for cell in found:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+", cell.run_id) and cell.digest == digest_of(cell.recipe)
        assert cell.recipe == cell_of(experiment.row(cell.row), cell.data, cell.seed, settings).recipe
        by_digest.setdefault(cell.run_id, set()).add(cell.digest)
        assert math.ceil(paper_recipe(cell.data).steps * settings.steps_scale) >= cell.recipe.steps >= 1
    assert all(len(digests) == 1 for digests in by_digest.values())
    expect_sentence(settings.label())
    expect_sentence(schedule_of(found[0].recipe))


@few
@given(st.dictionaries(st.sampled_from(list(Settings.__dataclass_fields__)), JSON, max_size=3))
@example({"train_n": "many"})
@example({"steps_scale": 10**400})
@example({"backbone": ["a"]})
@example({"backbone": "\x1b"})
def test_settings(values: dict[str, Any]) -> None:
    """Settings that a table can be made of, or a sentence."""
    try:
        settings = Settings(**values)
    except ValueError as error:
        expect_sentence(str(error))
        return
    expect_sentence(settings.label())
    assert hash(settings) == hash(Settings(**values))
    try:
        found = figures(EXPERIMENTS["table3"], settings, Results())
    except ValueError as error:
        expect_sentence(str(error))
        return
    assert markdown(EXPERIMENTS["table3"], found)


@few
@given(NAMES, st.lists(WORDS | st.sampled_from(["vgg16_mfa", "K=20", "GAP", "Core5k", "aid", SYNTHETIC]), max_size=2))
def test_names_of_rows_and_data(name: str, asked: list[str]) -> None:
    experiment = EXPERIMENTS[name]
    rows = {row.name.casefold() for row in experiment.rows}
    with refused(all(one.casefold() in rows for one in asked)):
        found = chosen_rows(experiment, asked)
        assert len(found) == len(set(found)) and all(experiment.row(one).name == one for one in found)
    known = {
        *experiment.data,
        SYNTHETIC,
        *(CATALOGUE[one].paper.casefold() for one in experiment.data if one in CATALOGUE),
    }
    with refused(all(one.casefold() in known for one in asked)):
        assert set(chosen_data(experiment, asked)) <= {*experiment.data, SYNTHETIC}


@few
@given(WORDS | st.sampled_from(sorted(CATALOGUE)))
def test_names_of_the_catalogue(name: str) -> None:
    with refused(name in CATALOGUE):
        assert entry_of(name) is CATALOGUE[name] and name in how_to_get(name, CATALOGUE[name])
        assert paper_title(name) == CATALOGUE[name].paper and name in catalogue_markdown()
        assert isinstance(is_here(name), bool) and name in get_command(name)
        assert all(paper_name(model).upper() == paper_name(model.lower()).upper() for model in CATALOGUE[name].accuracy)


# --- results ---


MEASUREMENT = st.fixed_dictionaries(
    {"state": st.just(DONE) | JSON, "seed": st.just(0) | JSON},
    optional={
        "step": JSON,
        "steps": JSON,
        "accuracy": st.floats(0, 1) | JSON,
        "best": JSON,
        "n": JSON,
        "message": JSON,
        "curve": st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), max_size=2) | JSON,
        "by_scale": st.lists(
            st.fixed_dictionaries(
                {"from": st.floats(0, 1), "to": st.floats(0, 1)},
                optional={"accuracy": st.floats(0, 1) | JSON, "n": JSON},
            ),
            max_size=2,
        )
        | JSON,
        "run": st.just("r") | JSON,
    },
)
REQUEST = st.fixed_dictionaries({
    "experiment": NAMES | JSON, "data": st.just([SYNTHETIC]) | JSON,
    "settings": st.dictionaries(st.sampled_from(list(Settings.__dataclass_fields__)), JSON, max_size=2) | JSON,
})  # fmt: skip
TABLE3 = cell_of(EXPERIMENTS["table3"].rows[0], "ucmerced", 0, Settings()).key


@few
@given(st.lists(REQUEST, max_size=2), MEASUREMENT, JSON | st.just(1))
@example([], {"state": DONE, "seed": 0, "accuracy": 0.5, "by_scale": [{"from": 0.1}]}, 1)
@example([], {"state": DONE, "seed": 0, "accuracy": 0.5, "by_scale": 3}, 1)
@example([], {"state": DONE, "seed": 0, "accuracy": 0.5, "curve": [[math.nan, 0.5]]}, 1)
@example([], {"state": DONE, "seed": math.nan, "accuracy": 0.5}, 1)
@example([], {"state": DONE, "seed": 0.5, "accuracy": 0.5}, 1)
@example([], {"state": DONE, "seed": 0, "accuracy": None}, 1)
@example([{"experiment": "table3", "settings": {"train_n": "x"}, "data": [SYNTHETIC]}], {"state": DONE, "seed": 0}, 1)
@example([{"experiment": "table3", "settings": {}, "data": [[]]}], {"state": DONE, "seed": 0}, 1)
@example([{"experiment": "table3", "settings": {"backbone": []}, "data": []}], {"state": DONE, "seed": 0}, 1)
def test_results_of_anybody(tmp_path: Path, requests: list[Any], measured: Any, version: Any) -> None:
    """What is read can be shown as a table in every format; what cannot is refused in a sentence."""
    file = tmp_path / "results.json"
    file.write_text(json.dumps({"version": version, "requests": requests, "measured": {TABLE3: measured}}))
    try:
        found = read(file)
    except ResultsError as error:
        expect_sentence(str(error))
        return
    whole = with_published(found)
    assert len(whole.requests) >= len(found.requests) and whole.measured.keys() >= found.measured.keys()
    for request in found.requests:
        assert request == TableRequest(request.experiment, request.settings, request.data) and hash(request)
        expect_sentence(request.settings.label())
        assert all(isinstance(name, str) for name in request.data)
    table = figures(EXPERIMENTS["table3"], Settings(), found, rows=["GAP"], data=["ucmerced"])
    (figure,) = table
    for band in figure.bands():
        assert band.ours >= 0 and band.n >= 0
    assert json.dumps(record(figure)) and isinstance(curves(table), list) and isinstance(what_to_do(figure), str)
    for write in (markdown, latex, as_csv):
        assert write(EXPERIMENTS["table3"], table)
    header, lines, _ = grid(table)
    assert len(header) == len(lines[0]) == 2 and lines[0][1].startswith(text_of(figure))


@fewer
@given(SETTINGS, st.floats(0, 1), st.integers(1, 50))
def test_results_come_back(tmp_path: Path, settings: Settings, accuracy: float, step: int) -> None:
    """What was noted is read again, and a finished figure is never replaced by an unfinished one."""
    file = results_file(tmp_path)
    cell = cell_of(EXPERIMENTS["table3"].rows[0], "ucmerced", 0, settings)
    request = TableRequest("table3", settings)
    done = note(file, request, [(cell, Standing(DONE, step, step, accuracy=accuracy))])
    assert read(file).requests[0] == request and read(file).measured[cell.key]["accuracy"] == accuracy
    later = note(file, request, [(cell, Standing("running", 0, step))])
    assert later.measured[cell.key]["state"] == DONE and len(later.requests) == len(done.requests)
    assert standing_of(cell, tmp_path).step == 0 and to_train([cell], tmp_path) in ([], [cell])
    assert seconds_left(cell, Standing(DONE, cell.recipe.steps, cell.recipe.steps)) == 0
    assert seconds_left(cell, Standing("partly", 0, 9, rate=2.0)) > 0


# --- texts ---


@few
@given(st.floats(0, 1e9))
def test_lengths_of_time(seconds: float) -> None:
    """A number and its unit, right to a twentieth."""
    amount, unit = re.fullmatch(r"([\d.,]+) (s|min|h|d)", in_words(seconds)).groups()
    size = {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]
    assert abs(float(amount.replace(",", "")) * size - seconds) <= max(0.5 * size * (unit == "s"), 0.051 * seconds)


CELLS = st.lists(st.lists(WORDS, min_size=2, max_size=2), max_size=3)


@few
@given(WORDS, st.lists(WORDS, min_size=2, max_size=2), CELLS, st.lists(WORDS, max_size=2))
@example("a", ["", "b"], [["|", "\n"]], ["\n"])
@example("$", ["{", "~"], [["^", "\\"]], ["\n\\end{document}"])
def test_tables_as_text(title: str, header: list[str], lines: list[list[str]], notes: list[str]) -> None:
    """Names stay in their cells: as many columns and lines as there are, whatever is in them."""
    text = markdown_table(title, header, lines, notes)
    rows = [line for line in text.split("\n") if line.startswith("|")]
    assert len(rows) == len(lines) + 2
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows), rows
    tex = latex_table(title, header, lines, notes)
    body = [line for line in tex.split("\n") if line and not line.startswith("%")]
    assert len(body) == len(lines) + 6 and body[0].startswith("\\begin") and body[-1].startswith("\\end")
    for line in body[2 : 3 + len(lines) + 1]:
        left = re.sub(
            r"\\(textbackslash|textasciitilde|textasciicircum)\{\}|\\[&%$#_{}]|\$(\\pm|-|\\times|\\Sigma)\$|\\\\$|\\hline",
            "",
            line,
        )
        assert left.count(" & ") <= 1 and not re.search(r"[\\$%#_{}~^]", left), line


@few
@given(st.lists(WORDS, min_size=2, max_size=2), CELLS, st.text(max_size=40))
def test_tables_of_a_terminal(
    capsys: pytest.CaptureFixture[str], header: list[str], lines: list[list[str]], text: str
) -> None:
    """As many lines as there are rows; what is printed moves no cursor."""
    assert len(output.table(header, lines).split("\n")) == len(lines) + 2
    capsys.readouterr()
    output.say(text)
    assert all(line.isprintable() for line in capsys.readouterr().out.rstrip("\n").split("\n"))
    output.print_json({text: text})
    assert json.loads(capsys.readouterr().out) == {text: text}


FIGURES = st.builds(
    Row, st.sampled_from(["CAM", "AdaCAM", "entropy"]), st.sampled_from(list(metrics_tables.FIGURES)),
    *[st.floats(0, 1)] * 3, st.integers(1, 9),
)  # fmt: skip


@few
@given(st.lists(FIGURES, min_size=1, max_size=6), WORDS, st.sampled_from([".md", ".csv", ".tex"]))
def test_tables_of_measurements(tmp_path: Path, rows: list[Row], title: str, kind: str) -> None:
    """Every figure stands in a table, and the file can be read back."""
    told = metrics_tables.tables(rows)
    shown = [cell for _, lines in told for line in lines for cell in line[1:] if cell]
    assert len(shown) == len({(row.method, row.figure) for row in rows})
    assert all(expect_sentence(one) is None for one in metrics_tables.notes(rows))
    metrics_tables.write(tmp_path / f"t{kind}", title, rows)
    if kind == ".csv":
        assert len(list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))) == len(rows)


@few
@given(st.sampled_from(["data", "backbone", "weights"]), WORDS)
def test_digests_of_recipes(name: str, value: str) -> None:
    """What decides a result changes the digest, where it is computed does not."""
    base = Recipe(k=3)
    assert digest_of(base) == digest_of(Recipe(k=3, device="cuda", film=0)) != digest_of(Recipe(k=4))
    assert digest_of(Recipe(k=3, pooling="gap")) == digest_of(Recipe(k=4, pooling="gap"))
    if name == "data" and value.strip() and "\0" not in value:
        assert (digest_of(Recipe(k=3, data=value)) == digest_of(base)) == (value == base.data)
