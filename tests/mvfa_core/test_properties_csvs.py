"""What holds of every CSV, from Python and from the browser: what was written is read again, no text is a formula to a
spreadsheet, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.features.training.curve_charts import table as curves_table
from app.ui.components import __file__ as components
from mvfa_core.csv_files import FORMULA, MOST_COLUMNS, defused, records, table
from tests.corpus.drawn import WORDS, few

ROOT = Path(__file__).resolve().parents[2]
EXPORT = Path(components).parent / "export.js"
FORMULAS = ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", '=HYPERLINK("http://x","a")')
NUMBERS = ("-1.5", "+3", "-1e-05", "-0.25%", "-12.", "+1.25e+300")
CELLS = st.one_of(WORDS, st.sampled_from([*FORMULAS, *NUMBERS]), st.integers(), st.floats(allow_nan=False), st.none())


def is_formula(text: str) -> bool:
    """As a spreadsheet would, told without the pattern of the writer."""
    try:
        float(text.removesuffix("%"))
    except ValueError:
        return text.startswith(FORMULA)
    return False


@few
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4), WORDS | st.sampled_from(FORMULAS))
@example([[one, 1] for one in FORMULAS], "of model a,=1+1\n@b")
def test_what_is_written(rows: list[list[Any]], note: str) -> None:
    """Every cell comes back, with an apostrophe where it would have been a formula."""
    found = list(csv.reader(io.StringIO(table(["=a", "b"], rows, note), newline="")))
    if note.strip():
        assert found.pop(0) == [f"# {' '.join(note.split())}"]
    elif note:
        found.pop(0)
    assert found[0] == ["'=a", "b"]
    for cells, row in zip(found[1:], rows, strict=True):
        for text, value in zip(cells, row, strict=True):
            assert not is_formula(text)
            told = "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")
            assert text in (told, f"'{told}")
            assert not isinstance(value, int | float) or float(text) == value
    assert all(defused(one) == one for one in NUMBERS) and all(
        defused(one) == "'" + one.replace("\r", "\n") for one in FORMULAS
    )


@few
@given(st.lists(st.dictionaries(WORDS, CELLS, max_size=4), max_size=4))
def test_mappings(rows: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    found = list(csv.reader(io.StringIO(records(columns, rows), newline="")))
    assert all(len(row) == len(columns) for row in found)
    assert not any(is_formula(text) for row in found for text in row)


def test_a_run_of_a_stranger_may_have_any_number_of_columns() -> None:
    """Each of 2,000 steps with a name of its own made a table of four million cells."""
    events = [{"event": "step", "step": i, f"=x{i}": 1} for i in range(2_000)]
    text = curves_table(events)
    assert len(text) < 2_000 * (MOST_COLUMNS + 20) and not any(map(is_formula, text.splitlines()[0].split(",")))


def test_nothing_else_writes_csv() -> None:
    """Python's writer is called in one module, and the browser's files of that kind are made in one."""
    for file in (*ROOT.glob("mvfa_core/**/*.py"), *ROOT.glob("app/**/*.py"), *ROOT.glob("pages/*.py")):
        if file.name != "csv_files.py":
            assert not re.search(r"csv\.(Dict)?[Ww]riter", file.read_text(encoding="utf-8")), file.name
        if file.name != "tables.py":
            assert "st.dataframe(" not in file.read_text(encoding="utf-8"), file.name
    for file in EXPORT.parent.glob("*.js"):
        assert file == EXPORT or "text/csv" not in file.read_text(encoding="utf-8"), file.name


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_browser_writes_the_same(tmp_path: Path) -> None:
    rows = [[one, 'plain, "quoted"', 1, -2.5] for one in (*FORMULAS, *NUMBERS, "\u22121.5", "a\rb", "")]
    script = tmp_path / "run.mjs"
    script.write_text(
        f"import {{ csvOf }} from {json.dumps(EXPORT.as_uri())};\n"
        f"process.stdout.write(csvOf({json.dumps(rows)}, 'of model a,=1+1'));"
    )
    done = subprocess.run(["node", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found = list(csv.reader(io.StringIO(done.stdout.decode(), newline="")))
    assert found.pop(0) == ["# of model a,=1+1"]
    assert not any(is_formula(text) for row in found for text in row)
    bare = {"\u22121.5": "-1.5", "+3": "3", "+1.25e+300": "1.25e300"}
    wanted = [[str(defused(bare.get(one, one))) for one in map(str, row)] for row in rows]
    assert [[text.replace("1.25e+300", "1.25e300") for text in row] for row in found] == wanted
