"""The example of CONTRIBUTING.md, carried out: a page is its script, its folder, and one line of app/main.py."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_house import violations

VISIT = """
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app/main.py", default_timeout=240).run().switch_page("../pages/brightness.py").run()
assert not app.exception, app.exception
print(app.metric[0].label, app.metric[0].value)
"""


@pytest.mark.slow
def test_the_example_works_and_breaks_no_rule(repo_root: Path, tmp_path: Path) -> None:
    text = (repo_root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text[text.index("## Adding a page") : text.index("## Tests")]
    for folder in ("app", "pages", "mvfa_core", "assets", ".streamlit"):
        shutil.copytree(repo_root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    files = re.findall(r"\*\*([a-z_/]+\.py)\*\*:\n\n```python\n(.*?)```", section, re.S)
    assert len(files) == 3
    for name, source in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(source, encoding="utf-8")
    (line,) = re.findall(r"^st\.Page\(.*$", section, re.M)
    main = tmp_path / "app" / "main.py"
    before = main.read_text(encoding="utf-8")
    pages = list(re.finditer(r"^ *st\.Page\(.*\n", before, re.M))
    main.write_text(before[: pages[-1].end()] + f"            {line},\n" + before[pages[-1].end() :], encoding="utf-8")
    assert not violations(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", VISIT], cwd=tmp_path, capture_output=True, text=True, timeout=500,
        env={**os.environ, "MVFA_RUNS": str(tmp_path / "runs"), "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert re.fullmatch(r"Rank correlation of attention and brightness -?[01]\.\d\d", done.stdout.strip())
