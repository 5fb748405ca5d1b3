"""What the server imports before the first visitor comes is all that any page needs of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOK = """
import sys
from streamlit.testing.v1 import AppTest
from app.server import asgi, warm_up  # asgi: main.py is read as a module first, and imports it

def ours():
    return {name for name in sys.modules if name.partition(".")[0] in ("app", "mvfa_core")}

warm_up.warm_up()
known = ours()
app = AppTest.from_file("app/main.py", default_timeout=240).run()
for page in PAGES:
    app.switch_page(f"../pages/{page}.py").run()
    assert not app.exception, (page, app.exception)
print(sorted(ours() - known))
"""


@pytest.mark.slow
def test_no_page_imports_a_module_of_ours_later_than_the_warm_up(repo_root: Path, tmp_path: Path) -> None:
    pages = sorted(path.stem for path in (repo_root / "pages").glob("*.py") if path.stem != "explore")
    code = LOOK.replace("PAGES", repr(pages))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repo_root, capture_output=True, text=True, timeout=500,
        env={**os.environ, "MVFA_RUNS": str(tmp_path / "runs"), "PYTHONPATH": str(repo_root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines()[-1] == "[]"
