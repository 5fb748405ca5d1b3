"""What holds of runs that are named, moved, packed and told apart, on pages and on the command line."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.features.training.run_overlay import overlay, pdf
from app.features.training.runs_table import row, side_by_side
from mvfa_core.__main__ import main
from mvfa_core.cli.runs import find_run
from mvfa_core.folders import runs_root
from mvfa_core.training.archive import forget, remove, removed, rename, restore
from mvfa_core.training.follow import FollowedRun
from mvfa_core.training.recipes import Recipe
from mvfa_core.training.run_zip import export_zip, import_zip
from mvfa_core.training.runs import Run, RunError
from mvfa_core.training.work import extend
from tests.corpus.drawn import TEXT, WORDS, expect_sentence, few, rarely


@few
@given(WORDS, WORDS)
def test_runs_are_kept_in_order(tmp_path_factory: pytest.TempPathFactory, name: str, other: str) -> None:
    """Renamed, removed, brought back, put into a file and taken out of it: the same run, or a sentence."""
    here = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MVFA_RUNS", str(here))
        run = Run(runs_root() / "first")
        run.create(Recipe(k=3))
        run.append({"event": "validation", "step": 5, "accuracy": 0.5, "n": 4})
        try:
            run = rename(run, name)
        except RunError as error:
            expect_sentence(str(error))
        assert find_run(run.id).path == run.path
        buffer = io.BytesIO()
        export_zip(run, buffer)
        assert all(entry.startswith(run.id + "/") for entry in zipfile.ZipFile(buffer).namelist())
        (here / "a.zip").write_bytes(buffer.getvalue())
        try:
            taken = import_zip(here / "a.zip", other)
            assert taken.recipe() == run.recipe() and taken.path.parent == here
        except RunError as error:
            expect_sentence(str(error))
        gone = remove(run)
        assert [one.id for one in removed()] == [gone.id] and not run.path.exists()
        back = restore(gone.id)
        assert back.recipe() == Recipe(k=3) and removed() == []
        extended = {"steps": back.recipe().steps}
        with suppress(RunError):
            extend(back, 7)
            extended["steps"] += 7
        assert back.recipe().steps == extended["steps"]
        follow = FollowedRun(back)
        follow.catch_up()
        assert row(follow)["id"] == back.id and side_by_side([follow, follow])
        drawn_over = overlay([follow, follow], {back.id: ("#000000", "solid")})
        assert json.dumps(drawn_over.series, allow_nan=False)
        forget(back)
        assert not back.path.exists()


@rarely
@given(WORDS)
def test_races_on_paper(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    run = Run(tmp_path_factory.mktemp("race") / "a")
    run.create(Recipe(k=3, data=name if name.strip() and "\0" not in name else "x"))
    run.append({"event": "validation", "step": 5, "accuracy": 0.5, "n": 4})
    assert pdf([FollowedRun(run)], {run.id: ("#000000", "solid")}).startswith(b"%PDF")


@few
@given(st.sampled_from(["show", "compare", "export"]), WORDS | TEXT | st.just("a" * 5000))
@example("show", "a" * 5000)
@example("show", "\ud800")
def test_names_of_runs_on_the_command_line(capsys: pytest.CaptureFixture[str], command: str, name: str) -> None:
    """Whatever is typed: an answer, or one line and status 1 or 2."""
    expect_one_line(capsys, ["runs", command, name])


@few
@given(
    st.sampled_from(
        [
            ["data", "check"],
            ["data", "get"],
            ["eval"],
            ["figure", "--recipe"],
            ["evaluate", "--resume"],
            ["export"],
            ["reproduce"],
            ["estimate", "--data"],
            ["train", "--resume"],
            ["params"],
        ]
    ),
    WORDS | st.just("a" * 5000),
)
def test_paths_on_the_command_line(capsys: pytest.CaptureFixture[str], command: list[str], path: str) -> None:
    expect_one_line(capsys, [*command, path if path != "." else "x"])


def expect_one_line(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    if any(word.startswith("-") for word in words[-1:]) or words[-1].strip(" ./~\\") == "":
        return  # an option, or a folder that is there
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code
    told = capsys.readouterr().err.strip()
    assert status in (1, 2), (status, told)
    expect_sentence(told.rpartition("\n")[2], 30_000)
